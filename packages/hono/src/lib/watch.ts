import { ConfigError } from "@turnpike/core";
import { faultReply, type Reply, reportFault } from "@turnpike/core/adapter";
import type { Context } from "hono";
import { matchedRoutes } from "hono/route";
import { findBypass } from "./bypass.js";
import { type AppRoute, type Gate, sawGate } from "./gates.js";
import type { App } from "./guard.js";
import { noteFunctions } from "./known-apps.js";
import { serverOf } from "./meetings.js";
import { isForAll, isWild, nameOf } from "./roles.js";
import { checkApp } from "./served.js";

/** Looks after one gate while it serves. */
export interface Watch {
  /** Called with every request. */
  look(): void;
  /** What a priced request gets while the gate stands wrong. A route that was added in the meantime may have put it right. */
  refusal(c: Context): Reply | undefined;
}

/**
 * A gate that its app was given to checks the app by itself, at the first request. Any other knows of its app what a
 * request meets: where it is below a path, it finds what serves that path under other spellings.
 */
export function createWatch(gate: Gate, app?: App): Watch {
  let looked = false;
  let size = -1;
  let fault: ConfigError | undefined;
  let told = "";

  const tell = (error: ConfigError): void => {
    if (error.message === told) return;
    told = error.message;
    reportFault(gate.source, error);
  };

  const check = (): void => {
    if (!app || app.routes.length === size) return;
    size = app.routes.length;
    fault = undefined;
    try {
      checkApp(app);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      fault = error;
      tell(error);
    }
  };

  return {
    look() {
      if (looked) return;
      looked = true;
      sawGate(gate);
      check();
    },
    refusal(c) {
      noteFunctions(matchedRoutes(c) as readonly AppRoute[]);
      if (app) {
        check();
        return fault && faultReply(fault);
      }
      const passed = passedBy(c, gate);
      if (!passed) return undefined;
      tell(passed);
      return faultReply(passed);
    },
  };
}

/** By a gate's place, what was found there for the route that serves. */
const known = new WeakMap<AppRoute, WeakMap<AppRoute, ConfigError | "none">>();

function passedBy(c: Context, gate: Gate): ConfigError | undefined {
  const stops = matchedRoutes(c) as readonly AppRoute[];
  const place = stops[c.req.routeIndex];
  const last = stops.at(-1);
  if (!place || !last || isForAll(place)) return undefined;
  const found = known.get(place) ?? new WeakMap<AppRoute, ConfigError | "none">();
  known.set(place, found);
  let verdict = found.get(last);
  if (verdict === undefined) {
    verdict = judge(gate, place, stops, c.req.routeIndex) ?? "none";
    found.set(last, verdict);
  }
  return verdict === "none" ? undefined : verdict;
}

function judge(gate: Gate, place: AppRoute, stops: readonly AppRoute[], at: number): ConfigError | undefined {
  const server = serverOf(stops.slice(at + 1), true);
  // A handler of the route's own is what is sold there.
  const own = gate.type === "paid" && !isWild(place) && server?.path === place.path && server.method === place.method;
  const route = own ? undefined : findBypass(place, stops);
  if (!route) return undefined;
  const message = `what this paywall prices at ${place.path} is served under other spellings of its path by ${nameOf(route)}, which do not reach it. Write protect(app, tolls, { … }), or give the table to the root of the outermost app: app.use(paywall(…))`;
  return new ConfigError([{ code: "gate_bypassed", path: nameOf(place), message }]);
}
