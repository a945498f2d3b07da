import { createRequire } from "node:module";
import { type NextRequest as Incoming, NextRequest, NextResponse } from "next/server.js";
import { answer } from "../src/conversation.js";
import { type Cost, type Effort, measureAsync } from "../src/measure.js";
import { officialRoute, officialServer } from "../src/official.js";
import { createPayments, readOffer, readOfferOf } from "../src/payment.js";
import { BODY, DESCRIPTION, MIME_TYPE, oursOf, PRICE } from "../src/shop.js";

/** A route handler as Next calls it. */
type Handler = (request: Incoming) => Promise<Response>;

const URL = "http://127.0.0.1/weather";
const bare: Handler = async () => NextResponse.json(BODY);

async function makeHandlers(): Promise<Record<string, Handler>> {
  const { paid } = await import("@turnpike/next");
  // Their ESM files import "next/server", which only a bundler finds.
  const { withX402 } = createRequire(import.meta.url)("@x402/next") as typeof import("@x402/next");
  const { routes: _, ...config } = oursOf(0, undefined);
  const price = { price: PRICE, description: DESCRIPTION, mimeType: MIME_TYPE } as const;
  const ours = paid(config, price, bare);
  const official = withX402(bare as never, officialRoute as never, officialServer(undefined) as never);
  const context = { params: Promise.resolve({}) };
  return { bare, ours: (request) => ours(request, context), official: official as Handler };
}

/** A paid and an unpaid request to a route handler, called as Next would call it, its answer read to the end. */
async function measureHandlers(effort: Effort): Promise<Record<string, Record<string, Cost>>> {
  const costs: Record<string, Record<string, Cost>> = { unpaid: {}, paid: {} };
  for (const [side, handler] of Object.entries(await makeHandlers())) {
    const ask = async (status: number, payment?: string) => {
      const headers: Record<string, string> = payment === undefined ? {} : { "payment-signature": payment };
      const response = await handler(new NextRequest(URL, { headers }));
      await response.text();
      if (response.status !== status) throw new Error(`A handler (${side}) answered ${response.status}, not ${status}`);
      return response;
    };
    const free = side === "bare";
    const next = free ? () => undefined : createPayments(readOffer(readOfferOf((await ask(402)).headers)));
    if (!free) await ask(200, next());
    const nobody = (count: number) => Array.from({ length: count });
    const payers = (count: number) => Array.from({ length: count }, next);
    Object.assign(costs.unpaid ?? {}, { [side]: await measureAsync(nobody, () => ask(free ? 200 : 402), effort) });
    Object.assign(costs.paid ?? {}, { [side]: await measureAsync(payers, (payment) => ask(200, payment), effort) });
  }
  return costs;
}

answer({ handlers: measureHandlers });
