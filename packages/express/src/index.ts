import {
  compileTable,
  type Payment,
  type Paywall,
  type PaywallConfig,
  priceRoute,
  type RoutePrice,
  type RouteTable,
} from "@turnpike/core/adapter";
import { verbOf } from "@turnpike/core/node";
import type { NextFunction, Request, RequestHandler, Response } from "express";
import { admit } from "./lib/gate.js";
import { Lookup, major } from "./lib/lookup.js";
import { passOptions } from "./lib/options.js";
import { readPath, routedPath } from "./lib/path.js";
import { checkApp, checkGate, rememberTable } from "./lib/served.js";

export type { Payment } from "@turnpike/core";
export { type PaidUpgradeListener, paidUpgrade } from "@turnpike/core/node";

declare global {
  namespace Express {
    interface Request {
      /** The payment of this request, on routes that have a price; absent where nothing had to be paid. */
      payment?: Payment;
    }
  }
}

/**
 * Middleware that prices the routes of a table, whose paths are Express's, relative to where the middleware is mounted:
 * `"GET /items/:id": "$0.01"`. It stands ahead of the routes.
 * @param source a configuration, or the engine that `createPaywall` made
 * @param routes the table. @default the one in `source`
 * @throws ConfigError that lists everything that is wrong with the configuration and the table
 */
export function paywall(source: PaywallConfig<Request> | Paywall, routes?: RouteTable<Request>): RequestHandler {
  const table = compileTable(source, routes, (pattern) => readPath(pattern, major));
  const lookup = new Lookup(table);
  let asked = false;
  let fault: Error | undefined;

  const gate = (req: Request, res: Response, next: NextFunction): void => {
    if (!asked) {
      asked = true;
      fault = checkGate(gate, req);
      // A misspelt path leaves the route that was meant without a price, so no request to a priced one may ever come.
      if (fault) process.emitWarning(fault);
    }
    const verdict = lookup.find(routedPath(req), verbOf(req));
    if (verdict.type === "free") {
      next();
    } else if (verdict.type === "options") {
      passOptions(req, res, next, gate);
    } else if (verdict.type === "refused") {
      next(verdict.error);
    } else {
      if (fault) fault = checkGate(gate, req);
      if (fault) next(fault);
      else admit(req, res, next, verdict.route, verdict.params);
    }
  };
  rememberTable(gate, table.paths);
  return gate;
}

/** Checks a finished app: every priced pattern must be served by one of its routes. Throws ConfigError. */
paywall.check = checkApp;

/**
 * Middleware that prices whatever it stands before, most often one route: `app.get("/x", paid(tolls, "$0.01"), handler)`.
 * @param source a configuration, or the engine that `createPaywall` made
 * @throws ConfigError that lists everything that is wrong with the configuration or the price
 */
export function paid(source: PaywallConfig<Request> | Paywall, price: RoutePrice<Request>): RequestHandler {
  const route = priceRoute(source, price);
  const gate = (req: Request, res: Response, next: NextFunction): void => {
    if (verbOf(req) === "OPTIONS") passOptions(req, res, next, gate);
    else admit(req, res, next, route);
  };
  return gate;
}
