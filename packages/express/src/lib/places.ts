import type { Application, Request, Router } from "express";
import { atRoot, isStack, type Layer, stackOf, takenBy } from "./layers.js";
import { handleOf } from "./signs.js";

/** Where something is in an app: the mounts on the way to it, and its own layer. */
export interface Place {
  readonly mounts: readonly Layer[];
  readonly layer: Layer;
}

/** Everything in the app that could respond, in the order in which a request reaches it. */
export function placesOf(app: Application | Router): Place[] {
  const places: Place[] = [];
  const walk = (stack: readonly Layer[], mounts: readonly Layer[]): void => {
    for (const layer of stack) {
      const { stack: inner } = handleOf(layer);
      if (!layer.route && isStack(inner)) walk(inner, [...mounts, layer]);
      else places.push({ mounts, layer });
    }
  };
  walk(stackOf(app), []);
  return places;
}

/** Whether a request for this path gets there. */
export function reaches({ mounts, layer }: Place, path: string): boolean {
  let rest = path;
  for (const mount of mounts) {
    const taken = takenBy(mount, rest);
    if (taken === undefined) return false;
    rest = rest.slice(taken.length);
    if (!rest.startsWith("/")) rest = `/${rest}`;
  }
  return takenBy(layer, rest) !== undefined;
}

/** The path below which a place stands, if it can be known: neither a parameter nor a regular expression. */
export function baseOf({ mounts, layer }: Place): string | undefined {
  let base = "";
  for (const mount of [...mounts, layer]) {
    const own = mountPath(mount);
    if (own === undefined) return undefined;
    base += own;
  }
  return base;
}

function mountPath(layer: Layer): string | undefined {
  if (atRoot(layer)) return "";
  if (typeof layer.rawPath === "string") {
    return /^(\/[\w\-.~%@]+)+\/?$/.test(layer.rawPath) ? layer.rawPath.replace(/\/$/, "") : undefined;
  }
  // Express 4 keeps only the expression that it has made of the path.
  const plain = /^\^((?:\\\/[\w\-~%@]+(?:\\\.[\w\-~%@]+)*)+)\\\/\?\(\?=\\\/\|\$\)$/.exec(
    layer.regexp?.source ?? "",
  )?.[1];
  return plain?.replaceAll("\\", "");
}

/** An app's own mounts are few; a path of the client's with more parts than this is not looked through. */
const MOST_BASES = 32;

/**
 * The paths below which a request may be being handled, as its app sees them; nothing if they are too many. Express tells
 * the whole path but not how much of it led to the app: that may be a pattern, several apps, or a router around it.
 * @param place what is handling it, if known
 */
export function basesWithin({ baseUrl, path }: Request, place: Place | undefined): string[] | undefined {
  const parts = baseUrl.split("/");
  if (parts.length > MOST_BASES) return undefined;
  const bases = parts.map((_, at) => ["", ...parts.slice(at + 1)].join("/"));
  const reaching = place ? bases.filter((base) => reaches(place, base + path)) : [];
  return reaching.length > 0 ? reaching : bases;
}
