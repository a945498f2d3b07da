import { shared } from "@turnpike/core/adapter";
import type { AppRoute } from "./gates.js";
import { mayStayAhead } from "./roles.js";

/** What a router says of a request: what is registered for it, in order; then values that parameters point to. */
type Entry = readonly [registered: readonly [handler: unknown, route: AppRoute], parameters: object];
type Match = readonly [entries: readonly Entry[], ...values: unknown[]];

export interface AppRouter {
  readonly name: string;
  match(method: string, path: string): unknown;
}

export interface App {
  readonly routes: readonly AppRoute[];
  readonly router: object;
}

/** A gate that is in a router itself, and what was there ahead of it. */
interface Guard {
  readonly route: AppRoute;
  /** Stands ahead of what is ahead. */
  readonly outpost: AppRoute;
  readonly ahead: ReadonlySet<AppRoute>;
}

const guards = shared("turnpike.hono.guards", () => new WeakMap<object, Guard[]>());

/** Whether a registration stands in the router of an app, which asks it for every request. */
export function isGuard({ router }: App, route: AppRoute): boolean {
  return guards.get(router)?.some((guard) => guard.route === route) ?? false;
}

/**
 * Puts a gate into an app's router, so that every request meets it, whatever the router has for its path: behind the
 * middleware for the whole app that is there already, ahead of everything else, and of all that comes later.
 */
export function insertGuard(app: App, handler: AppRoute["handler"], outpost: AppRoute["handler"]): void {
  const { router } = app;
  const routes = app.routes as AppRoute[];
  const first = routes.findIndex((other) => !mayStayAhead(other));
  const at = first < 0 ? routes.length : first;
  const place = { basePath: "/", path: "/*", method: "ALL" };
  const route: AppRoute = { ...place, handler };
  const guard = { route, outpost: { ...place, handler: outpost }, ahead: new Set(routes.slice(0, at)) };
  // There it is found by the check, and goes with the app into others.
  routes.splice(at, 0, route);
  const known = guards.get(router);
  if (known) {
    known.push(guard);
    return;
  }
  guards.set(router, [guard]);
  let inner = (router as AppRouter).match;
  const match = (method: string, path: string): Match => {
    const [entries, ...values] = inner.call(router, method, path) as Match;
    return [withGuards(app, entries), ...values];
  };
  // Hono's routers replace their own `match` once they are built.
  Object.defineProperty(router, "match", {
    configurable: true,
    get: () => match,
    set: (made: AppRouter["match"]) => {
      inner = made;
    },
  });
}

/** What a request meets, with the gates that stand in the router. */
export function withGuards({ router }: App, entries: readonly Entry[]): readonly Entry[] {
  let met = entries;
  for (const { route, outpost, ahead } of guards.get(router) ?? []) {
    const first = met.findIndex(([[, other]]) => !ahead.has(other));
    const at = first < 0 ? met.length : first;
    const before: Entry[] = at > 0 ? [entryOf(outpost), ...met.slice(0, at)] : [];
    met = [...before, entryOf(route), ...met.slice(at)];
  }
  return met;
}

function entryOf(route: AppRoute): Entry {
  return [[route.handler, route], {}];
}
