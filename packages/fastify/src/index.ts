import {
  type ConfigByRoute,
  ConfigError,
  type CreatePaywall,
  createPaywall as create,
  type NetworkDefinition,
  type Paywall,
  type PaywallConfig,
  type PaywallSource,
  type RoutePrice,
  type RouteTable,
} from "@turnpike/core";
import { type AnySource, type AnyTable, priceRoute, tableOf } from "@turnpike/core/adapter";
import type { FastifyPluginCallback, FastifyReply, FastifyRequest, RegisterOptions } from "fastify";
import plugin from "fastify-plugin";
import { joinApp, watchApps } from "./lib/app.js";
import { guardApp } from "./lib/ask.js";
import { admit, answerOptions, type Done } from "./lib/gate.js";
import { mark, OwnPrice } from "./lib/own-price.js";
import { type PriceSource, Prices } from "./lib/prices.js";
import { rootOf, scopeOf } from "./lib/served.js";

export * from "@turnpike/core";
export type { OwnPrice } from "./lib/own-price.js";

/** A configuration, or an engine from `createPaywall` as `tolls` with its table. */
export type FastifyPaywallOptions =
  | { readonly tolls: Paywall<string>; readonly routes?: RouteTable<FastifyRequest> }
  | OwnNetworks
  | ConfigByRoute<FastifyRequest>
  | PaywallConfig<FastifyRequest>;

/** A configuration that adds networks, with any names: a plugin's options have no type parameters for them. */
interface OwnNetworks extends PaywallConfig<FastifyRequest, string> {
  readonly networks: readonly NetworkDefinition[];
}

/**
 * Makes the engine of an app. Nothing is contacted before the first priced request.
 * @throws ConfigError that lists everything that is wrong with the configuration
 */
export const createPaywall: CreatePaywall<FastifyRequest> = create;

const register: FastifyPluginCallback<FastifyPaywallOptions> = (server, options, done) => {
  const root = rootOf(server);
  const { served, written, scopes, paywalls } = joinApp(root);
  const again = scopes.includes(server);
  scopes.push(server);
  // A route's own price belongs to the nearest paywall around it, else to the first.
  const owns = (at: object) => !again && (scopeOf(at, scopes) ?? scopes[0]) === server;
  let prices: Prices | undefined;
  root.addHook("onReady", async () => {
    const made = new Prices({ ...readOptions(options), owns }, served, written.routes());
    const problems = [...written.lost(), ...paywalls.flatMap((other) => made.conflicts(other, served))];
    if (problems.length > 0) throw new ConfigError(problems);
    paywalls.push(made);
    prices = made;
  });
  guardApp(root, () => prices);
  done();
};

/**
 * Prices routes anywhere in the app, by a table of full patterns (`"GET /items/:id": "$0.01"`) or by a route's own
 * `config: { paywall: "$0.01" }`. The app does not start if a price is invalid or a pattern matches no route: `ready`
 * rejects with one ConfigError that lists everything.
 */
export const paywall = plugin(register, { name: "@turnpike/fastify", fastify: "5.x" });

watchApps();

export default paywall;

/** Route options that set its price; spread them into the route's other options. */
export interface PaidOptions {
  config: { paywall: OwnPrice };
  onRequest: Hook[];
  preHandler: Hook[];
}

/** A hook for a route of any server and type provider. */
type Hook = (request: unknown, reply: unknown, done: Done) => void;

/**
 * Prices one route, with or without `paywall` in the app: `app.get("/x", paid(tolls, "$0.01"), handler)`. In an app
 * created after this package was loaded, other handlers that might serve what this route sells have the same price.
 * @param source a configuration, or an engine from `createPaywall`
 * @throws ConfigError that lists everything that is wrong with the configuration or the price
 */
export function paid<Own extends string = never>(
  source: PaywallSource<FastifyRequest, Own>,
  price: RoutePrice<FastifyRequest, NoInfer<Own>>,
): PaidOptions {
  const route = priceRoute<FastifyRequest>(source, price);
  const hook = (request: FastifyRequest, reply: FastifyReply, done: Done): void => {
    const methods = [request.routeOptions.method].flat() as string[];
    if (request.raw.method !== "OPTIONS") admit(route, request, reply, done);
    else if (methods.some((method) => method !== "OPTIONS")) answerOptions(methods, request, reply);
    else done();
  };
  const hooks = [hook as Hook];
  // At two stages: options spread after these may hold an `onRequest` of their own, and must not open the route by that.
  return mark({ config: { paywall: new OwnPrice(price, route, source) }, onRequest: hooks, preHandler: hooks });
}

type Routes = AnyTable<FastifyRequest> | undefined;

function readOptions(options: FastifyPaywallOptions): Pick<PriceSource, "source" | "routes"> {
  // What `register` reads itself is no option of ours.
  const { prefix: _1, logLevel: _2, logSerializers: _3, ...own } = options as FastifyPaywallOptions & RegisterOptions;
  if (!("tolls" in own)) return { source: own as AnySource<FastifyRequest>, routes: own.routes as Routes };
  const { tolls, routes = tableOf<FastifyRequest>(tolls), ...rest } = own;
  const problems = Object.keys(rest).map((path) => ({
    code: "unknown_option",
    path,
    message: "belongs in createPaywall, not beside `tolls`",
  }));
  if (problems.length > 0) throw new ConfigError(problems);
  return { source: tolls, routes };
}
