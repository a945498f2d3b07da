import type { NextFunction, Request, Response } from "express";
import { baseWithin, type Place, placesOf, reaches } from "./places.js";

/**
 * Lets `OPTIONS` through, which is free, but never into a handler that serves every verb: that one would do its work
 * unpaid. A preflight is for the app to answer, ahead of the paywall or by a route for `OPTIONS`.
 * @param gate the middleware that stands in front
 */
export function passOptions(req: Request, res: Response, next: NextFunction, gate: unknown): void {
  const places = placesOf(req.app);
  const at = places.findIndex(
    ({ layer }) => layer.handle === gate || layer.route?.stack.some(({ handle }) => handle === gate),
  );
  const path = (baseWithin(req) ?? req.baseUrl) + req.path;
  const answering = places.slice(at + 1).find((place) => answers(place) && reaches(place, path));
  const inside = places[at]?.layer.route !== undefined;
  if (answering ? hasOwnOptions(answering) : !inside) {
    next(inside ? "route" : undefined);
  } else {
    res.statusCode = 204;
    res.setHeader("Allow", "OPTIONS");
    res.end();
  }
}

/** Whether the request would end there: in a route for `OPTIONS` or for every verb, or in a function that takes no `next`. */
function answers(place: Place): boolean {
  const { handle, route } = place.layer;
  if (!route) return handle.length < 3;
  if (hasOwnOptions(place)) return true;
  const last = route.stack.at(-1)?.handle;
  // A catch-all for every verb is middleware by another name, as long as it can pass the request on.
  const passes = isCatchAll(route.path) && last?.length === 3;
  return !passes && (route.methods._all === true || route.methods.options === true);
}

/** Whether a route has a handler for `OPTIONS` that serves no other verb: `app.all` registers one handler for each. */
function hasOwnOptions({ layer }: Place): boolean {
  const stack = layer.route?.stack ?? [];
  return stack.some(
    ({ method, handle }) =>
      method === "options" && !stack.some((other) => other.method !== "options" && other.handle === handle),
  );
}

function isCatchAll(path: unknown): boolean {
  return typeof path === "string" && /^\/?\{?\/?\*\w*\}?$/.test(path);
}
