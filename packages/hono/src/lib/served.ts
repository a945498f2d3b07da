import { ConfigError, type ConfigProblem } from "@turnpike/core";
import { overlaps, type Segment, type Table } from "@turnpike/core/adapter";
import type { Context, Hono } from "hono";
import { findTargetHandler } from "hono/utils/handler";
import { isHandler } from "./gate.js";
import { readPath } from "./path.js";

type Routes = Pick<Hono, "routes">;
type AppRoute = Hono["routes"][number];
type Shape = readonly Segment[];

/** The tables of the middlewares that `paywall` has made. */
const tables = new WeakMap<object, Table<Context>>();

export function rememberTable(middleware: object, table: Table<Context>): void {
  tables.set(middleware, table);
}

/**
 * Checks that every priced pattern of the app's paywalls is served by a route of the app, once all routes are there.
 * @throws ConfigError that names each pattern that is not
 */
export function checkApp(app: Routes): void {
  const problems: ConfigProblem[] = [];
  const paywalls = app.routes.filter((route) => tableOf(route) !== undefined);
  const served = app.routes.filter((route) => !paywalls.includes(route) && mayAnswer(route));
  for (const paywall of paywalls) {
    for (const path of tableOf(paywall)?.paths ?? []) {
      const shapes = shapesBelow(paywall, path.pattern);
      const routes = served.filter((route) => overlaps(shapes, shapesOf(route.path), true));
      for (const verb of path.verbs) {
        if (routes.some(({ method }) => verb === "ALL" || method === "ALL" || method === verb)) continue;
        const message = "no route of the app serves this; write the path as the app has it, its base included";
        problems.push({ code: "route_not_served", path: `routes["${verb} ${path.pattern}"]`, message });
      }
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

function tableOf({ handler }: AppRoute): Table<Context> | undefined {
  return tables.get(findTargetHandler(handler));
}

/** Middleware for the whole app is not what serves a path; below a path it may be, such as static files or a mount. */
function mayAnswer({ method, path, handler }: AppRoute): boolean {
  return method !== "ALL" || isHandler(handler) || path !== "/*";
}

/** What a pattern matches as a full path, and relative to where its paywall is registered. */
function shapesBelow({ basePath, path }: AppRoute, pattern: string): Shape[] {
  const own = shapesOf(pattern);
  const bases = [basePath, ...(path.endsWith("*") ? [path.slice(0, -1)] : [])].flatMap(shapesOf);
  return [...own, ...bases.flatMap((base) => own.map((shape) => [...base, ...shape]))];
}

/** A pattern that this package does not read counts as its literal beginning and anything below. */
function shapesOf(pattern: string): readonly Shape[] {
  const read = readPath(pattern);
  if ("shapes" in read) return read.shapes;
  const [, start = "/"] = /^((?:\/[\w.~-]+(?=\/))*)/.exec(pattern) ?? [];
  return [
    [
      ...start
        .split("/")
        .slice(1)
        .map((text): Segment => ({ type: "literal", text })),
      { type: "rest" },
    ],
  ];
}
