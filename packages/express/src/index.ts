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
      /** The payment of this request, on routes that have a price; absent where nothing had to be paid. */
      payment?: Payment;
    }
  }
}

/**
 * Guards an app by a table of prices, whose paths are the app's own: `protect(app, tolls, { "GET /items/:id": "$0.01" })`.
 * The gate finds its place ahead of everything that could serve a priced path, so it may be called before or after the
 * routes. Middleware that every request goes through, such as CORS, body parsers or authentication, stays ahead of it if it
 * is there already.
 * @param app what `express()` made; the outermost one, if it has others within it
 * @param source a configuration, or the engine that `createPaywall` made
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
 * Middleware that prices the routes of a table, whose paths are Express's, relative to where the middleware is mounted:
 * `"GET /items/:id": "$0.01"`. It stands at the root of the app, ahead of the routes; `protect` puts it there by itself.
 * @param source a configuration, or the engine that `createPaywall` made
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
 * Checks a finished app: takes example paths of every price through the app's own routers, and throws unless the gate comes
 * ahead of what serves them. To be called once all routes are there; the first request does the same for its gate.
 * @throws ConfigError that names every price that would not be asked, with method and path
 */
paywall.check = checkApp;

/**
 * Middleware that prices whatever it stands before, most often one route: `app.get("/x", paid(tolls, "$0.01"), handler)`.
 * @param source a configuration, or the engine that `createPaywall` made
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
 * Middleware for any route. It asks no types of the route's parameters, body or query, so the handlers beside it keep those
 * that the path gives them, or that they state themselves.
 */
export type PaywallHandler = (req: IncomingMessage, res: ServerResponse, next: NextFunction) => void;
