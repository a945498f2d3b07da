import { isDeepStrictEqual } from "node:util";
import { ConfigError, type ConfigProblem, createPaywall, type Paywall } from "@turnpike/core";
import {
  ambiguousPath,
  type PaywallConfig,
  type PricedRoute,
  type RoutePrice,
  type RouteTable,
  readings,
} from "@turnpike/core/adapter";
import { verbOf } from "@turnpike/core/node";
import type { FastifyRequest } from "fastify";
import { OwnPrice } from "./own-price.js";
import { PatternRouter } from "./pattern-router.js";
import { PriceTable, verbsOf } from "./price-table.js";
import type { RouteConfig, Served } from "./served.js";

/** What a route costs. */
interface Verdict {
  /** Some verb of it costs something. */
  readonly priced: boolean;
  /** Its handler gets a part of the path to read for itself. */
  readonly open: boolean;
  route(verb: string): PricedRoute<FastifyRequest> | undefined;
}

/** The price of one request; that it is `OPTIONS` for a handler of several verbs; or it is free. */
export type Quote = PricedRoute<FastifyRequest> | "options" | undefined;

export interface PriceSource {
  readonly source: PaywallConfig<FastifyRequest> | Paywall;
  readonly routes: RouteTable<FastifyRequest> | undefined;
  /** Whether prices that routes of this context state for themselves are this paywall's. */
  owns(server: object): boolean;
}

/** Paths whose readings are kept, and the longest that is. */
const KEPT = 2_000;
const KEPT_LENGTH = 256;

/** All prices of one paywall. */
export class Prices {
  readonly #owns: (server: object) => boolean;
  readonly #engine: Paywall | undefined;
  readonly #table: PriceTable | undefined;
  /** By the route's `config`, which Fastify makes for each route. */
  readonly #verdicts = new WeakMap<RouteConfig, Verdict>();
  /** Own prices by pattern: the route that Fastify adds for `HEAD` has the very price of its `GET`. */
  readonly #own = new Map<string, OwnPrice[]>();
  /** The routes of the app by their patterns. */
  readonly #served = new PatternRouter<Served>();
  readonly #kept = new Map<string, readonly (readonly Served[])[]>();

  /** @throws ConfigError that lists everything that is wrong with the configuration, the table and the routes' own prices */
  constructor({ source, routes, owns }: PriceSource, served: readonly Served[]) {
    const problems: ConfigProblem[] = [];
    const attempt = <T>(make: () => T): T | undefined => {
      try {
        return make();
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        problems.push(...error.problems);
        return undefined;
      }
    };
    this.#owns = owns;
    this.#engine = attempt(() => createPaywall(source as PaywallConfig<FastifyRequest>));
    const listed = typeof routes === "object" && Object.keys(routes).length > 0;
    this.#table = listed ? attempt(() => new PriceTable(this.#engine ?? source, routes)) : undefined;
    for (const route of served) {
      this.#served.add(route.config.url, route);
      if (this.#engine) attempt(() => this.#verdict(route));
    }
    const unserved = this.#table?.unserved(served) ?? [];
    problems.push(...unserved.filter(({ path }) => !problems.some((known) => known.path === path)));
    const idle = !listed && !served.some(({ config }) => config.paywall !== undefined);
    if (idle) problems.push(nothingPriced);
    if (problems.length > 0) throw new ConfigError(problems);
  }

  /** What a request costs, by the route that Fastify has found and by every other that its path may be taken for. */
  quote(request: FastifyRequest): Quote {
    const { config } = request.routeOptions as { config: RouteConfig };
    if (config.url === undefined) return this.#refusal(verbOf(request.raw), request.raw.url ?? "/");
    const verdict = this.#verdict({ server: request.server, config });
    if (!verdict.open && !verdict.priced) return undefined;
    const verb = verbOf(request.raw);
    const verdicts = verdict.open ? [verdict, ...this.#others(config.url, request.raw.url ?? "/")] : [verdict];
    if (verb === "OPTIONS") {
      return [config.method].flat().some((method) => method !== "OPTIONS") && verdicts.some(({ priced }) => priced)
        ? "options"
        : undefined;
    }
    let found: PricedRoute<FastifyRequest> | undefined;
    for (const { route } of verdicts) {
      const next = route(verb);
      if (found && next && next !== found) return ambiguousPath;
      found ??= next;
    }
    return found;
  }

  /** For what no route serves: 405 if the table prices the path for other verbs. */
  #refusal(verb: string, target: string): Quote {
    if (verb === "OPTIONS" || !this.#table) return undefined;
    const wanted = verb === "HEAD" ? "GET" : verb;
    for (const { config } of this.#places(pathOf(target)).flat()) {
      const path = this.#table.find(config.url ?? "");
      if (!path || "code" in path || path.verbs.some((listed) => listed === wanted || listed === "ALL")) continue;
      return this.#table.price(path, verb);
    }
    return undefined;
  }

  /** Other routes that a handler may reach by resolving the path in its own way, as file servers and proxies do. */
  #others(url: string, target: string): Verdict[] {
    const others: Verdict[] = [];
    for (const place of this.#places(pathOf(target))) {
      if (place.some(({ config }) => config.url === url)) continue;
      for (const route of place) others.push(this.#verdict(route));
    }
    return others;
  }

  /** The routes that each reading of a path leads to. */
  #places(path: string): readonly (readonly Served[])[] {
    let places = this.#kept.get(path);
    if (!places) {
      places = readings(path).map((reading) => this.#served.at(reading));
      if (this.#kept.size >= KEPT) this.#kept.clear();
      if (path.length <= KEPT_LENGTH) this.#kept.set(path, places);
    }
    return places;
  }

  /** @throws ConfigError if the price of the route cannot mean what it says */
  #verdict(route: Served): Verdict {
    let verdict = this.#verdicts.get(route.config);
    if (!verdict) {
      verdict = this.#judge(route);
      this.#verdicts.set(route.config, verdict);
    }
    return verdict;
  }

  #judge({ server, config }: Served): Verdict {
    const open = /[:*]/.test(config.url ?? "");
    const free = { open, priced: false, route: () => undefined };
    // The handler for what is not found has no URL.
    if (config.url === undefined) return free;
    const path = this.#table?.find(config.url);
    if (path && "code" in path) throw new ConfigError([path]);
    if (config.paywall !== undefined) {
      if (config.paywall === "free" || !this.#owns(server)) return free;
      const verbs = verbsOf(config);
      const own = this.#ownPrice(config.paywall, config.url, verbs);
      for (const verb of path ? verbs : []) {
        const entry = path && this.#table?.entry(path, verb);
        if (entry && !isDeepStrictEqual(entry.price, own.price)) throw new ConfigError([twoPrices(entry.key, config)]);
      }
      return {
        open,
        priced: true,
        route: (verb) => (verbs.includes(verb === "HEAD" ? "GET" : verb) ? own.route : undefined),
      };
    }
    const table = this.#table;
    if (!table || !path) return free;
    const priced = path.verbs.some((verb) => table.price(path, verb) !== undefined);
    return { open, priced, route: (verb) => table.price(path, verb) };
  }

  #ownPrice(price: RoutePrice<FastifyRequest> | OwnPrice, url: string, verbs: readonly string[]): OwnPrice {
    if (price instanceof OwnPrice) return price;
    const known = this.#own.get(url) ?? [];
    let own = known.find((one) => one.price === price);
    if (!own) {
      if (!this.#engine) throw new Error("There is no engine to price a route with.");
      own = new OwnPrice(price, this.#engine.price(price, `${verbs.join(",")} ${url}`));
      this.#own.set(url, [...known, own]);
    }
    return own;
  }
}

const nothingPriced: ConfigProblem = {
  code: "missing_routes",
  path: "routes",
  message: "no route has a price; a paywall without prices protects nothing",
};

function twoPrices(path: string, { url }: RouteConfig): ConfigProblem {
  return {
    code: "priced_twice",
    path,
    message: `the route "${url}" states another price for itself; keep one of them`,
  };
}

/** The path of a request target, which may be in absolute form. */
function pathOf(target: string): string {
  const path = target.startsWith("/") ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, "");
  return path.split(/[?#]/, 1)[0] || "/";
}
