import { samePrice } from "@turnpike/core/adapter";
import { type AppRoute, type Gate, gateOf, rulingOf } from "./gates.js";
import { isForAll, isProxy, isWild, mayBeMount, roleOf } from "./roles.js";
import type { Scene } from "./scene.js";

/** A request that meets a gate. */
export interface Meeting {
  readonly method: string;
  readonly path: string;
  readonly stops: readonly AppRoute[];
  /** Where the gate is among the stops. */
  readonly at: number;
  /** What serves the path behind the gate. */
  readonly server: AppRoute | undefined;
}

/**
 * The requests for these paths that meet the gate.
 * @param files a file server counts as serving a path
 */
export function meetings(
  scene: Scene,
  gate: Gate,
  methods: readonly string[],
  paths: Iterable<string>,
  files: boolean,
  counts: (place: AppRoute, path: string, stops: readonly AppRoute[]) => boolean = () => true,
): Meeting[] {
  const found: Meeting[] = [];
  for (const path of new Set(paths)) {
    for (const method of methods) {
      const stops = scene.walk(method, path);
      const at = stops.findIndex((place) => gateOf(place)?.handler === gate.handler && counts(place, path, stops));
      if (at >= 0) found.push({ method, path, stops, at, server: serverOf(stops.slice(at + 1), files) });
    }
  }
  return found;
}

/** What serves a request among what is behind its gate. */
export function serverOf(stops: readonly AppRoute[], files: boolean): AppRoute | undefined {
  let perhaps: AppRoute | undefined;
  for (const stop of stops) {
    const role = roleOf(stop);
    if (role === "serves" || (role === "files" && files)) return stop;
    if (role === "perhaps") perhaps ??= stop;
  }
  return perhaps;
}

/**
 * What would serve the request ahead of every gate that is in its way. What may pass the request on does, if something
 * stands behind the gate to serve it; what is known to be a proxy does not, nor what may be a mounted app.
 * @param plain the price is for one path that does not look like a file's: a file server has nothing for it
 * @param met other requests that meet the gate: where it has something to sell, what stands for all methods below a path is
 * middleware, though nothing is registered for this method
 */
export function serverAhead(
  { stops, at, method, path, server }: Meeting,
  plain: boolean,
  met: readonly Meeting[] = [],
): AppRoute | undefined {
  const sells = server !== undefined || met.some((other) => other.server);
  for (const stop of stops.slice(0, at)) {
    if (rulingOf(stop, method, path, stops)?.type === "closed") return undefined;
    const role = roleOf(stop);
    if (role === "passes") continue;
    if (role === "files") {
      if (!plain) return stop;
    } else if (
      role === "serves" ||
      isProxy(stop) ||
      mayBeMount(stop) ||
      !(server || isForAll(stop) || (sells && isBelow(stop)))
    ) {
      return stop;
    }
  }
  return undefined;
}

const isBelow = (stop: AppRoute): boolean => stop.method === "ALL" && isWild(stop);

export function isClosed({ stops, at, method, path }: Meeting): boolean {
  const gate = stops[at];
  return gate !== undefined && rulingOf(gate, method, path, stops)?.type === "closed";
}

/** Whether an earlier gate asks another price than the one that is met. */
export function isPricedTwice({ stops, at, method, path }: Meeting): boolean {
  const gate = stops[at];
  const own = gate && rulingOf(gate, method, path, stops);
  if (own?.type !== "closed" || !own.route) return false;
  const { route } = own;
  return stops.slice(0, at).some((stop) => {
    const earlier = rulingOf(stop, method, path, stops);
    return earlier?.type === "closed" && earlier.route !== undefined && !samePrice(earlier.route, route);
  });
}
