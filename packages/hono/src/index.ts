import {
  compileTable,
  type Paywall,
  type PaywallConfig,
  priceRoute,
  type RoutePrice,
  type RouteTable,
} from "@turnpike/core/adapter";
import type { Context, MiddlewareHandler } from "hono";
import { admit, type HonoOptions, passOptions } from "./lib/gate.js";
import { createLookup } from "./lib/lookup.js";
import { readPath } from "./lib/path.js";
import { checkApp, rememberTable } from "./lib/served.js";

export type { Payment } from "@turnpike/core";
export type { HonoOptions } from "./lib/gate.js";

/**
 * Middleware that prices the routes of a table, whose paths are Hono's: `"GET /items/:id": "$0.01"`. They are full paths,
 * or relative to where the middleware is registered.
 * @param source a configuration, or the engine that `createPaywall` made
 * @param routes the table. @default the one in `source`
 * @throws ConfigError that lists everything that is wrong with the configuration and the table
 */
export function paywall(
  source: PaywallConfig<Context> | Paywall,
  routes?: RouteTable<Context>,
  options: HonoOptions = {},
): MiddlewareHandler {
  const table = compileTable(source, routes, readPath);
  const lookup = createLookup(table);
  const middleware: MiddlewareHandler = (c, next) => {
    const route = lookup(c);
    if (route === undefined) return next();
    return route === "options" ? passOptions(c, next) : admit(c, next, route, options);
  };
  rememberTable(middleware, table);
  return middleware;
}

/** Checks a finished app: every priced pattern must be served by one of its routes. Throws ConfigError. */
paywall.check = checkApp;

/**
 * Middleware that prices whatever it stands before, most often one route.
 * @param source a configuration, or the engine that `createPaywall` made
 * @throws ConfigError that lists everything that is wrong with the configuration or the price
 */
export function paid(
  source: PaywallConfig<Context> | Paywall,
  price: RoutePrice<Context>,
  options: HonoOptions = {},
): MiddlewareHandler {
  const route = priceRoute(source, price);
  return (c, next) => (c.req.method === "OPTIONS" ? passOptions(c, next) : admit(c, next, route, options));
}
