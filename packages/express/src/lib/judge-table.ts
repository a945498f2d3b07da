import type { ConfigProblem } from "@turnpike/core";
import { type PricedPath, servedHint } from "@turnpike/core/adapter";
import type { Request } from "express";
import { findBypass } from "./bypass.js";
import { rulingOf, type TableGate } from "./gates.js";
import { major } from "./lookup.js";
import { isPricedTwice, type Meeting, meetings, serverAhead } from "./meetings.js";
import { type Free, findFree } from "./narrow.js";
import { unreached } from "./reached.js";
import { hintFor, nameOf, roleOf } from "./roles.js";
import { few, tryExamples, values } from "./samples.js";
import { methodsOf, type Scene } from "./scene.js";
import { skippedBy, skippedMessage } from "./skipped.js";
import { unread, unreadAhead } from "./unread.js";
import type { Stop } from "./walk.js";

type Path = PricedPath<Request>;

/** Requests whose other spellings are tried for one entry. */
const MOST_SPELLED = 4;

/**
 * What is wrong with the place of a table in its app.
 * @param more paths below which it is known to stand
 */
export function judgeTable(scene: Scene, gate: TableGate, more: readonly string[] = []): ConfigProblem[] {
  const places = scene.gates.filter(({ handler }) => handler === gate.handler);
  const bases = [...new Set([...more, ...places.flatMap(({ leaf }) => leaf.bases)])];
  const own = bases.flatMap((base) => gate.paths.flatMap(({ pattern }) => few(examplesAt(base, pattern))));
  const routed = grouped(scene, gate, scene.paths);
  const isReached = routed.size > 0 || grouped(scene, gate, own).size > 0;
  if (places.length > 0 && !isReached) return [unreached("the paywall")];
  return gate.paths.flatMap((path) => {
    const tried =
      grouped(
        scene,
        gate,
        bases.flatMap((base) => few(examplesAt(base, path.pattern))),
      ).get(path) ?? [];
    const paths = [...tried, ...(routed.get(path) ?? [])];
    return path.verbs.flatMap((verb) => judgeEntry(scene, gate, path, verb, bases, paths));
  });
}

/** The paths that meet the gate, by the patterns that match them there. */
function grouped(scene: Scene, gate: TableGate, paths: readonly string[]): Map<Path, string[]> {
  const found = new Map<Path, string[]>();
  for (const whole of paths) {
    // Middleware is met by every method alike.
    const stop = scene.walk("GET", whole).find(({ handle }) => handle === (gate.handler as unknown));
    if (!stop) continue;
    for (const path of gate.lookup.matching(stop.path)) {
      const known = found.get(path);
      if (known) known.push(whole);
      else found.set(path, [whole]);
    }
  }
  return found;
}

function judgeEntry(
  scene: Scene,
  gate: TableGate,
  path: Path,
  verb: string,
  bases: readonly string[],
  paths: readonly string[],
): ConfigProblem[] {
  const entry = `${verb} ${path.pattern}`;
  const report = (code: string, message: string): ConfigProblem => ({ code, path: `routes["${entry}"]`, message });
  const reach = {
    files: path.shapes.some((shape) => shape.some(({ type }) => type === "rest")),
    everything: path.shapes.some(([first]) => first?.type === "rest") && bases.every((base) => base === ""),
  };
  let met = meetings(scene, gate, methodsOf(verb, scene), paths, reach);
  if (!met.some(({ server }) => server)) {
    // A route may take numbers only, or dates.
    const others = bases.flatMap((base) => examplesAt(base, path.pattern));
    const matched = grouped(scene, gate, others).get(path) ?? [];
    met = [...met, ...meetings(scene, gate, methodsOf(verb, scene), matched, reach)];
  }
  const priced = met.filter(({ stops, at, method }) => {
    const stop = stops[at];
    return stop !== undefined && rulingOf(stop, method)?.type === "closed";
  });

  const plain = path.shapes.every((shape) =>
    shape.every((segment) => segment.type === "literal" && !segment.text.includes(".")),
  );
  const ahead = priced.find((meeting) => serverAhead(meeting, plain));
  if (ahead) return [report("gate_behind_route", behindRoute(ahead, serverAhead(ahead, plain)))];
  const isPattern = path.shapes.some((shape) => shape.some(({ type }) => type !== "literal"));
  const hidden = isPattern ? unreadAhead(scene, gate, methodsOf(verb, scene)) : undefined;
  if (hidden) return [report("gate_behind_route", hidden)];
  if (!met.some(({ server }) => server)) {
    // Where it is cannot be known: the first request will show it.
    if (bases.length === 0 && met.length === 0) return [];
    return [unserved(scene, path, verb, bases, met, report)];
  }
  const served = priced.filter(({ server }) => server);
  const problems: ConfigProblem[] = [];
  const twice = served.find(isPricedTwice);
  if (twice) problems.push(report("priced_twice", pricedTwice(twice)));
  const free = findFree(scene, served, reach.files);
  if (free) problems.push(report("price_too_narrow", tooNarrow(entry, verb, free)));
  else problems.push(...unread(scene, served, report));
  const skipped = first(served, (meeting) => {
    const by = skippedBy(meeting);
    return by && skippedMessage(meeting, by);
  });
  if (skipped) problems.push(report("gate_skipped", skipped));
  const spelled = [...priced.slice(0, MOST_SPELLED), ...served.slice(0, MOST_SPELLED)];
  const bypass = first(spelled, (meeting) => findBypass(scene, meeting, "paths"));
  if (bypass) {
    const { spelling, stop } = bypass;
    problems.push(
      report(
        "gate_bypassed",
        `${verb} ${spelling} bypasses this paywall and reaches ${nameOf(stop)}; ${MOUNT_AT_ROOT}`,
      ),
    );
  }
  return problems;
}

function first<T, R>(items: readonly T[], find: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

const MOUNT_AT_ROOT =
  'mount the table at the root of the outermost app, with whole paths: app.use(paywall(tolls, { "GET /path/*": … })), or protect(app, tolls, { … }). Middleware that only passes requests on may come before the paywall';

function behindRoute({ method, path }: Meeting, stop: Stop | undefined): string {
  const may = stop && roleOf(stop) === "files" ? "may be served" : "is served";
  return `${method} ${path} ${may} unpaid by ${stop ? nameOf(stop) : "a route"}, which comes before this paywall; register the paywall before it, or write protect(app, tolls, { … }), which finds the right place itself${hintFor(stop)}`;
}

function pricedTwice({ method, path }: Meeting): string {
  return `${method} ${path} reaches another paywall with a different price first, and no client can pay both; keep one of the two`;
}

function tooNarrow(entry: string, verb: string, { method, path, server }: Free): string {
  const { layer, base } = server;
  const own = layer.route ? base === "" && layer.route.path : `${base}/${major === 5 ? "*rest" : "*"}`;
  const how = typeof own === "string" ? `price all of it: "${verb} ${own}"` : "price that too";
  const passing =
    !layer.route && roleOf(server) === "perhaps" ? ". If it only passes requests on, no route serves the price" : "";
  return `what serves ${entry}, ${nameOf(server)}, serves ${method} ${path} too, which is free; ${how}, or make the rest free with a "free" entry${passing}`;
}

function unserved(
  scene: Scene,
  path: Path,
  verb: string,
  bases: readonly string[],
  met: readonly Meeting[],
  report: (code: string, message: string) => ConfigProblem,
): ConfigProblem {
  const { pattern } = path;
  const whole = `${verb} ${bases[0] ?? ""}${pattern}`;
  const files = met.flatMap(({ stops, at }) => stops.slice(at + 1)).find((stop) => roleOf(stop) === "files");
  const isFile = /\.[^/]*$/.test(pattern) || (files !== undefined && files.base !== "");
  if (files && isFile) {
    const folder = `${pattern.slice(0, pattern.lastIndexOf("/"))}/*`;
    return report(
      "file_has_other_names",
      `${whole} is a file of a file server, which serves it under other names too (as the index of its folder, without its extension); price its folder: "${verb} ${folder}"`,
    );
  }
  const misplaced =
    bases.some((base) => base !== "") && examplesAt("", pattern).some((at) => isServed(scene, verb, at));
  if (misplaced) {
    return report(
      "gate_misses_path",
      `the app serves ${verb} ${pattern}, and this paywall is mounted below ${bases.join(", ")}, so it prices ${whole} instead; a table is relative to where it is mounted. Mount it at the root`,
    );
  }
  const hint = files
    ? 'a file server is not a route: price one of its folders with a wildcard, "/folder/*"'
    : 'if a middleware serves it, give it a route, app.all("/path", middleware), or mount it below a path, app.use("/path", middleware), and price all of that with a wildcard';
  return report(
    "route_not_served",
    `no route of the app behind this paywall serves ${whole}${servedHint(whole, routesOf(scene))}; a price must name the path as the route does, and come before it. Otherwise, ${hint}`,
  );
}

/** Method and path of each route that can be written down. */
function routesOf({ leaves }: Scene): string[] {
  return leaves.flatMap(({ layer: { route }, bases }) => {
    if (typeof route?.path !== "string") return [];
    const path = `${bases[0] ?? ""}${route.path}`;
    return Object.keys(route.methods).map((method) => `${method === "_all" ? "ALL" : method.toUpperCase()} ${path}`);
  });
}

/** Whether something in the app serves this path, whatever is ahead of it. */
export function isServed(scene: Scene, verb: string, path: string): boolean {
  return methodsOf(verb).some((method) =>
    scene.walk(method, path).some((stop) => stop.place !== "function" && roleOf(stop) === "serves"),
  );
}

export function examplesAt(base: string, pattern: string): string[] {
  return [...new Set(values.flatMap((value) => tryExamples(pattern, value)))].map((path) => base + path);
}
