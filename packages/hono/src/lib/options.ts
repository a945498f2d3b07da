import { optionsReply } from "@turnpike/core/adapter";
import { toResponse } from "@turnpike/core/fetch";
import type { Context } from "hono";
import { matchedRoutes } from "hono/route";
import { type AppRoute, gateOf } from "./gates.js";
import { isCors, isForAll, mayStayAhead } from "./roles.js";

/**
 * `OPTIONS` of a path that has a price is free, and so does no work: of what stands behind the gate only routes that are
 * registered for `OPTIONS` run, with the middleware for the whole app ahead of them, and middleware for preflights.
 * Everything else of the app serves other methods as well, and would do its work unpaid.
 */
export async function passOptions(c: Context): Promise<void> {
  const behind = matchedRoutes(c)
    .map((route, index) => ({ route: route as AppRoute, index }))
    .slice(c.req.routeIndex + 1);
  const last = behind.findLastIndex(({ route }) => isOwn(route));
  const chain = behind.filter(({ route }, at) => isOwn(route) || isCors(route) || (at < last && isMiddleware(route)));
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

function isOwn({ method }: AppRoute): boolean {
  return method === "OPTIONS";
}

function isMiddleware(route: AppRoute): boolean {
  return isForAll(route) && !gateOf(route) && mayStayAhead(route);
}
