import { type CreatePaywall, createPaywall as create } from "@turnpike/core";
import {
  type AnySource,
  type AnyTable,
  compileTable,
  engineOf,
  type PaywallSource,
  type PricedRoute,
  priceRoute,
  type RoutePrice,
  type RouteTable,
} from "@turnpike/core/adapter";
import type { Context, MiddlewareHandler, Next } from "hono";
import { admit, type HonoOptions, refuse } from "./lib/gate.js";
import { type Gate, rememberGate, sawGate } from "./lib/gates.js";
import { type App, insertGuard } from "./lib/guard.js";
import { rememberApp } from "./lib/known-apps.js";
import { createLookup } from "./lib/lookup.js";
import { passOptions } from "./lib/options.js";
import { createOutpost, type Outpost } from "./lib/outpost.js";
import { readPath } from "./lib/path.js";
import { checkApp } from "./lib/served.js";
import { createWatch, type Watch } from "./lib/watch.js";

export * from "@turnpike/core";
export type { HonoOptions } from "./lib/gate.js";

/**
 * Makes the engine of an app. Nothing is contacted before the first priced request.
 * @throws ConfigError that lists everything that is wrong with the configuration
 */
export const createPaywall: CreatePaywall<Context> = create;

/**
 * Protects an app with a table of prices, by the app's own paths: `protect(app, tolls, { "GET /items/:id": "$0.01" })`.
 * The gate is in the app's router, so every request passes it under every spelling of its path. This can be called
 * before or after the routes. App-wide middleware added earlier, such as CORS or a logger, stays ahead of it. The first
 * request checks the app as `paywall.check` does, and priced routes are refused while that fails.
 * @param app the outermost app, if others are mounted in it
 * @param source a configuration, or an engine from `createPaywall`
 * @param routes the table. @default the one in `source`
 * @returns the app
 * @throws ConfigError that lists everything that is wrong with the configuration and the table
 */
export function protect<A extends App, Own extends string = never>(
  app: A,
  source: PaywallSource<Context, Own>,
  routes?: RouteTable<Context, NoInfer<Own>>,
  options: HonoOptions = {},
): A {
  rememberApp(app);
  const { gate, outpost } = tableGate(source, routes, options, app);
  insertGuard(app, gate.handler, outpost.handler);
  sawGate(gate);
  return app;
}

/**
 * Middleware that prices the routes of a table, with Hono paths: `"GET /items/:id": "$0.01"`. They are full paths, or
 * relative to where the middleware is registered. Register it at the root of the app, ahead of the routes; `protect`
 * does so automatically.
 * @param source a configuration, or an engine from `createPaywall`
 * @param routes the table. @default the one in `source`
 * @throws ConfigError that lists everything that is wrong with the configuration and the table
 */
export function paywall<Own extends string = never>(
  source: PaywallSource<Context, Own>,
  routes?: RouteTable<Context, NoInfer<Own>>,
  options: HonoOptions = {},
): MiddlewareHandler {
  return tableGate(source, routes, options).gate.handler;
}

/**
 * Checks a finished app: runs example paths of every price through the app's router, and throws unless the gate is
 * ahead of what serves them. Call it after adding all routes.
 * @throws ConfigError that lists every price that would not be charged, with method and path
 */
paywall.check = checkApp;

/**
 * Middleware that prices what follows it, usually one route: `app.get("/x", paid(tolls, "$0.01"), handler)`.
 * @param source a configuration, or an engine from `createPaywall`
 * @throws ConfigError that lists everything that is wrong with the configuration or the price
 */
export function paid<Own extends string = never>(
  source: PaywallSource<Context, Own>,
  price: RoutePrice<Context, NoInfer<Own>>,
  options: HonoOptions = {},
): MiddlewareHandler {
  const route = priceRoute<Context>(source, price);
  const handler: MiddlewareHandler = (c, next) => {
    watch.look();
    return c.req.method === "OPTIONS" ? passOptions(c) : sell(c, next, route, options, watch);
  };
  const gate: Gate = { type: "paid", handler, source, engine: engineOf(source), route };
  const watch = createWatch(gate);
  rememberGate(gate);
  return handler;
}

function tableGate(
  source: AnySource<Context>,
  routes: AnyTable<Context> | undefined,
  options: HonoOptions,
  app?: App,
): { readonly gate: Gate; readonly outpost: Outpost } {
  const table = compileTable(source, routes, readPath);
  const lookup = createLookup(table);
  const outpost = createOutpost({ lookup, source });
  const handler: MiddlewareHandler = (c, next) => {
    if (app) outpost.meets(c);
    watch.look();
    const route = lookup.find(c);
    if (route === undefined) return next();
    return route === "options" ? passOptions(c) : sell(c, next, route, options, watch);
  };
  const gate: Gate = { type: "table", handler, source, engine: table.engine, table, lookup };
  const watch = createWatch(gate, app);
  rememberGate(gate);
  return { gate, outpost };
}

async function sell(
  c: Context,
  next: Next,
  route: PricedRoute<Context>,
  options: HonoOptions,
  watch: Watch,
): Promise<void> {
  const refusal = watch.refusal(c);
  if (refusal) refuse(c, refusal);
  else await admit(c, next, route, options);
}
