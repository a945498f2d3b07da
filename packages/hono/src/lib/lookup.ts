import { type PricedPath, type PricedRoute, type Table, urlTooLong } from "@turnpike/core/adapter";
import type { Context } from "hono";
import { matchedRoutes } from "hono/route";
import { TrieRouter } from "hono/router/trie-router";
import { anyCase } from "./any-case.js";
import type { AppRoute } from "./gates.js";
import { isKnown, loosen } from "./loose.js";
import { basesOf, isUnreadable, pathsOf, spellings } from "./spellings.js";

/** The price of a request; that it is `OPTIONS` for a path with a price; or nothing: it is free. */
export type Found = PricedRoute<Context> | "options" | undefined;

type Matches = readonly PricedPath<Context>[];

export interface Verdict {
  readonly found: Found;
  /** The patterns of the table that match the path in any of its readings. */
  readonly matched: Matches;
  /** Those that may match it: no example can be made of what they match. */
  readonly possible: Matches;
}

/** Finds the price of a request in a table. */
export interface Lookup {
  find(c: Context): Found;
  /**
   * The same for a request that is only thought of.
   * @param place where the table's gate is registered
   * @param stops all that is registered for the request
   */
  at(place: AppRoute, method: string, path: string, stops: readonly AppRoute[]): Verdict;
}

/** Verdicts kept for each place where a paywall is registered, and the longest path that is kept. */
const KEPT = 2_048;
const KEPT_LENGTH = 256;

export function createLookup(table: Table<Context>): Lookup {
  // Of Hono's routers the one that reads all of its path language and reports every match.
  const router = new TrieRouter<PricedPath<Context>>();
  for (const path of table.paths) router.add("ALL", path.native, path);
  const inAnyCase = anyCase(table.paths);
  const match = (path: string): Matches => {
    const exact = router.match("ALL", path)[0].map(([priced]) => priced as unknown as PricedPath<Context>);
    // Who resolves a path by itself may take letters in any case.
    const other = inAnyCase(path);
    return other.length > exact.length ? [...new Set([...exact, ...other])] : exact;
  };

  /** What matches the pattern of a route of the app: the app's own router, which matched it, may be more lenient. */
  const served = new WeakMap<object, Matches>();
  const matchServed = (route: AppRoute): Matches => {
    let matches = served.get(route);
    if (!matches) {
      matches = /[*?{]/.test(route.path) ? [] : match(route.path);
      served.set(route, matches);
    }
    return matches;
  };

  const read = (bases: readonly string[], paths: readonly string[], stops: readonly AppRoute[]): Matches[] => {
    const found = paths.flatMap((path) => spellings(path, bases));
    return [...found.map(match), ...stops.map(matchServed)];
  };

  const unknown = table.paths.filter(({ pattern }) => !isKnown(pattern));
  const loose = new TrieRouter<PricedPath<Context>>();
  for (const path of unknown) loose.add("ALL", loosen(path.native), path);
  const possibly = (bases: readonly string[], path: string): Matches => {
    if (unknown.length === 0) return [];
    return spellings(path, bases).flatMap((one) => loose.match("ALL", one)[0].map(([priced]) => priced as never));
  };

  /** One registration may be reached through several apps, which may match one path differently. */
  const places = new WeakMap<object, Map<string, Found | null>>();

  return {
    at(place, method, path, stops) {
      const bases = basesOf(path, place);
      const possible = possibly(bases, path);
      const readings = read(bases, [path], stops);
      // What meets such a path only because it may be a route's is read the same way.
      if (stops.some((stop) => !isKnown(stop.path))) readings.push(possible);
      return { found: priceOf(table, readings, method, true), matched: [...new Set(readings.flat())], possible };
    },
    find(c) {
      const { method, path } = c.req;
      const paths = pathsOf(c);
      if (paths.some(isUnreadable)) return urlTooLong;
      const routes = matchedRoutes(c);
      const place = routes[c.req.routeIndex];
      let verdicts = places.get(place ?? table);
      if (!verdicts) {
        verdicts = new Map();
        places.set(place ?? table, verdicts);
      }
      const key = `${method} ${paths.join(" ")}`;
      const kept = verdicts.get(key);
      if (kept !== undefined) return kept ?? undefined;

      const found = priceOf(table, read(basesOf(path, place, c), paths, routes), method);
      if (verdicts.size >= KEPT) verdicts.clear();
      if (key.length <= KEPT_LENGTH) verdicts.set(key, found ?? null);
      return found;
    },
  };
}

/** @param quiet no request asks */
function priceOf(table: Table<Context>, readings: readonly Matches[], method: string, quiet = false): Found {
  if (method === "OPTIONS" && readings.some((matches) => matches.some(isPriced))) return "options";
  return table.routeAcross(readings, method, quiet);
}

function isPriced(path: PricedPath<Context>): boolean {
  return path.verbs.some((verb) => path.route(verb) !== undefined);
}
