import { x402HTTPResourceServer } from "@x402/core/server";
import { answer } from "../src/conversation.js";
import { type Cost, type Effort, measureAsync } from "../src/measure.js";
import { officialClient, officialRoutes, officialServer } from "../src/official.js";
import { createPayments, readOffer, readOfferOf } from "../src/payment.js";
import { BODY, pathOf } from "../src/shop.js";

const server = new x402HTTPResourceServer(officialServer(undefined), officialRoutes(1));
await server.initialize();

const path = pathOf(0);

/** What an adapter of theirs hands to their engine. */
function context(payment?: string) {
  const headers: Record<string, string | undefined> = { "payment-signature": payment, accept: "*/*" };
  const adapter = {
    getHeader: (name: string) => headers[name.toLowerCase()],
    getMethod: () => "GET",
    getPath: () => path,
    getUrl: () => `https://api.example.com${path}`,
    getAcceptHeader: () => "*/*",
    getUserAgent: () => "",
  };
  return {
    adapter,
    path,
    decodedPath: path,
    method: "GET",
    ...(payment === undefined ? {} : { paymentHeader: payment }),
  };
}

async function ask() {
  const unpaid = context();
  if (!server.requiresPayment(unpaid)) throw new Error("The route is not priced");
  const result = await server.processHTTPRequest(unpaid);
  if (result.type !== "payment-error") throw new Error(`An unpaid request ended as ${result.type}`);
  return result.response;
}

const responseBody = Buffer.from(JSON.stringify(BODY));

async function pay(payment: string): Promise<void> {
  const paid = context(payment);
  if (!server.requiresPayment(paid)) throw new Error("The route is not priced");
  const result = await server.processHTTPRequest(paid);
  if (result.type !== "payment-verified") throw new Error(`A payment ended as ${result.type}`);
  const { paymentPayload, paymentRequirements, declaredExtensions } = result;
  const transport = { request: paid, responseBody, responseHeaders: { "content-type": "application/json" } };
  const settled = await server.processSettlement(paymentPayload, paymentRequirements, declaredExtensions, transport);
  if (!settled.success) throw new Error(`A payment was not settled: ${settled.errorReason}`);
}

const offer = readOffer(readOfferOf(Object.entries((await ask()).headers)));
const next = createPayments(offer);
const payments = (count: number) => Array.from({ length: count }, next);

async function measureEngine(effort: Effort): Promise<Record<string, Cost>> {
  return {
    unpaid: await measureAsync((count) => Array.from({ length: count }), ask, effort),
    paid: await measureAsync(payments, pay, effort),
  };
}

/** One call of the facilitator client, over HTTP. */
async function measureCall({ effort, url }: { effort: Effort; url: string }): Promise<Cost> {
  const client = officialClient(url);
  type Payment = Parameters<typeof client.verify>[0];
  const bodies = (count: number) =>
    payments(count).map((payment) => JSON.parse(Buffer.from(payment, "base64").toString()) as Payment);
  return measureAsync(bodies, (body) => client.verify(body, body.accepted), effort);
}

answer({ engine: measureEngine, call: measureCall });
