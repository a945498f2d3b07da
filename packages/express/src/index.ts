import type { IncomingMessage, ServerResponse } from "node:http";
import { type CreatePaywall, createPaywall as create } from "@turnpike/core";
import {
  type AnySource,
  type AnyTable,
  compileTable,
  engineOf,
  type Payment,
  type PaywallSource,
  priceRoute,
  type RoutePrice,
  type RouteTable,
} from "@turnpike/core/adapter";
import { verbOf } from "@turnpike/core/node";
import type { Application, NextFunction, Request, Response } from "express";
import { watchBeside } from "./lib/beside.js";
import { admit } from "./lib/gate.js";
import { type Gate, rememberGate, sawGate } from "./lib/gates.js";
import { Lookup, major } from "./lib/lookup.js";
import { passOptions } from "./lib/options.js";
import { createOutpost } from "./lib/outpost.js";
import { pathsOf, readPath } from "./lib/path.js";
import { insertGate } from "./lib/protect.js";
import { checkApp } from "./lib/served.js";
import { createWatch } from "./lib/watch.js";

export * from "@turnpike/core";
export { type PaidUpgradeListener, paidUpgrade } from "@turnpike/core/node";

/**
 * Makes the engine of an app. Nothing is contacted before the first priced request.
 * @throws ConfigError that lists everything that is wrong with the configuration
 */
export const createPaywall: CreatePaywall<Request> = create;

declare global {
  namespace Express {
    interface Request {
      /** The payment of this request, on priced routes; absent if nothing had to be paid. */
      payment?: Payment;
    }
  }
}

/**
 * Protects an app with a table of prices, by the app's own paths: `protect(app, tolls, { "GET /items/:id": "$0.01" })`.
 * The gate is inserted ahead of everything that could serve a priced path, so this can be called before or after the
 * routes. Middleware already added for every request, such as CORS, body parsers or authentication, stays ahead of it.
 * @param app the result of `express()`; the outermost app, if it contains others
 * @param source a configuration, or an engine from `createPaywall`
 * @param routes the table. @default the one in `source`
 * @throws ConfigError that lists everything that is wrong with the configuration and the table
 */
export function protect<Own extends string = never>(
  app: Application,
  source: PaywallSource<Request, Own>,
  routes?: RouteTable<Request, NoInfer<Own>>,
): void {
  const { gate, outpost } = createGate(source, routes);
  insertGate(app, gate.handler, outpost.handler);
  sawGate(gate);
}

/**
 * Middleware that prices the routes of a table, with Express paths relative to where the middleware is mounted:
 * `"GET /items/:id": "$0.01"`. Mount it at the root of the app, ahead of the routes; `protect` does so automatically.
 * @param source a configuration, or an engine from `createPaywall`
 * @param routes the table. @default the one in `source`
 * @throws ConfigError that lists everything that is wrong with the configuration and the table
 */
export function paywall<Own extends string = never>(
  source: PaywallSource<Request, Own>,
  routes?: RouteTable<Request, NoInfer<Own>>,
): PaywallHandler {
  return createGate(source, routes).gate.handler as PaywallHandler;
}

function createGate(source: AnySource<Request>, routes?: AnyTable<Request>) {
  const table = compileTable(source, routes, (pattern) => readPath(pattern, major));
  const lookup = new Lookup(table);
  const outpost = createOutpost({ lookup, source });
  const handler = (req: Request, res: Response, next: NextFunction): void => {
    outpost.meets(req, res);
    watch.look(req);
    const verdict = lookup.findAny(pathsOf(req), verbOf(req));
    if (verdict.type === "free") {
      next();
    } else if (verdict.type === "options") {
      passOptions(req, res, next, handler);
    } else if (verdict.type === "refused") {
      next(verdict.error);
    } else if (!watch.refuses(req, res)) {
      admit(req, res, next, handler, verdict.route, verdict.params);
    }
  };
  const gate: Gate = { type: "table", handler, source, engine: table.engine, paths: table.paths, lookup };
  const watch = createWatch(gate);
  rememberGate(gate);
  return { gate, outpost };
}

/**
 * Checks a finished app: runs example paths of every price through the app's routers, and throws unless the gate is
 * ahead of what serves them. Call it after adding all routes; the first request does the same for its gate.
 * @throws ConfigError that lists every price that would not be charged, with method and path
 */
paywall.check = checkApp;

/**
 * Middleware that prices what follows it, usually one route: `app.get("/x", paid(tolls, "$0.01"), handler)`.
 * @param source a configuration, or an engine from `createPaywall`
 * @throws ConfigError that lists everything that is wrong with the configuration or the price
 */
export function paid<Own extends string = never>(
  source: PaywallSource<Request, Own>,
  price: RoutePrice<Request, NoInfer<Own>>,
): PaywallHandler {
  const route = priceRoute<Request>(source, price);
  const handler = (req: Request, res: Response, next: NextFunction): void => {
    watch.look(req);
    if (verbOf(req) === "OPTIONS") passOptions(req, res, next, handler);
    else if (!watch.refuses(req, res)) admit(req, res, next, handler, route);
  };
  const gate: Gate = { type: "paid", handler, source, engine: engineOf(source), route };
  const watch = createWatch(gate);
  rememberGate(gate);
  watchBeside();
  return handler as PaywallHandler;
}

/**
 * Middleware for any route. It does not constrain the types of parameters, body or query, so handlers after it keep the
 * types from the path, or their own.
 */
export type PaywallHandler = (req: IncomingMessage, res: ServerResponse, next: NextFunction) => void;
