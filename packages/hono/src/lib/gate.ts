import { optionsReply, type Payment, type PricedRoute } from "@turnpike/core/adapter";
import { fetchRequest, holdResponse, toResponse } from "@turnpike/core/fetch";
import type { Context, Next } from "hono";
import { matchedRoutes } from "hono/route";
import { findTargetHandler, isMiddleware } from "hono/utils/handler";
import { aroundOf, departureOf, upgradesOf } from "./departure.js";
import { readBody } from "./read-body.js";

declare module "hono" {
  interface ContextVariableMap {
    /** The payment of this request, on routes that have a price; absent where nothing had to be paid. */
    payment?: Payment;
  }
}

/** What Hono cannot know. */
export interface HonoOptions {
  /** The client's address, from whatever the seller trusts. @default unknown */
  readonly address?: (c: Context) => string | undefined;
}

/** Lets a request through to the rest of the app once it is paid for. */
export async function admit(c: Context, next: Next, route: PricedRoute<Context>, options: HonoOptions): Promise<void> {
  // As price functions see it: the parameters of the route that will answer, not of this middleware.
  const index = c.req.routeIndex;
  c.req.routeIndex = matchedRoutes(c).length - 1;
  const facts = {
    params: () => c.req.param() as Record<string, string>,
    address: () => options.address?.(c),
    body: (limit: number) => readBody(c, limit),
    upgrades: upgradesOf(c),
  };
  const request = fetchRequest(c.req.raw, c, facts);
  const decision = await route.admit(request);
  c.req.routeIndex = index;

  // What the app has set on every answer so far, a CORS middleware for example.
  const outer = c.newResponse(null, 200).headers;
  const send = (response: Response) => {
    // Setting `res` would merge the headers of the answer that is being replaced into this one.
    c.res = undefined;
    c.res = response;
  };
  if (decision.type === "reply") return send(toResponse(decision.reply, c.req.method, outer));
  const payment = decision.type === "admit" ? decision.ticket.payment : decision.payment;
  if (payment !== undefined) c.set("payment", payment);
  if (decision.type === "pass") return next();

  const run = async () => {
    await next();
    return c.finalized ? c.res : undefined;
  };
  let owed: Headers | undefined;
  try {
    const response = await holdResponse(run, decision.ticket, {
      ...departureOf(c),
      ...aroundOf(c, decision.ticket, request.detached === "settle"),
      method: c.req.method,
      signal: c.req.raw.signal,
      failure: () => c.error,
      reply: (reply) => toResponse(reply, c.req.method, outer),
      recover: (_, headers) => {
        owed = headers;
        return undefined;
      },
    });
    send(response);
  } catch (error) {
    // Hono adds these headers to what the app's `onError` answers.
    for (const [name, value] of owed ?? []) outer.set(name, value);
    send(new Response(null, { headers: outer }));
    throw error;
  }
}

/**
 * Lets `OPTIONS` through, which is free, but never into a handler that serves every verb: that one would do its work
 * unpaid.
 */
export async function passOptions(c: Context, next: Next): Promise<void> {
  const rest = matchedRoutes(c).slice(c.req.routeIndex + 1);
  const answering = rest.find(({ method, handler }) => method === "OPTIONS" || isHandler(handler));
  if (answering?.method === "OPTIONS") return next();
  if (!answering) {
    await next();
    // What takes a second argument may answer all the same, as a mounted app does. A preflight's answer has no body.
    const { status, body } = c.res;
    if (status >= 400 || (status < 300 && body === null)) return;
    c.res = undefined;
  }
  c.res = toResponse(optionsReply(), c.req.method);
}

/** Hono's own rule: what takes a second argument is middleware. Sub-apps with an error handler of their own wrap theirs. */
export function isHandler(handler: Parameters<typeof findTargetHandler>[0]): boolean {
  return !isMiddleware(findTargetHandler(handler));
}
