import { samePrice } from "@turnpike/core/adapter";
import { type Gate, rulingOf } from "./gates.js";
import type { Layer } from "./layers.js";
import { passesAlways } from "./passes-always.js";
import { isProxy, roleOf, seesEverything } from "./roles.js";
import type { Scene } from "./scene.js";
import type { Stop } from "./walk.js";

/** A request that meets a gate. */
export interface Meeting {
  readonly method: string;
  readonly path: string;
  readonly stops: readonly Stop[];
  /** Where the gate is among the stops. */
  readonly at: number;
  /** What serves the path behind the gate. */
  readonly server: Stop | undefined;
}

/** What a gate may be taken to price beyond routes. */
export interface Reach {
  /** Files below a path. */
  readonly files: boolean;
  /** Whatever the app is asked for. */
  readonly everything: boolean;
}

/**
 * The requests for these paths that meet the gate.
 * @param layer where the gate is, if it has several places
 */
export function meetings(
  scene: Scene,
  { handler }: Gate,
  methods: readonly string[],
  paths: Iterable<string>,
  reach: Reach,
  layer?: Layer,
): Meeting[] {
  const found: Meeting[] = [];
  for (const path of new Set(paths)) {
    for (const method of methods) {
      const stops = scene.walk(method, path);
      const at = stops.findIndex((stop) => stop.handle === (handler as unknown) && (!layer || stop.layer === layer));
      if (at >= 0) found.push({ method, path, stops, at, server: serverBehind(stops.slice(at + 1), reach) });
    }
  }
  return found;
}

/**
 * What serves a request behind its gate: the end of a route, or a function below a path. A function at the root sees every
 * request, so that it is there says nothing of a path; nor does a file server of a single file.
 */
export function serverBehind(stops: readonly Stop[], { files, everything }: Reach): Stop | undefined {
  let perhaps: Stop | undefined;
  let passing: Stop | undefined;
  for (const stop of stops) {
    const role = roleOf(stop);
    if (role === "passes") continue;
    if (passesAlways(stop.handle)) {
      // Of a route it is at least what its author gave a price.
      if (stop.layer.route) passing ??= stop;
    } else if (role === "files") {
      if (files) return stop;
    } else if (seesEverything(stop) && !everything) {
      if (role === "serves") break;
    } else if (role === "serves") {
      return stop;
    } else {
      perhaps ??= stop;
    }
  }
  return perhaps ?? passing;
}

/**
 * What would serve the request ahead of every gate that is in its way. What may pass the request on does, if something
 * stands behind the gate to serve it; only what is known to be a proxy does not.
 * @param plain the price is for one path that does not look like a file's: a file server has nothing for it
 */
export function serverAhead({ stops, at, method, server }: Meeting, plain = true): Stop | undefined {
  for (const stop of stops.slice(0, at)) {
    if (rulingOf(stop, method)?.type === "closed") return undefined;
    const role = roleOf(stop);
    if (role === "passes" || passesAlways(stop.handle)) continue;
    if (role === "files" && !plain) return stop;
    if (role === "serves" || isProxy(stop) || (!server && !seesEverything(stop))) return stop;
  }
  return undefined;
}

/**
 * Whether an earlier gate asks another price than the one that is met. A route that has a handler of its own behind its gate ends
 * there: variants of one path that pass over each other with `next("route")` are not two prices of one request.
 */
export function isPricedTwice({ stops, at, method }: Meeting): boolean {
  const gate = stops[at];
  const own = gate && rulingOf(gate, method);
  if (own?.type !== "closed" || !own.route) return false;
  const { route } = own;
  return stops.slice(0, at).some((stop) => {
    if (stop.place === "early" && stop.layer !== gate?.layer) return false;
    const earlier = rulingOf(stop, method);
    return earlier?.type === "closed" && earlier.route !== undefined && !samePrice(earlier.route, route);
  });
}
