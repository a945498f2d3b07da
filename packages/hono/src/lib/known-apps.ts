import type { AppRoute } from "./gates.js";
import { functionOf } from "./roles.js";

/** How far the routes of an app have been read. */
const read = new WeakMap<readonly AppRoute[], number>();
const apps = new Set<WeakRef<readonly AppRoute[]>>();
/** Functions that are registered for other methods than `OPTIONS`. */
const functions = new WeakSet<object>();

/** A middleware cannot see its app; an app that was checked, or that the paywall was given, is known from then on. */
export function rememberApp({ routes }: { readonly routes: readonly AppRoute[] }): void {
  if (read.has(routes)) return;
  read.set(routes, 0);
  for (const app of apps) if (!app.deref()) apps.delete(app);
  apps.add(new WeakRef(routes));
}

/** What a request with another method meets shows what serves that. */
export function noteFunctions(routes: readonly AppRoute[]): void {
  for (const route of routes) if (route.method !== "OPTIONS") functions.add(functionOf(route));
}

/** Whether a function is known to be registered for another method than `OPTIONS`, in any app that is known. */
export function servesElsewhere(route: AppRoute): boolean {
  for (const app of apps) {
    const routes = app.deref();
    if (!routes || read.get(routes) === routes.length) continue;
    // A gate may be put in anywhere.
    noteFunctions(routes);
    read.set(routes, routes.length);
  }
  return functions.has(functionOf(route));
}
