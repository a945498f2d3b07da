import type { Payment, PricedRoute, Reply } from "@turnpike/core/adapter";
import { fetchRequest, holdResponse, sendReply, toResponse } from "@turnpike/core/fetch";
import type { Context, Next } from "hono";
import { matchedRoutes } from "hono/route";
import { addressOf } from "./address.js";
import { aroundOf, departureOf, upgradesOf } from "./departure.js";
import { patternAt } from "./pattern.js";
import { readBody } from "./read-body.js";

declare module "hono" {
  interface ContextVariableMap {
    /** The payment of this request, on routes that have a price; absent where nothing had to be paid. */
    payment?: Payment;
  }
}

/** Options that Hono cannot determine. */
export interface HonoOptions {
  /**
   * The client's address from a source that you trust, for example a header set by your proxy.
   * @default the runtime's: of the connection on Node, Bun and Deno, of the platform on Workers, Lambda, Vercel and
   * Netlify
   */
  readonly address?: (c: Context) => string | undefined;
}

/** Lets a request through to the rest of the app once it is paid for. */
export async function admit(c: Context, next: Next, route: PricedRoute<Context>, options: HonoOptions): Promise<void> {
  // As price functions see it: the parameters of the route that will respond, not of this middleware.
  const index = c.req.routeIndex;
  const place = matchedRoutes(c)[index]?.path ?? "/*";
  c.req.routeIndex = matchedRoutes(c).length - 1;
  const facts = {
    params: () => c.req.param() as Record<string, string>,
    pattern: (own?: string) => patternAt(place, own),
    address: () => (options.address ? options.address(c) : addressOf(c)),
    current: () => c.req.raw,
    body: (limit: number) => readBody(c, limit),
    upgrades: upgradesOf(c),
  };
  const request = fetchRequest(c.req.raw, c, facts);
  const decision = await route.admit(request);
  c.req.routeIndex = index;

  // What the app has set on every response so far, a CORS middleware for example.
  const outer = c.newResponse(null, 200).headers;
  const send = (response: Response) => {
    // Setting `res` would merge the headers of the response that is being replaced into this one.
    c.res = undefined;
    c.res = response;
  };
  if (decision.type === "reply") {
    return send(
      sendReply(decision.reply, { ...departureOf(c), method: c.req.method, signal: c.req.raw.signal, outer }),
    );
  }
  const payment = decision.type === "admit" ? decision.ticket.payment : decision.payment;
  if (payment !== undefined) c.set("payment", payment);
  if (decision.type === "pass") return next();

  const run = async () => {
    await next();
    return c.finalized ? c.res : undefined;
  };
  const around = aroundOf(c, decision.ticket, request.detached === "settle");
  let owed: Headers | undefined;
  try {
    const response = await holdResponse(run, decision.ticket, {
      ...departureOf(c),
      ...around,
      method: c.req.method,
      signal: c.req.raw.signal,
      failure: () => c.error ?? around.failure?.(),
      reply: (reply) => toResponse(reply, c.req.method, outer),
      recover: (_, headers) => {
        owed = headers;
        return undefined;
      },
    });
    send(response);
  } catch (error) {
    // Hono adds these headers to what the app's `onError` returns.
    for (const [name, value] of owed ?? []) outer.set(name, value);
    send(new Response(null, { headers: outer }));
    throw error;
  }
}

/** Responds in place of everything behind the gate, with what the app has set on every response so far. */
export function refuse(c: Context, reply: Reply): void {
  const outer = c.newResponse(null, 200).headers;
  c.res = undefined;
  c.res = toResponse(reply, c.req.method, outer);
}
