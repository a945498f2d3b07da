import { type Layer, takenBy, within } from "./layers.js";
import { major } from "./lookup.js";
import { handleOf } from "./signs.js";

/** A function of the app that a request meets on its way. */
export interface Stop {
  /** The layers among which it stands. */
  readonly stack: readonly Layer[];
  /** The layer of its router; several handlers of one route share it. */
  readonly layer: Layer;
  /** What would run. */
  readonly handle: Layer["handle"];
  /** Within a route: whether a further handler of the route comes after it. */
  readonly place: "function" | "early" | "last";
  /** What was taken of the path on the way. */
  readonly base: string;
  /** What is left of it: `req.path` there. */
  readonly path: string;
}

/**
 * Everything that a request meets if each function passes it on, by the app's own matchers and each router's settings. No
 * code of the app runs.
 * @param method in upper case
 */
export function walk(stack: readonly Layer[], method: string, path: string): Stop[] {
  const stops: Stop[] = [];
  descend(stack, method, path, "", stops);
  return stops;
}

function descend(stack: readonly Layer[], method: string, path: string, base: string, stops: Stop[]): void {
  for (const layer of stack) {
    const taken = takenBy(layer, path);
    if (taken === undefined) continue;
    if (layer.route) {
      const handlers = handlersOf(layer.route, method);
      handlers.forEach((handle, at) => {
        const place = at === handlers.length - 1 ? "last" : "early";
        stops.push({ stack, layer, handle, place, base, path });
      });
      continue;
    }
    if (!path.startsWith(taken) || !isBoundary(path[taken.length], taken)) continue;
    const left = path.slice(taken.length);
    const rest = left.startsWith("/") ? left : `/${left}`;
    const below = base + taken.replace(/\/$/, "");
    const inner = within(layer);
    if (inner) descend(inner, method, rest, below, stops);
    else stops.push({ stack, layer, handle: handleOf(layer), place: "function", base: below, path: rest });
  }
}

function isBoundary(next: string | undefined, taken: string): boolean {
  return taken === "" || next === undefined || next === "/" || (major === 4 && next === ".");
}

/** The handlers of a route for a method; `HEAD` is served by those for `GET` unless it has its own. */
export function handlersOf(route: NonNullable<Layer["route"]>, method: string): Layer["handle"][] {
  const asked = method.toLowerCase();
  const name = asked === "head" && route.methods.head !== true ? "get" : asked;
  return route.stack.flatMap((entry) => (!entry.method || entry.method === name ? [handleOf(entry)] : []));
}
