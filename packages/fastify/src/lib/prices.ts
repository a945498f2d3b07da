import { isDeepStrictEqual } from "node:util";
import { ConfigError, type ConfigProblem, createPaywall, type PaywallConfig } from "@turnpike/core";
import {
  type AnySource,
  type AnyTable,
  ambiguousPath,
  isTooLong,
  originForm,
  type PricedRoute,
  samePrice,
  urlTooLong,
} from "@turnpike/core/adapter";
import { verbOf } from "@turnpike/core/node";
import type { FastifyRequest } from "fastify";
import { isOwnPrice, statesPrice } from "./own-price.js";
import { covers, expandPattern } from "./pattern.js";
import { PatternRouter } from "./pattern-router.js";
import { Places } from "./places.js";
import { PriceTable } from "./price-table.js";
import { Relatives } from "./relatives.js";
import { nameOf, type RouteConfig, type Served, verbsOf } from "./served.js";
import { findUnserved } from "./unserved.js";
import { type Verdict, Verdicts } from "./verdicts.js";

/**
 * The price of one request; that it is `OPTIONS` for a handler of several methods; that nothing is there, though its path may
 * be taken for one that costs; or it is free.
 */
export type Quote = PricedRoute<FastifyRequest> | "options" | "missing" | undefined;

export interface PriceSource {
  /** Nothing if routes state all their prices by `paid`. */
  readonly source: AnySource<FastifyRequest> | undefined;
  readonly routes: AnyTable<FastifyRequest> | undefined;
  /** Whether prices that routes of this context state for themselves are this paywall's. */
  owns(server: object): boolean;
}

/** A route of the app, or a pattern that the table alone names. */
type Spot = Served | string;

/** All prices of one paywall. */
export class Prices {
  /** Where faults are reported. */
  readonly source: PriceSource["source"];
  readonly #table: PriceTable | undefined;
  readonly #verdicts: Verdicts;
  /** The routes of the app by their patterns, and what the table names beside them. */
  readonly #spots = new PatternRouter<Spot>();
  /** What the table names, by itself. */
  readonly #listed = new PatternRouter<string>();
  /** What each reading of a path leads to. */
  readonly #places = new Places<Spot>((reading) => this.#spots.at(reading));
  readonly #listedPlaces = new Places<Spot>((reading) => this.#listed.at(reading));
  readonly #relatives: Relatives;
  /** Whether the table says anything of a route as a whole. */
  readonly #isListed = new WeakMap<RouteConfig, boolean>();

  /**
   * @param written the routes whose handlers are known
   * @throws ConfigError that lists everything that is wrong with the configuration, the table and the routes' own prices
   */
  constructor({ source, routes, owns }: PriceSource, served: readonly Served[], written: readonly Served[]) {
    this.source = source ?? written.map(({ config }) => config.paywall).find(isOwnPrice)?.source;
    const problems: ConfigProblem[] = [];
    const attempt = <T>(make: () => T): T | undefined => {
      try {
        return make();
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        problems.push(
          ...error.problems.filter((problem) => !problems.some((known) => isDeepStrictEqual(known, problem))),
        );
        return undefined;
      }
    };
    const engine = source && attempt(() => createPaywall(source as PaywallConfig<FastifyRequest, string>));
    const listed = source !== undefined && typeof routes === "object" && Object.keys(routes).length > 0;
    this.#table = listed ? attempt(() => new PriceTable(engine ?? source, routes)) : undefined;
    this.#verdicts = new Verdicts(engine, this.#table, owns);
    this.#relatives = new Relatives(written, (pattern) => this.#routesAt(pattern));
    for (const route of served) {
      this.#spots.add(route.config.url, route);
      if (engine || !source) attempt(() => this.#verdicts.of(route));
    }
    for (const { native } of this.#table?.paths ?? []) this.#addEntry(native);
    const unserved = this.#table ? findUnserved(this.#table, served) : [];
    problems.push(...unserved.filter(({ path }) => !problems.some((known) => known.path === path)));
    if (!listed && !served.some(({ config }) => statesPrice(config))) problems.push(nothingPriced);
    if (problems.length > 0) throw new ConfigError(problems);
  }

  /** @throws ConfigError if the price of the route cannot mean what it says */
  verdict(route: Served): Verdict {
    return this.#verdicts.of(route);
  }

  /** What a request costs, by the route that Fastify has found and by every other that its path may be taken for. */
  quote(request: FastifyRequest): Quote {
    const { config, handler } = request.routeOptions as { config: RouteConfig; handler?: { name: string } };
    const verb = verbOf(request.raw);
    const route = this.#relatives.pricing({ server: request.server, config }, verb);
    const verdict = request.is404 ? undefined : this.#verdicts.of(route);
    const sharing = verdict && verb === "OPTIONS" ? this.#relatives.sharing(config) : [];
    if (verdict && !verdict.open && !verdict.priced && sharing.length === 0) return undefined;
    const target = originForm(verb, request.raw.url ?? "/");
    if (target === undefined) return ambiguousPath;
    const path = target.split("?", 1)[0] as string;
    if ((!verdict || verdict.open) && isTooLong(path)) return urlTooLong;
    if (!verdict) return this.#quoteMissing(route, verb, path, handler?.name === FASTIFYS_OWN);
    if (!verdict.open && verb !== "OPTIONS") return verdict.route(verb);
    const meanings = verdict.open ? [...this.#meanings(route, path, verb), ...this.#partly(route, path)] : [[route]];
    if (verb !== "OPTIONS") return this.#one(meanings, verb);
    const works = sharing.length > 0 || [config.method].flat().some((method) => method !== "OPTIONS");
    return works && this.#isPriced([...meanings, sharing]) ? "options" : undefined;
  }

  /**
   * Whether what has met no gate may serve what costs, by any reading of its path. `OPTIONS` does not: a preflight gets
   * its response ahead of the paywall.
   */
  costs(verb: string, url: string): boolean {
    if (verb === "OPTIONS") return false;
    const target = originForm(verb, url);
    const path = target?.split("?", 1)[0];
    if (path === undefined || isTooLong(path)) return true;
    const listed = this.#listedPlaces.of(path);
    return this.#places.of(path).some((place, at) => {
      const isStated = place.some((spot) => typeof spot !== "string" && statesPrice(spot.config));
      return [place, isStated ? [] : (listed[at] ?? [])].some((spots) => this.#pricesAt(spots, verb).length > 0);
    });
  }

  /**
   * Routes of the app for which another paywall of it has another price: a buyer would be asked for both, and get neither.
   */
  conflicts(other: Prices, served: readonly Served[]): ConfigProblem[] {
    const problems = served.flatMap((route) =>
      verbsOf(route.config).flatMap((verb): ConfigProblem[] => {
        const [one, two] = [this.verdict(route), other.verdict(route)];
        const [asked, asks] = [one.route(verb), two.route(verb)];
        if (!asked || !asks || samePrice(asked, asks)) return [];
        const message = "two paywalls of the app have different prices for this route; keep one of them";
        return [{ code: "priced_twice", path: nameOf(route.config), message }];
      }),
    );
    return problems.filter(({ path }, at) => problems.findIndex((known) => known.path === path) === at);
  }

  /** For what no route serves: its handler may be a proxy or a file server, which serves what the path may be taken for. */
  #quoteMissing(route: Served, verb: string, path: string, bare: boolean): Quote {
    const meanings = [[route], ...this.#places.of(path), ...this.#partly(route, path)];
    if (verb === "OPTIONS") return this.#isPriced(meanings) ? "options" : undefined;
    const quote = this.#one(meanings, verb);
    if (quote === undefined || !bare) return quote;
    return this.#refusal(meanings, verb) ?? "missing";
  }

  /** The 405 of a path that the table prices for other methods. */
  #refusal(meanings: readonly (readonly Spot[])[], verb: string): PricedRoute<FastifyRequest> | undefined {
    const table = this.#table;
    for (const spot of table ? meanings.flat() : []) {
      const url = typeof spot === "string" ? spot : spot.config.url;
      const entries = url === undefined ? [] : table?.entries(url);
      if (!table || !entries || "code" in entries || entries.length === 0 || table.lists(entries, verb)) continue;
      return table.price(entries, verb);
    }
    return undefined;
  }

  /** What a handler may reach with this path: its own route, and others by resolving the path as file servers and proxies do. */
  #meanings(route: Served, path: string, verb: string): readonly (readonly Spot[])[] {
    const { url, paywall } = route.config;
    const [place = [], ...others] = this.#places.of(path);
    // As the path was sent, Fastify has told by the method that a route which is sold for others is not meant. A catch-all
    // may still serve its path.
    const isTold = verb !== "OPTIONS" && (!url?.includes("*") || this.#verdicts.of(route).route(verb) !== undefined);
    const sent = isTold ? place.filter((spot) => !isOfOthers(spot, verb)) : place;
    const isOwn = (place: readonly Spot[]) => place.some((spot) => typeof spot !== "string" && spot.config.url === url);
    // A part of what the route serves has an entry of its own, which counts there in place of the route's.
    const isPart = sent.length > 0 && paywall === undefined && sent.every((spot) => isWithin(spot, url));
    if (isPart) return [sent, ...others];
    return [[route], ...(isOwn(sent) ? [] : [sent]), ...others.filter((place) => !isOwn(place))];
  }

  /** What the table asks for a path of a route that it does not cover as a whole, nor the route's own author prices. */
  #partly({ config }: Served, path: string): readonly (readonly Spot[])[] {
    if (!this.#table || statesPrice(config)) return [];
    let isListed = this.#isListed.get(config);
    if (isListed === undefined) {
      const entries = config.url === undefined ? [] : this.#table.entries(config.url);
      isListed = "code" in entries || entries.length > 0;
      this.#isListed.set(config, isListed);
    }
    return isListed ? [] : this.#listedPlaces.of(path);
  }

  /** The one price of all meanings; 400 if there are several. */
  #one(meanings: readonly (readonly Spot[])[], verb: string): PricedRoute<FastifyRequest> | undefined {
    let found: PricedRoute<FastifyRequest> | undefined;
    for (const place of meanings) {
      for (const next of this.#pricesAt(place, verb)) {
        if (found && next !== found) return ambiguousPath;
        found = next;
      }
    }
    return found;
  }

  /** Routes that serve the method count; if there are none, all do, and refuse it. */
  #pricesAt(place: readonly Spot[], verb: string): PricedRoute<FastifyRequest>[] {
    const wanted = verb === "HEAD" ? "GET" : verb;
    const serving = place.filter((spot) => typeof spot === "string" || verbsOf(spot.config).includes(wanted));
    return (serving.length > 0 ? serving : place).flatMap((spot) => this.#verdictOn(spot).route(verb) ?? []);
  }

  #isPriced(meanings: readonly (readonly Spot[])[]): boolean {
    return meanings.some((place) => place.some((spot) => this.#verdictOn(spot).priced));
  }

  #verdictOn(spot: Spot) {
    return typeof spot === "string" ? this.#verdicts.at(spot) : this.#verdicts.of(spot);
  }

  #routesAt(url: string): Served[] {
    const spots = expandPattern(url).flatMap((pattern) => this.#spots.named(pattern) ?? []);
    return spots.filter((spot) => typeof spot !== "string");
  }

  /** A wildcard counts for what is ahead of its slash, too. */
  #addEntry(native: string): void {
    for (const pattern of expandPattern(native)) {
      for (const place of [pattern, pattern.replace(/(?<=.)\/\*$/, "")]) {
        if (!this.#spots.named(place)) this.#spots.add(place, pattern);
        if (!this.#listed.named(place)) this.#listed.add(place, pattern);
      }
    }
  }
}

/** Whether the route states a price for itself, and serves other methods only. */
function isOfOthers(spot: Spot, verb: string): boolean {
  if (typeof spot === "string" || !statesPrice(spot.config)) return false;
  return !verbsOf(spot.config).includes(verb === "HEAD" ? "GET" : verb);
}

/** What Fastify calls its handler for what is not found, where the app has none. */
const FASTIFYS_OWN = "basic404";

const nothingPriced: ConfigProblem = {
  code: "missing_routes",
  path: "routes",
  message: "no route has a price; a paywall without prices protects nothing",
};

function isWithin(spot: Spot, url: string): boolean {
  return typeof spot === "string" && expandPattern(url).some((wide) => covers(wide, spot));
}
