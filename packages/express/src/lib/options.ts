import { optionsReply } from "@turnpike/core/adapter";
import { writeReply } from "@turnpike/core/node";
import type { NextFunction, Request, Response } from "express";
import type { Layer } from "./layers.js";
import { takesNext } from "./parameters.js";
import { baseOf, basesWithin, type Place, placesOf, reaches } from "./places.js";
import { endsRequests, onlyPasses } from "./roles.js";
import { handleOf, isMountedApp, isSame } from "./signs.js";
import { handlersOf } from "./walk.js";

/**
 * Lets `OPTIONS` through, which is free, but never into a handler that serves another method too: that one would do its work
 * unpaid. A preflight is for the app to handle, ahead of the paywall or by a route for `OPTIONS`.
 * @param gate the middleware that is in front
 */
export function passOptions(req: Request, res: Response, next: NextFunction, gate: unknown): void {
  const places = placesOf(req.app);
  const at = places.findIndex(
    ({ layer }) => handleOf(layer) === gate || layer.route?.stack.some((entry) => handleOf(entry) === gate),
  );
  const inside = places[at]?.layer.route !== undefined;
  const behind = places.slice(at + 1);
  const passes = (base: string): boolean => {
    const path = base + req.path;
    const answering = behind.find((place) => answers(place, places) && reaches(place, path));
    if (answering) return hasOwnOptions(answering, places);
    return !inside && !behind.some((place) => isCatchAll(place) && reaches(place, path));
  };
  if (basesWithin(req, places[at])?.every(passes)) {
    next(inside ? "route" : undefined);
  } else {
    writeReply(res, optionsReply(), req.method);
  }
}

/**
 * Whether the request would end there: in a route for `OPTIONS` or for every method, in a function that takes no `next`, or
 * in an app or a function that is mounted below a path: what these do cannot be seen from here.
 */
function answers(place: Place, places: readonly Place[]): boolean {
  const { route } = place.layer;
  if (!route) {
    const handle = handleOf(place.layer);
    return (handle.length < 3 && !takesNext(handle)) || servesBelow(place);
  }
  if (hasOwnOptions(place, places)) return true;
  // A catch-all that can pass the request on may be middleware by another name; it responds if nothing behind it does.
  const last = route.stack.at(-1);
  const passes = isCatchAll(place) && last && takesNext(handleOf(last));
  return !passes && servesOptions(place);
}

/** Whether a layer without a route may respond to whatever reaches it: an app or a function that is below a path. */
function servesBelow(place: Place): boolean {
  const handle = handleOf(place.layer);
  return !onlyPasses(handle) && (isMountedApp(handle) || baseOf(place) !== "");
}

/** Whether a route for every method or for `OPTIONS` serves every path. */
function isCatchAll(place: Place): boolean {
  const path = place.layer.route?.path;
  return typeof path === "string" && /^\/?\{?\/?\*\w*\}?$/.test(path) && servesOptions(place);
}

function servesOptions({ layer }: Place): boolean {
  return layer.route?.methods._all === true || layer.route?.methods.options === true;
}

/** Whether a route has a response to `OPTIONS` of its own: nothing that ends the request there serves another method. */
function hasOwnOptions({ layer: { route } }: Place, places: readonly Place[]): boolean {
  if (route?.methods.options !== true) return false;
  return handlersOf(route, "OPTIONS").every(
    (handle, at, { length }) =>
      onlyPasses(handle) ||
      !(at === length - 1 || endsRequests(handle)) ||
      !places.some((place) => servesAnother(place, handle)),
  );
}

/** Whether a function ends requests of another method there. */
function servesAnother(place: Place, handle: Layer["handle"]): boolean {
  const { route } = place.layer;
  if (!route) return isSame(handleOf(place.layer), handle) && (endsRequests(handle) || servesBelow(place));
  const entries = route.stack.filter((entry) => isSame(handleOf(entry), handle) && entry.method !== "options");
  return entries.some(({ method }) => !method || endsRequests(handle) || isLast(route, method, handle));
}

function isLast(route: NonNullable<Layer["route"]>, method: string, handle: Layer["handle"]): boolean {
  const last = handlersOf(route, method.toUpperCase()).at(-1);
  return last !== undefined && isSame(last, handle);
}
