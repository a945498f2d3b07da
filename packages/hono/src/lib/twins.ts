import type { AppRoute } from "./gates.js";
import { functionOf } from "./roles.js";
import type { Scene } from "./scene.js";

/** Registrations that follow one another for the same path. */
type Run = readonly AppRoute[];

const known = new WeakMap<Scene, readonly Run[]>();

/**
 * Other registrations of what is registered here: of one sub-app at several paths, or of one list of paths, which Hono
 * takes apart. `app.on("GET", ["/a", "/b"], handler)` leaves the same as two calls of `app.get` with that handler.
 */
export function twinsOf(scene: Scene, route: AppRoute): AppRoute[] {
  const others = scene.routes.filter((other) => isSame(other, route) && other.path !== route.path);
  return others.length === 0
    ? others
    : others.filter((other) => isSubAppOf(other, route) || isListed(scene, other, route));
}

function isSame(one: AppRoute, other: AppRoute): boolean {
  return one.method === other.method && functionOf(one) === functionOf(other);
}

function isSubAppOf(one: AppRoute, other: AppRoute): boolean {
  return one.basePath !== other.basePath && below(one) === below(other);
}

function below({ path, basePath }: AppRoute): string {
  const base = basePath.replace(/\/$/, "");
  return path.startsWith(base) ? path.slice(base.length) : path;
}

/** Whether all that stands between two registrations repeats the same for one path after the other. */
function isListed(scene: Scene, one: AppRoute, other: AppRoute): boolean {
  let runs = known.get(scene);
  if (!runs) {
    runs = runsOf(scene.routes);
    known.set(scene, runs);
  }
  const places = [one, other].map((route) => runs.findIndex((run) => run.includes(route))).sort((a, b) => a - b);
  const [from = 0, to = 0] = places;
  const first = runs[from] as Run;
  return runs.slice(from, to + 1).every((run) => {
    return run.length === first.length && run.every((route, at) => isSame(route, first[at] as AppRoute));
  });
}

function runsOf(routes: readonly AppRoute[]): Run[] {
  const runs: AppRoute[][] = [];
  for (const route of routes) {
    const last = runs.at(-1);
    if (last?.[0]?.path === route.path && last[0].basePath === route.basePath) last.push(route);
    else runs.push([route]);
  }
  return runs;
}
