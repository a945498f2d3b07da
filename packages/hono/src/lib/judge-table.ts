import type { ConfigProblem } from "@turnpike/core";
import { type PricedPath, servedHint } from "@turnpike/core/adapter";
import type { Context } from "hono";
import { findBypass } from "./bypass.js";
import { type AppRoute, rulingOf, type TableGate } from "./gates.js";
import { crossings, type Encounter, groupPaths } from "./groups.js";
import { isKnown } from "./loose.js";
import { isClosed, isPricedTwice, type Meeting, serverAhead, serverOf } from "./meetings.js";
import { type Free, findFree } from "./narrow.js";
import { servesNotFound } from "./not-found.js";
import { isForAll, nameOf, roleOf } from "./roles.js";
import { samplesOf } from "./samples.js";
import { methodsOf, type Scene } from "./scene.js";
import { basesOf } from "./spellings.js";
import { unreached } from "./unreached.js";

type Path = PricedPath<Context>;

/** What is wrong with the place of a table in its app. */
export function judgeTable(scene: Scene, gate: TableGate): ConfigProblem[] {
  const places = scene.gates.filter((other) => other.gate.handler === gate.handler).map(({ route }) => route);
  const examples = gate.table.paths.map(({ pattern }) => {
    const whole = samplesOf(pattern);
    return [...whole, ...places.flatMap((place) => examplesBelow(place, whole))];
  });
  const { byPattern, met } = groupPaths(scene, gate, [...examples.flat(), ...crossings(scene, gate), ...scene.paths]);
  const apart = places.filter((place) => !met.has(place)).map(unreached);
  if (apart.length > 0 && met.size === 0) return apart;
  const found = gate.table.paths.flatMap((path) => {
    const requests = byPattern.get(path) ?? new Map<string, Encounter[]>();
    return path.verbs.flatMap((verb) => judgeEntry(scene, path, verb, places, requests));
  });
  return [...apart, ...found];
}

function judgeEntry(
  scene: Scene,
  path: Path,
  verb: string,
  places: readonly AppRoute[],
  requests: ReadonlyMap<string, readonly Encounter[]>,
): ConfigProblem[] {
  const entry = `${verb} ${path.pattern}`;
  const report = (code: string, message: string): ConfigProblem => ({ code, path: `routes["${entry}"]`, message });
  const wide = path.shapes.some((shape) => shape.some(({ type }) => type === "rest"));
  const met = methodsOf(verb)
    .flatMap((method) => requests.get(method) ?? [])
    .map((one): Meeting => ({ ...one, server: serverOf(one.stops.slice(one.at + 1), wide) }));
  const priced = met.filter((meeting) => isClosed(meeting) || !isKnown(path.pattern));

  const plain = path.shapes.every((shape) =>
    shape.every((segment) => segment.type === "literal" && !segment.text.includes(".")),
  );
  const ahead = priced.find((meeting) => serverAhead(meeting, plain, priced));
  if (ahead) return [report("gate_behind_route", behindRoute(ahead, serverAhead(ahead, plain, priced)))];
  if (!met.some(({ server }) => server)) return [unserved(scene, path, verb, places, met, report)];

  const served = priced.filter(({ server }) => server);
  const problems: ConfigProblem[] = [];
  const twice = served.find(isPricedTwice);
  if (twice) problems.push(report("priced_twice", pricedTwice(twice)));
  const free = findFree(scene, served, wide);
  if (free) problems.push(report("price_too_narrow", tooNarrow(path.pattern, verb, free)));
  const bypass = bypassOf(scene, served);
  if (bypass) {
    problems.push(
      report("gate_bypassed", `${entry} is served under other spellings of its path by ${bypass}. ${AT_ROOT}`),
    );
  }
  return problems;
}

const AT_ROOT =
  'These do not reach a paywall that is mounted below a path. Write protect(app, tolls, { "GET /path/*": … }), or give the table to the root of the outermost app, with whole paths: app.use(paywall(…))';

/** What serves the path of a meeting under a spelling by which Hono passes its gate by. */
export function bypassOf(scene: Scene, met: readonly Meeting[]): string | undefined {
  for (const { stops, at } of met) {
    const place = stops[at];
    if (!place || isForAll(place)) continue;
    // What another gate for the whole app has priced cannot be reached past that one.
    if (stops.slice(0, at).some((stop) => isForAll(stop) && rulingOf(stop, "GET", "/", stops)?.type === "closed")) {
      continue;
    }
    const route = findBypass(place, stops, scene.routes);
    if (route) return nameOf(route);
    if (servesNotFound(scene.app as never)) return "the not-found handler";
  }
  return undefined;
}

function examplesBelow(place: AppRoute, whole: readonly string[]): string[] {
  const below = samplesOf(place.path.endsWith("*") ? `${place.path.slice(0, -1)}x` : place.path);
  const bases = new Set(below.flatMap((path) => basesOf(path, place)));
  return [...bases].flatMap((base) => whole.map((path) => (path === "/" ? base : base + path)));
}

function behindRoute({ method, path }: Meeting, stop: AppRoute | undefined): string {
  return `${method} ${path} is served unpaid by ${stop ? nameOf(stop) : "a route"}, which comes before this paywall; register the paywall before it, or write protect(app, tolls, { … }), which finds the right place itself`;
}

function pricedTwice({ method, path }: Meeting): string {
  return `${method} ${path} reaches another paywall with a different price first, and no client can pay both; keep one of the two`;
}

function tooNarrow(pattern: string, verb: string, { method, path, server }: Free): string {
  const passing = roleOf(server) === "perhaps" ? ". If it only passes requests on, no route serves the price" : "";
  const how = server.path === pattern ? "price that too" : `price all of it, for example "${verb} ${server.path}"`;
  return `what serves ${verb} ${pattern}, ${nameOf(server)}, serves ${method} ${path} too, which is free; ${how}, or make the rest free with a "free" entry${passing}`;
}

/** Method and path of each route; what is for all methods is mostly middleware. */
function routesOf({ routes }: Scene): string[] {
  return routes.filter(({ method }) => method !== "ALL").map(({ method, path }) => `${method} ${path}`);
}

function unserved(
  scene: Scene,
  { pattern }: Path,
  verb: string,
  places: readonly AppRoute[],
  met: readonly Meeting[],
  report: (code: string, message: string) => ConfigProblem,
): ConfigProblem {
  const entry = `${verb} ${pattern}`;
  const files = met.flatMap(({ stops, at }) => stops.slice(at + 1)).find((stop) => roleOf(stop) === "files");
  if (files && (/\.[^/]*$/.test(pattern) || !isForAll(files))) {
    const folder = `${pattern.slice(0, pattern.lastIndexOf("/"))}/*`;
    return report(
      "file_has_other_names",
      `${entry} is a file of a file server, which serves it under other names too (as the index of its folder, or in other letter case); price its folder: "${verb} ${folder}"`,
    );
  }
  const served = methodsOf(verb).some((method) =>
    samplesOf(pattern).some((path) => serverOf(scene.walk(method, path), pattern.endsWith("*"))),
  );
  if (served && places.every((place) => !isForAll(place))) {
    const where = places.map(({ path }) => path).join(", ");
    return report(
      "gate_misses_path",
      `the app serves ${entry}, and this paywall is mounted at ${where}, which does not cover it. Write protect(app, tolls, { … }), or app.use(paywall(…)) at the root of the app`,
    );
  }
  return report(
    "route_not_served",
    `no route of the app behind this paywall serves ${entry}${servedHint(entry, routesOf(scene))}; write method and path as in the app, including its base. App-wide middleware does not count as a route: if one serves it, mount that below a path, and price all of that with a wildcard`,
  );
}
