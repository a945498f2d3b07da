import {
  type PaywallConfig as CoreConfig,
  type RouteTable as CoreTable,
  type CreatePaywall,
  createPaywall as create,
} from "@turnpike/core";
import { type Awaitable, optionsReply, type PaywallSource, priceRoute, type RoutePrice } from "@turnpike/core/adapter";
import { toResponse } from "@turnpike/core/fetch";
import type { NextRequest } from "next/server.js";
import { checkExports, sellHandler, stateHandler } from "./lib/check.js";
import { admit, type NextOptions, type Paid, type RouteHandler } from "./lib/gate.js";
import { compileVerbs } from "./lib/verbs.js";

export * from "@turnpike/core";
export type { NextOptions, Paid, RouteHandler } from "./lib/gate.js";
export { paidProxy } from "./lib/proxy.js";

/** The configuration of an engine; the keys of its table are methods, since the route file is the path. */
export type PaywallConfig<Raw = NextRequest, Own extends string = never> = CoreConfig<Raw, Own, "methods">;

/** Prices by method: `{ GET: "$0.01", POST: "free" }`. */
export type RouteTable<Raw = NextRequest, Own extends string = never> = CoreTable<Raw, Own, "methods">;

/**
 * Makes the engine of an app. Nothing is contacted before the first priced request.
 * @throws ConfigError that lists everything that is wrong with the configuration
 */
export const createPaywall: CreatePaywall<NextRequest, "methods"> = create as CreatePaywall<NextRequest, "methods">;

/**
 * Prices one route handler: `export const GET = paid(tolls, "$0.01", handler)`. The handler's context gains `payment`.
 * @param source a configuration, or an engine from `createPaywall`
 * @throws ConfigError that lists everything that is wrong with the configuration or the price
 */
export function paid<Req extends Request = NextRequest, Context = RouteContext, Own extends string = never>(
  source: PaywallSource<NextRequest, Own, "methods">,
  price: RoutePrice<NextRequest, NoInfer<Own>>,
  handler: RouteHandler<Req, Context & Paid>,
  options: NextOptions = {},
): (request: Req, context: Context) => Promise<Response> {
  const gate = { route: priceRoute<NextRequest>(source, price), source };
  sellHandler(handler);
  return stateHandler((request: Req, context: Context) => admit(gate, request, context, handler, options));
}

/** The context that Next passes to a route handler; handlers can use a more specific type. */
export interface RouteContext {
  readonly params: Promise<Readonly<Record<string, string | string[] | undefined>>>;
}

interface AnyContext extends Paid, RouteContext {}

/** A method's type, so that handlers may ask for the request and context of their own route. */
type AnyHandler = { handle(request: NextRequest, context: AnyContext): Awaitable<Response> }["handle"];

/** The handlers of a route file, by the methods that Next knows. */
type Handlers = {
  readonly [Verb in "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS"]?: AnyHandler;
};

/** The same handlers, as Next calls them. */
type Wrapped<H extends Handlers> = {
  readonly [Verb in keyof H]: H[Verb] extends (request: infer Req, context: infer Context) => unknown
    ? (request: Req, context: Context) => Awaitable<Response>
    : never;
};

/** `OPTIONS` is free, and never runs a handler that is priced for another method. */
const preflight = (): Response => toResponse(optionsReply(), "OPTIONS");

function price<const H extends Handlers, Own extends string = never>(
  source: PaywallSource<NextRequest, Own, "methods">,
  handlers: H,
  routes?: RouteTable<NextRequest, NoInfer<Own>>,
  options: NextOptions = {},
): Wrapped<H> {
  const priceOf = compileVerbs(source, routes, Object.keys(handlers));
  const entries = Object.entries(handlers);
  const wrapped = entries.map(([verb, handler]) => {
    const route = priceOf(verb);
    if (route === undefined) {
      const serves =
        verb === "OPTIONS" && entries.some(([other, one]) => one === handler && priceOf(other) !== undefined);
      return [verb, stateHandler(serves ? preflight : handler, [verb])];
    }
    sellHandler(handler);
    const gate = { route, source };
    const guarded = (request: NextRequest, context: AnyContext) => admit(gate, request, context, handler, options);
    return [verb, stateHandler(guarded)];
  });
  return Object.fromEntries(wrapped) as Wrapped<H>;
}

/**
 * Prices the methods of a route file, by a table whose keys are only methods, since the file is the path:
 * `export const { GET, POST } = paywall({ …, routes: { GET: "$0.01", POST: "free" } }, { GET: list, POST: add })`.
 * @param source a configuration, or an engine from `createPaywall`
 * @param routes the table. @default the one in `source`
 * @throws ConfigError that lists everything that is wrong with the configuration and the table
 */
export const paywall: typeof price & {
  /** {@inheritDoc checkExports} */
  readonly check: typeof checkExports;
} = Object.assign(price, { check: checkExports });
