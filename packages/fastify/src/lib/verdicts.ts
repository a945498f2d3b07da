import { isDeepStrictEqual } from "node:util";
import { ConfigError, type ConfigProblem, type Paywall } from "@turnpike/core";
import { type PricedRoute, type RoutePrice, refuseVerb } from "@turnpike/core/adapter";
import type { FastifyRequest } from "fastify";
import { isOwnPrice, OwnPrice, statesPrice } from "./own-price.js";
import type { PriceTable } from "./price-table.js";
import { nameOf, type RouteConfig, type Served, verbsOf } from "./served.js";

/** What a route, or a place that the table alone names, costs. */
export interface Verdict {
  /** At least one of its methods has a price. */
  readonly priced: boolean;
  /** Its handler gets a part of the path to read for itself. */
  readonly open: boolean;
  route(verb: string): PricedRoute<FastifyRequest> | undefined;
}

/** The verdicts of one paywall, each made once. */
export class Verdicts {
  readonly #engine: Paywall | undefined;
  readonly #table: PriceTable | undefined;
  readonly #owns: (server: object) => boolean;
  /** By the route's `config`, which Fastify makes for each route. */
  readonly #routes = new WeakMap<RouteConfig, Verdict>();
  readonly #entries = new Map<string, Verdict>();
  /** Own prices by pattern: the route that Fastify adds for `HEAD` has the very price of its `GET`. */
  readonly #own = new Map<string, OwnPrice[]>();

  /** @param owns whether prices that routes of a context state for themselves are this paywall's */
  constructor(engine: Paywall | undefined, table: PriceTable | undefined, owns: (server: object) => boolean) {
    this.#engine = engine;
    this.#table = table;
    this.#owns = owns;
  }

  /** @throws ConfigError if the price of the route cannot mean what it says */
  of(route: Served): Verdict {
    let verdict = this.#routes.get(route.config);
    if (!verdict) {
      verdict = statesPrice(route.config) ? this.#ofOwn(route) : this.#ofTable(route.config.url);
      this.#routes.set(route.config, verdict);
    }
    return verdict;
  }

  /** The verdict on a pattern of the table. */
  at(pattern: string): Verdict {
    let verdict = this.#entries.get(pattern);
    if (!verdict) {
      verdict = this.#ofTable(pattern);
      this.#entries.set(pattern, verdict);
    }
    return verdict;
  }

  #ofTable(url: string | undefined): Verdict {
    const open = isOpen(url);
    const table = this.#table;
    // The handler for what is not found has no URL.
    const entries = url === undefined || !table ? [] : table.entries(url);
    if ("code" in entries) throw new ConfigError([entries]);
    if (!table || entries.length === 0) return free(open);
    return {
      open,
      priced: entries.some(({ verbs }) => verbs.some((verb) => table.price(entries, verb) !== undefined)),
      route: (verb) => table.price(entries, verb),
    };
  }

  #ofOwn({ server, config }: Served): Verdict {
    const open = isOpen(config.url);
    if (config.paywall === "free" || !this.#owns(server)) return free(open);
    const verbs = config.url === undefined ? undefined : verbsOf(config);
    const own = this.#ownPrice(config, verbs ?? ["ALL"]);
    const entry = config.url === undefined ? undefined : this.#table?.own(config.url);
    for (const verb of entry ? (verbs ?? []) : []) {
      const listed = entry && this.#table?.listed(entry, verb);
      if (listed && !isDeepStrictEqual(listed.price, own.price)) throw new ConfigError([twoPrices(listed.key, config)]);
    }
    return {
      open,
      priced: true,
      route: (verb) => {
        if (!verbs || verbs.includes(verb === "HEAD" ? "GET" : verb)) return own.route;
        // A handler that reads the path for itself may serve any method of it.
        return entry && this.#table ? this.#table.price([entry], verb) : refuseVerb(verbs);
      },
    };
  }

  #ownPrice(config: RouteConfig, verbs: readonly string[]): OwnPrice {
    const price = config.paywall as RoutePrice<FastifyRequest> | OwnPrice | undefined;
    if (isOwnPrice(price)) return price;
    if (isMissing(price)) throw new ConfigError([missingPrice(config)]);
    const url = config.url ?? "*";
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

function free(open: boolean): Verdict {
  return { open, priced: false, route: () => undefined };
}

/** The handler for what is not found reads the whole path. */
function isOpen(url: string | undefined): boolean {
  return url === undefined || /[:*]/.test(url);
}

/** As an unset environment variable leaves it. */
function isMissing(price: unknown): price is undefined | null {
  return price === undefined || price === null || (typeof price === "string" && price.trim() === "");
}

function missingPrice(config: RouteConfig): ConfigProblem {
  const message = `the route has the key \`config.paywall\` without a value; write a price, or "free" to open it`;
  return { code: "price_missing", path: nameOf(config), message };
}

function twoPrices(path: string, { url }: RouteConfig): ConfigProblem {
  return {
    code: "priced_twice",
    path,
    message: `the route "${url}" has another price of its own; keep one of them`,
  };
}
