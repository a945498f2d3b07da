import type { PricedPath, PricedRoute, Table } from "@turnpike/core/adapter";
import type { Context } from "hono";
import { matchedRoutes } from "hono/route";
import { TrieRouter } from "hono/router/trie-router";
import { basesOf, spellings } from "./spellings.js";

/** The price of a request; that it is `OPTIONS` for a path with a price; or nothing: it is free. */
type Found = PricedRoute<Context> | "options" | undefined;

type Matches = readonly PricedPath<Context>[];

/** Verdicts kept for each place where a paywall is registered, and the longest path that is kept. */
const KEPT = 2_048;
const KEPT_LENGTH = 256;

/** Finds the price of a request in a table. */
export function createLookup(table: Table<Context>): (c: Context) => Found {
  // Of Hono's routers the one that reads all of its path language and reports every match.
  const router = new TrieRouter<PricedPath<Context>>();
  for (const path of table.paths) router.add("ALL", path.native, path);
  const match = (path: string) =>
    router.match("ALL", path)[0].map(([priced]) => priced as unknown as PricedPath<Context>);

  /** What matches the pattern of a route of the app: the app's own router, which matched it, may be more lenient. */
  const served = new WeakMap<object, Matches>();
  const matchServed = (route: { readonly path: string }): Matches => {
    let matches = served.get(route);
    if (!matches) {
      matches = /[*?{]/.test(route.path) ? [] : match(route.path);
      served.set(route, matches);
    }
    return matches;
  };

  /** One registration may be reached through several apps, which may match one path differently. */
  const places = new WeakMap<object, Map<string, Found | null>>();

  return (c) => {
    const { method, path } = c.req;
    const routes = matchedRoutes(c);
    const place = routes[c.req.routeIndex] ?? table;
    let verdicts = places.get(place);
    if (!verdicts) {
      verdicts = new Map();
      places.set(place, verdicts);
    }
    const key = `${method} ${path}`;
    const kept = verdicts.get(key);
    if (kept !== undefined) return kept ?? undefined;

    const readings = [...spellings(path, basesOf(c, routes[c.req.routeIndex])).map(match), ...routes.map(matchServed)];
    const found = priceOf(table, readings, method);
    if (verdicts.size >= KEPT) verdicts.clear();
    if (key.length <= KEPT_LENGTH) verdicts.set(key, found ?? null);
    return found;
  };
}

function priceOf(table: Table<Context>, readings: readonly Matches[], method: string): Found {
  if (method === "OPTIONS" && readings.some((matches) => matches.some(isPriced))) return "options";
  return table.routeAcross(readings, method);
}

function isPriced(path: PricedPath<Context>): boolean {
  return path.verbs.some((verb) => path.route(verb) !== undefined);
}
