import { optionsReply } from "@turnpike/core/adapter";
import { toResponse } from "@turnpike/core/fetch";
import type { Context } from "hono";
import { matchedRoutes } from "hono/route";
import { type AppRoute, gateOf } from "./gates.js";
import { servesElsewhere } from "./known-apps.js";
import { isCors, isForAll, mayStayAhead, roleOf, writesPreflights } from "./roles.js";

/**
 * `OPTIONS` of a path that has a price is free, and so does no work: of what is behind the gate only routes that are
 * registered for `OPTIONS` run, with the middleware for the whole app ahead of them, and middleware for preflights.
 * Everything else of the app serves other methods as well, and would do its work unpaid.
 */
export async function passOptions(c: Context): Promise<void> {
  const stops = matchedRoutes(c) as readonly AppRoute[];
  const place = stops[c.req.routeIndex];
  const behind = stops.map((route, index) => ({ route, index })).slice(c.req.routeIndex + 1);
  const own = ownRoutes(behind.map(({ route }) => route).filter(({ path }) => !isOwn(place) || path !== place?.path));
  const last = behind.findLastIndex(({ route }) => own.has(route));
  const chain = behind.filter(({ route }, at) => own.has(route) || isCors(route) || (at < last && isMiddleware(route)));
  const run = async (at: number): Promise<void> => {
    const next = chain[at];
    if (!next) {
      if (!c.finalized) c.res = toResponse(optionsReply(), c.req.method);
      return;
    }
    c.req.routeIndex = next.index;
    const made = await next.route.handler(c, () => run(at + 1));
    if (made && !c.finalized) c.res = made as Response;
  };
  await run(0);
}

function isOwn(route: AppRoute | undefined): boolean {
  return route?.method === "OPTIONS";
}

/**
 * What is registered for `OPTIONS` and for nothing else. `app.on(["GET", "OPTIONS"], "/x", handler)` registers what is sold:
 * a route whose handler serves another method too has no own response, and none of its functions runs.
 */
function ownRoutes(stops: readonly AppRoute[]): ReadonlySet<AppRoute> {
  const own = stops.filter(isOwn);
  const sold = own.filter((stop) => {
    const isHandler = stop === own.findLast(({ path }) => path === stop.path) || roleOf(stop) === "serves";
    return isHandler && !writesPreflights(stop) && servesElsewhere(stop);
  });
  return new Set(own.filter((stop) => !sold.some(({ path }) => path === stop.path)));
}

function isMiddleware(route: AppRoute): boolean {
  return isForAll(route) && !gateOf(route) && mayStayAhead(route);
}
