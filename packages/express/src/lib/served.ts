import { ConfigError, type ConfigProblem } from "@turnpike/core";
import type { PricedPath } from "@turnpike/core/adapter";
import type { Application, Request, RequestHandler, Router } from "express";
import { major } from "./lookup.js";
import { examplesOf } from "./path.js";
import { baseOf, basesWithin, type Place, placesOf, reaches } from "./places.js";

/** The tables of the paywalls that this module made. */
const tables = new WeakMap<object, readonly PricedPath<Request>[]>();

export function rememberTable(gate: RequestHandler, paths: readonly PricedPath<Request>[]): void {
  tables.set(gate, paths);
}

/** Values that parameters are tried with, since a route of the app may take numbers or ids only. */
const values = ["x", "1", "2024-01-01", "a1b2c3d4", "00000000-0000-4000-8000-000000000000", "x.y"];

/** Middleware that never answers a request for a path of its own. */
const passing = new Set(
  "jsonParser urlencodedParser rawParser textParser cookieParser corsMiddleware compression helmetMiddleware logger".split(
    " ",
  ),
);

/**
 * Checks a finished app: every priced pattern must be served by a route that stands behind its paywall. What cannot be
 * known (a paywall below a mount with a parameter, say) is left to the first request.
 * @throws ConfigError that names every pattern that nothing serves
 */
export function checkApp(app: Application | Router): void {
  const places = placesOf(app);
  const problems = places.flatMap((place, at) => {
    const paths = tables.get(place.layer.handle);
    const base = baseOf(place);
    return paths && base !== undefined ? findUnserved(paths, base, places.slice(at + 1)) : [];
  });
  if (problems.length > 0) throw new ConfigError(problems);
}

/** The same for one paywall, once a request has come through it and its place is known. */
export function checkGate(gate: RequestHandler, request: Request): ConfigError | undefined {
  const places = placesOf(request.app);
  const at = places.findIndex(({ layer }) => layer.handle === (gate as unknown));
  const bases = at < 0 ? undefined : basesWithin(request, places[at]);
  const found = bases?.map((base) => findUnserved(tables.get(gate) ?? [], base, places.slice(at + 1))) ?? [];
  // The whole path is how the client asked, so that is the one to report by.
  const [problems] = found;
  return problems && found.every(({ length }) => length > 0) ? new ConfigError(problems) : undefined;
}

function findUnserved(paths: readonly PricedPath<Request>[], base: string, places: readonly Place[]): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const { pattern, verbs } of paths) {
    const examples = values.flatMap((value) => examplesOf(pattern, major, value)).map((path) => base + path);
    for (const verb of verbs) {
      if (places.some((place) => serves(place, verb, pattern, examples))) continue;
      const message = `no route of the app behind this paywall serves ${verb} ${base}${pattern}; a price must name the path as the route does, and stand ahead of it. If a middleware serves it, mount that below a path: app.use("/path", middleware)`;
      problems.push({ code: "route_not_served", path: `routes["${verb} ${pattern}"]`, message });
    }
  }
  return problems;
}

function serves(place: Place, verb: string, pattern: string, examples: readonly string[]): boolean {
  const { layer } = place;
  if (!examples.some((path) => reaches(place, path))) return false;
  if (layer.route) {
    const { methods } = layer.route;
    return verb === "ALL" || methods._all === true || methods[verb.toLowerCase()] === true;
  }
  return servesBelow(place) || (layer.handle.name === "serveStatic" && /\*|\.[^/]*$/.test(pattern));
}

/** Whether a layer without a route may answer whatever reaches it: an app or a function that is mounted below a path. */
export function servesBelow({ layer }: Place): boolean {
  const { name, length } = layer.handle;
  if (tables.has(layer.handle) || passing.has(name) || length > 3) return false;
  return name === "mounted_app" || baseOf({ mounts: [], layer }) !== "";
}
