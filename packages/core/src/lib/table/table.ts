import { isEngine } from "../config/foreign.js";
import type { AnyTable, RoutePrice } from "../config.js";
import { ConfigError, type ConfigProblem } from "../errors.js";
import { mountOwnTable } from "../paywall/own-table.js";
import { type AnySource, type OpenedPaywall, openPaywall, type Paywall } from "../paywall/paywall.js";
import { type Problem, problemReply } from "../paywall/problem.js";
import type { HeaderList, PricedRoute } from "../seam.js";
import { readKey } from "./key.js";
import { isWider, overlaps } from "./overlap.js";
import type { ReadPath, Segment } from "./path.js";

/** One pattern of a table with the methods that it prices. */
export interface PricedPath<Raw> {
  /** As the seller wrote it. */
  readonly pattern: string;
  /** As the framework's router reads it. */
  readonly native: string;
  /** What it matches, as the adapter read it. */
  readonly shapes: readonly (readonly Segment[])[];
  /** The methods listed with it, in the seller's order: `GET`, `POST`, …, or `ALL`. */
  readonly verbs: readonly string[];
  /**
   * The route that prices a method: nothing if it is free (`"free"`, `OPTIONS`); `HEAD` is `GET`; a method that the
   * table leaves out gets a route that refuses with 405.
   */
  route(method: string): PricedRoute<Raw> | undefined;
}

export interface Table<Raw> {
  readonly engine: Paywall<string>;
  readonly paths: readonly PricedPath<Raw>[];
  /**
   * The route that prices a method on a path that one or more patterns match (their order is free): the one that lists the
   * method, else one that refuses with 405 and the methods of all; nothing if the method is free.
   */
  route(matches: readonly PricedPath<Raw>[], method: string): PricedRoute<Raw> | undefined;
  /** The same for a path that may be taken for several, given what matches each reading. Any price beats `"free"`. */
  routeAcross(
    readings: readonly (readonly PricedPath<Raw>[])[],
    method: string,
    /** There is no request: a refused method is not logged. */
    quiet?: boolean,
  ): PricedRoute<Raw> | undefined;
}

/** A pattern while its methods are being collected. */
interface DraftPath<Raw> {
  readonly pattern: string;
  readonly native: string;
  readonly shapes: readonly (readonly Segment[])[];
  readonly verbs: Map<string, PricedRoute<Raw> | "free">;
}

/**
 * Compiles the table of a paywall, once, at start.
 * @param read how this framework reads a path pattern
 * @param overlap `false` where the framework's own router decides between patterns (Fastify), so that they may overlap
 * @param override `routes` may replace the table of the configuration: what it prices is served by nothing else (Next.js)
 * @throws ConfigError that lists every problem of the configuration and the table
 */
export function compileTable<Raw>(
  source: AnySource<Raw>,
  routes: AnyTable<Raw> | undefined,
  read: (pattern: string) => ReadPath,
  overlap = true,
  override = false,
): Table<Raw> {
  if (isEngine(routes)) {
    const message = "this is an engine of createPaywall, which comes before the table: protect(app, tolls, { … })";
    throw new ConfigError([{ code: "invalid_option", path: "routes", message }]);
  }
  const opened = openPaywall(source);
  const problems = [...opened.problems];
  const own = opened.routes as AnyTable<Raw> | undefined;
  if (routes && own && routes !== own && !override) {
    const message =
      "there are two tables, the `routes` of the configuration and this one, and only one of them would be charged; put all entries into one";
    problems.push({ code: "invalid_option", path: "routes", message });
  }
  const table = routes ?? own;
  if (table === own || override) mountOwnTable(opened);
  if (!table || Object.keys(table).length === 0) {
    problems.push({
      code: "missing_routes",
      path: "routes",
      message: "no route has a price; a paywall without prices protects nothing",
    });
  }
  const drafts = new Map<string, DraftPath<Raw>>();
  for (const [key, value] of Object.entries(table ?? {})) addRoute(opened, drafts, key, value, read, problems);
  if (overlap) problems.push(...findOverlaps([...drafts.values()]));
  if (problems.length > 0) throw new ConfigError(problems);
  const routeOf = createRouteOf(tellOnce(opened));
  const paths = [...drafts.values()].map((draft) => finishPath(draft, routeOf));
  return { engine: opened.paywall, paths, route: routeOf, routeAcross: acrossReadings(routeOf) };
}

/** The methods that an entry of a table may open. */
const OPENED = new Set(["GET", "POST", "PUT", "PATCH", "DELETE"]);

/** Says in the log, once for each, which entry opens a method that the table refuses. */
function tellOnce({ reporter }: OpenedPaywall) {
  const told = new Set<string>();
  return (method: string, pattern: string): void => {
    const entry = `${method} ${pattern}`;
    if (!OPENED.has(method) || told.has(entry)) return;
    told.add(entry);
    const message = `${entry} gets 405, since the table prices this path and does not list ${method}. If it is free, add the entry "${entry}": "free"`;
    reporter.warn(message, { code: "verb_not_listed", entry });
  };
}

function addRoute<Raw>(
  opened: OpenedPaywall,
  drafts: Map<string, DraftPath<Raw>>,
  key: string,
  value: AnyTable<Raw>[string],
  read: (pattern: string) => ReadPath,
  problems: ConfigProblem[],
): void {
  const path = `routes["${key}"]`;
  const report = (message: string) => problems.push({ code: "invalid_route", path, message });
  const parsed = readKey(key);
  if ("problem" in parsed) {
    report(parsed.problem);
    return;
  }
  const { verb, pattern } = parsed;
  const place = read(pattern);
  if ("problem" in place) {
    report(place.problem);
    return;
  }
  const route = value === "free" ? value : opened.compile(value as RoutePrice<Raw, string>, key, path, problems);
  if (!route) return;
  const draft = drafts.get(place.native) ?? { pattern, ...place, verbs: new Map() };
  drafts.set(place.native, draft);
  if (draft.verbs.has(verb)) report(`${verb} ${pattern} is priced twice`);
  draft.verbs.set(verb, route);
}

function findOverlaps<Raw>(drafts: readonly DraftPath<Raw>[]): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const isDynamic = ({ shapes }: DraftPath<Raw>) =>
    shapes.some((shape) => shape.some(({ type }) => type !== "literal"));
  const dynamic = new Set(drafts.filter(isDynamic));
  const seen = new Set<DraftPath<Raw>>();
  for (const one of dynamic) {
    seen.add(one);
    for (const other of drafts) {
      if (seen.has(other) || !overlaps(one.shapes, other.shapes)) continue;
      const [verb, otherVerb] = commonVerb(one, other, dynamic.has(other)) ?? [];
      if (verb === undefined) continue;
      const message = `overlaps "${otherVerb} ${other.pattern}": one request would have two prices; price these routes with paid() on the routes themselves`;
      problems.push({ code: "overlapping_routes", path: `routes["${verb} ${one.pattern}"]`, message });
    }
  }
  return problems;
}

/**
 * Entries of two patterns that one request could mean. A method's own entry comes before `ALL`, which is what its author
 * meant if it names one path of a wider `ALL` (`vague` is false), and an expensive path sold cheaply in the opposite case.
 * A `"free"` entry may be wider than a price for the same method, which holds: it opens the rest. A narrower one would be
 * an exception that no order decides.
 */
function commonVerb<Raw>(
  { verbs, shapes }: DraftPath<Raw>,
  other: DraftPath<Raw>,
  vague: boolean,
): readonly [verb: string, other: string] | undefined {
  for (const [verb, entry] of verbs) {
    for (const [name, otherEntry] of other.verbs) {
      if (entry === "free" && (verb === name || verb === "ALL") && isWider(shapes, other.shapes)) continue;
      if (otherEntry === "free" && (verb === name || name === "ALL") && isWider(other.shapes, shapes)) continue;
      if (name === verb || name === "ALL" || (verb === "ALL" && vague)) return [verb, name];
    }
  }
  return undefined;
}

type RouteOf = <Raw>(
  matches: readonly PricedPath<Raw>[],
  method: string,
  quiet?: boolean,
) => PricedRoute<Raw> | undefined;

function finishPath<Raw>({ pattern, native, shapes, verbs }: DraftPath<Raw>, routeOf: RouteOf): PricedPath<Raw> {
  const path: PricedPath<Raw> = {
    pattern,
    native,
    shapes,
    verbs: [...verbs.keys()],
    route: (method) => routeOf([path], method),
  };
  listed.set(path, verbs);
  return path;
}

/** What each pattern lists, by method. */
const listed = new WeakMap<object, ReadonlyMap<string, unknown>>();

/** @param tell called with each method and pattern that is refused */
function createRouteOf(tell: (method: string, pattern: string) => void): RouteOf {
  return <Raw>(matches: readonly PricedPath<Raw>[], method: string, quiet = false) => {
    const [first] = matches;
    if (!first || method === "OPTIONS") return undefined;
    const verb = method === "HEAD" ? "GET" : method;
    for (const name of [verb, "ALL"]) {
      const entries = matches.flatMap(
        (path) => (listed.get(path)?.get(name) as PricedRoute<Raw> | "free" | undefined) ?? [],
      );
      // A free entry may be wider than a price, which still holds.
      const priced = entries.find((entry) => entry !== "free");
      if (priced) return priced;
      if (entries.length > 0) return undefined;
    }
    if (!quiet) tell(verb, first.pattern);
    return refuseVerb([...new Set(matches.flatMap(({ verbs }) => verbs))].sort());
  };
}

/** A price beats `"free"`, since the app may resolve the path in any reading; two prices cannot both be asked. */
function acrossReadings(routeOf: RouteOf) {
  return <Raw>(
    readings: readonly (readonly PricedPath<Raw>[])[],
    method: string,
    quiet?: boolean,
  ): PricedRoute<Raw> | undefined => {
    const routes = new Set(readings.flatMap((matches) => routeOf(matches, method, quiet) ?? []));
    return routes.size > 1 ? ambiguousPath : [...routes][0];
  };
}

/** Answers a path whose readings have different prices. */
export const ambiguousPath = deny({
  status: 400,
  code: "ambiguous_path",
  detail: "This path is ambiguous. Send it in its plain form.",
});

/** Answers a path that is too long to be read. */
export const urlTooLong = deny({ status: 414, code: "url_too_long", detail: "The path is too long." });

const refusals = new Map<string, PricedRoute<never>>();

/** Refuses a method that the table leaves out: one handler often serves many methods, and none is free by oversight. */
export function refuseVerb(verbs: readonly string[]): PricedRoute<never> {
  const list = verbs.join(", ");
  const known = refusals.get(list);
  if (known) return known;
  const allow = verbs.flatMap((verb) => (verb === "GET" ? ["GET", "HEAD"] : [verb]));
  const headers: HeaderList = [["Allow", [...allow, "OPTIONS"].join(", ")]];
  const route = deny({ status: 405, code: "verb_not_listed", detail: `Allowed methods: ${list}.` }, headers);
  // One for each set of methods.
  refusals.set(list, route);
  return route;
}

function deny(problem: Problem, headers: HeaderList = []): PricedRoute<never> {
  const reply = problemReply(problem, headers);
  return { admit: () => ({ type: "reply", reply }) };
}
