import type { PricedPath } from "@turnpike/core/adapter";
import type { Context } from "hono";
import { type AppRoute, gateOf, type TableGate } from "./gates.js";
import type { Meeting } from "./meetings.js";
import { crossing } from "./samples.js";
import { methodsOf, type Scene } from "./scene.js";

type Path = PricedPath<Context>;

/** A request that meets a table, whatever serves it. */
export type Encounter = Omit<Meeting, "server">;

/** The requests that meet a table, by the patterns that match them there and by their methods. */
export interface Groups {
  readonly byPattern: ReadonlyMap<Path, ReadonlyMap<string, readonly Encounter[]>>;
  /** The registrations of the gate that any of the requests meets. */
  readonly met: ReadonlySet<AppRoute>;
}

/** Asks the table once for each request, whatever the number of its entries. */
export function groupPaths(scene: Scene, gate: TableGate, paths: Iterable<string>): Groups {
  const byPattern = new Map<Path, Map<string, Encounter[]>>();
  const met = new Set<AppRoute>();
  const methods = new Set(methodsOf("ALL"));
  for (const verb of gate.table.paths.flatMap(({ verbs }) => verbs))
    for (const method of methodsOf(verb)) methods.add(method);
  for (const path of new Set(paths)) {
    for (const method of methods) {
      const stops = scene.walk(method, path);
      const known = new Set<Path>();
      for (const [at, place] of stops.entries()) {
        if (gateOf(place)?.handler !== gate.handler) continue;
        met.add(place);
        const { matched, possible } = gate.lookup.at(place, method, path, stops);
        for (const priced of [...matched, ...possible]) {
          if (known.has(priced)) continue;
          known.add(priced);
          const byMethod = byPattern.get(priced) ?? new Map<string, Encounter[]>();
          byPattern.set(priced, byMethod);
          const encounters = byMethod.get(method) ?? [];
          byMethod.set(method, encounters);
          encounters.push({ method, path, stops, at });
        }
      }
    }
  }
  return { byPattern, met };
}

/** Paths that both an entry and a route of the app may match. */
export function crossings(scene: Scene, { table }: TableGate): string[] {
  const routes = [...new Set(scene.routes.map(({ path }) => path))];
  return table.paths.flatMap(({ pattern }) => routes.flatMap((route) => crossing(pattern, route)));
}
