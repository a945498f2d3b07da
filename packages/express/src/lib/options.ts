import { optionsReply } from "@turnpike/core/adapter";
import { writeReply } from "@turnpike/core/node";
import type { NextFunction, Request, Response } from "express";
import { baseOf, basesWithin, type Place, placesOf, reaches } from "./places.js";
import { onlyPasses } from "./roles.js";

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
  const inside = places[at]?.layer.route !== undefined;
  const behind = places.slice(at + 1);
  const passes = (base: string): boolean => {
    const path = base + req.path;
    const answering = behind.find((place) => answers(place) && reaches(place, path));
    if (answering) return hasOwnOptions(answering);
    return !inside && !behind.some((place) => isCatchAll(place) && reaches(place, path));
  };
  if (basesWithin(req, places[at])?.every(passes)) {
    next(inside ? "route" : undefined);
  } else {
    writeReply(res, optionsReply(), req.method);
  }
}

/**
 * Whether the request would end there: in a route for `OPTIONS` or for every verb, in a function that takes no `next`, or
 * in an app or a function that is mounted below a path: what these do cannot be seen from here.
 */
function answers(place: Place): boolean {
  const { handle, route } = place.layer;
  if (!route) return handle.length < 3 || servesBelow(place);
  if (hasOwnOptions(place)) return true;
  // A catch-all that can pass the request on may be middleware by another name; it answers if nothing behind it does.
  const passes = isCatchAll(place) && route.stack.at(-1)?.handle.length === 3;
  return !passes && servesOptions(place);
}

/** Whether a layer without a route may answer whatever reaches it: an app or a function that is mounted below a path. */
function servesBelow({ layer }: Place): boolean {
  if (onlyPasses(layer.handle)) return false;
  return layer.handle.name === "mounted_app" || baseOf({ mounts: [], layer }) !== "";
}

/** Whether a route for every verb or for `OPTIONS` serves every path. */
function isCatchAll(place: Place): boolean {
  const path = place.layer.route?.path;
  return typeof path === "string" && /^\/?\{?\/?\*\w*\}?$/.test(path) && servesOptions(place);
}

function servesOptions({ layer }: Place): boolean {
  return layer.route?.methods._all === true || layer.route?.methods.options === true;
}

/** Whether a route has a handler for `OPTIONS` that serves no other verb: `app.all` registers one handler for each. */
function hasOwnOptions({ layer }: Place): boolean {
  const stack = layer.route?.stack ?? [];
  return stack.some(
    ({ method, handle }) =>
      method === "options" && !stack.some((other) => other.method !== "options" && other.handle === handle),
  );
}
