import type { PaywallConfig, RouteTable } from "../config.js";
import type { Paywall } from "../paywall/paywall.js";
import type { PricedRoute } from "../seam.js";
import type { ReadPath } from "./path.js";

/** One pattern of a table with the verbs that it prices. */
export interface PricedPath<Raw> {
  /** As the seller wrote it. */
  readonly pattern: string;
  /** As the framework's router reads it. */
  readonly native: string;
  /** The verbs listed with it, in the seller's order: `GET`, `POST`, …, or `ALL`. */
  readonly verbs: readonly string[];
  /**
   * The route that prices a verb: nothing if the verb is free (`"free"`, `OPTIONS`); `HEAD` is `GET`; a verb that the
   * table leaves out gets a route that answers 405.
   */
  route(method: string): PricedRoute<Raw> | undefined;
}

export interface Table<Raw> {
  readonly engine: Paywall;
  readonly paths: readonly PricedPath<Raw>[];
  /**
   * The route that prices a verb on a path that one or more patterns match (their order is free): the one that lists the
   * verb, else one that answers 405 with the verbs of all; nothing if the verb is free.
   */
  route(matches: readonly PricedPath<Raw>[], method: string): PricedRoute<Raw> | undefined;
}

/**
 * Compiles the table of a paywall, once, at start.
 * @param read how this framework reads a path pattern
 * @param overlap `false` where the framework's own router decides between patterns (Fastify), so that they may overlap
 * @throws ConfigError that lists every problem of the configuration and the table
 */
export declare function compileTable<Raw>(
  source: PaywallConfig<Raw> | Paywall,
  routes: RouteTable<Raw> | undefined,
  read: (pattern: string) => ReadPath,
  overlap?: boolean,
): Table<Raw>;
