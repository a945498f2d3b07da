import {
  ambiguousPath,
  isTooLong,
  type PricedPath,
  type PricedRoute,
  readings,
  type Table,
  urlTooLong,
} from "@turnpike/core/adapter";
import express, { type Request } from "express";
import { type Match, Matcher } from "./matcher.js";

/** What a table says to one request. */
export type Verdict =
  | { readonly type: "free" }
  /** `OPTIONS` for a path that has a price. */
  | { readonly type: "options" }
  /** It is unknown what would be served. */
  | { readonly type: "refused"; readonly error: unknown }
  | {
      readonly type: "priced";
      readonly route: PricedRoute<Request>;
      /** Parameters by the pattern that matched. */
      readonly params: Record<string, string>;
    };

type Path = PricedPath<Request>;

/** Paths whose matches are kept, and the longest that is. */
const KEPT = 2_000;
const KEPT_LENGTH = 512;

const nothing: readonly Match[] = [];
const free: Verdict = { type: "free" };

/** Which Express this is: 4 has an old name for `delete`. */
export const major: 4 | 5 = "del" in express.application ? 4 : 5;

/** Layers that an app begins with by itself: Express 4 makes its requests there. */
export const OWN_LAYERS = major === 4 ? 2 : 0;

/**
 * Finds what a table asks for a path, by a router of the app's own Express. Every reading of the path counts, since file
 * servers and proxies resolve paths in their own ways.
 */
export class Lookup {
  readonly #table: Table<Request>;
  readonly #matcher: Matcher;
  readonly #kept = new Map<string, readonly Match[]>();
  /** One route for each set of patterns and method, so that results can be told apart. */
  readonly #routes = new Map<string, PricedRoute<Request> | undefined>();

  constructor(table: Table<Request>) {
    this.#table = table;
    this.#matcher = new Matcher(table.paths);
  }

  /** The patterns that match the path under any reading, whatever they say of a method. */
  matching(path: string): readonly Path[] {
    try {
      return [...new Set(this.#matches(path).flatMap(({ paths }) => paths))];
    } catch {
      return [];
    }
  }

  /** What a request costs whose target has several paths, by who reads it: the first that has a price. */
  findAny(paths: readonly string[], verb: string): Verdict {
    let verdict: Verdict = free;
    for (const path of paths) {
      const found = this.find(path, verb);
      if (verdict.type !== "priced") verdict = found.type === "free" ? verdict : found;
      else if (found.type === "priced" && found.route !== verdict.route) return { ...verdict, route: ambiguousPath };
    }
    return verdict;
  }

  find(path: string, verb: string): Verdict {
    if (isTooLong(path)) return { type: "priced", route: urlTooLong, params: {} };
    try {
      const matches = this.#matches(path);
      if (matches.length === 0) return free;
      return verb === "OPTIONS" ? passing(matches) : this.#price(matches, verb);
    } catch (error) {
      return { type: "refused", error };
    }
  }

  /** What matches the path, in the order of its readings. */
  #matches(path: string): readonly Match[] {
    let matches = this.#kept.get(path);
    if (matches) return matches;
    const found: Match[] = [];
    for (const reading of readings(path)) {
      const match = this.#matcher.match(reading);
      if (match) found.push(match);
    }
    matches = found.length > 0 ? found : nothing;
    if (this.#kept.size >= KEPT) this.#kept.clear();
    if (path.length <= KEPT_LENGTH) this.#kept.set(path, matches);
    return matches;
  }

  /** Readings that have different prices are refused: a file server may take one, the router another. */
  #price(matches: readonly Match[], verb: string): Verdict {
    let verdict: Verdict = free;
    for (const { paths, params } of matches) {
      const route = this.#route(paths, verb);
      if (!route || (verdict.type === "priced" && verdict.route === route)) continue;
      if (verdict.type === "priced") return { type: "priced", route: ambiguousPath, params };
      verdict = { type: "priced", route, params };
    }
    return verdict;
  }

  #route(paths: readonly Path[], verb: string): PricedRoute<Request> | undefined {
    const key = `${verb} ${paths.map(({ native }) => native).join(" ")}`;
    let route = this.#routes.get(key);
    if (route || this.#routes.has(key)) return route;
    route = this.#table.route(paths, verb);
    if (this.#routes.size >= KEPT) this.#routes.clear();
    this.#routes.set(key, route);
    return route;
  }
}

/** `OPTIONS` is free; it matters only where another method is not. */
function passing(matches: readonly Match[]): Verdict {
  const priced = matches.some(({ paths }) => paths.some((path) => path.verbs.some((verb) => path.route(verb))));
  return priced ? { type: "options" } : free;
}
