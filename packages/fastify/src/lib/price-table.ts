import type { ConfigProblem, Paywall } from "@turnpike/core";
import {
  compileTable,
  type PaywallConfig,
  type PricedPath,
  type PricedRoute,
  type RouteTable,
} from "@turnpike/core/adapter";
import type { FastifyRequest } from "fastify";
import { expandPattern, PatternRouter } from "./pattern-router.js";
import type { RouteConfig, Served } from "./served.js";

type Path = PricedPath<FastifyRequest>;
type Routes = RouteTable<FastifyRequest>;

/** The prices of a table by the patterns of the app's routes. */
export class PriceTable {
  /** Patterns in the first of their spellings. */
  readonly #patterns = new PatternRouter<string>();
  readonly #paths: ReadonlyMap<string, Path>;
  readonly #routes: Routes;
  readonly #prices = new Map<string, PricedRoute<FastifyRequest> | undefined>();

  /** @throws ConfigError that lists everything that is wrong with the source and the table */
  constructor(source: PaywallConfig<FastifyRequest> | Paywall, routes: Routes) {
    this.#routes = routes;
    // Which of two patterns serves a path is for the app's router to say, so they may overlap.
    const table = compileTable(source, routes, (pattern) => this.#read(pattern), false);
    this.#paths = new Map(table.paths.map((path) => [path.native, path]));
  }

  /** What the table has for a route; a problem if it has only one of the two paths that the route's pattern stands for. */
  find(url: string): Path | ConfigProblem | undefined {
    const names = expandPattern(url).map((pattern) => this.#nameOf(pattern));
    const name = names.find((name) => name !== undefined);
    if (name === undefined) return undefined;
    if (names.every((other) => other === name)) return this.#paths.get(name);
    const message = `is part of "${url}", which is one route of the app; list it as it is`;
    return { code: "split_route", path: this.#keyOf(name), message };
  }

  /** The price of a verb; the same object each time, so that prices can be told apart. */
  price(path: Path, verb: string): PricedRoute<FastifyRequest> | undefined {
    const key = `${verb} ${path.native}`;
    let price = this.#prices.get(key);
    if (!price && !this.#prices.has(key)) {
      price = path.route(verb);
      this.#prices.set(key, price);
    }
    return price;
  }

  /** The table's key and value for a verb of a route, if that verb costs. */
  entry({ native }: Path, verb: string): { readonly key: string; readonly price: unknown } | undefined {
    for (const [key, price] of Object.entries(this.#routes)) {
      const [listed, pattern = ""] = key.split(" ");
      if (this.#nameOf(pattern) === native && (listed === verb || listed === "ALL") && price !== "free") {
        return { key: `routes["${key}"]`, price };
      }
    }
    return undefined;
  }

  /** Every verb of a pattern that no route of the app serves. */
  unserved(served: readonly Served[]): ConfigProblem[] {
    const verbs = new Map<unknown, Set<string>>();
    for (const { config } of served) {
      const path = this.find(config.url);
      if (path) verbs.set(path, new Set([...(verbs.get(path) ?? []), ...verbsOf(config)]));
    }
    return [...this.#paths.values()].flatMap((path) => {
      const have = verbs.get(path);
      const missing = path.verbs.filter((verb) => !(verb === "ALL" ? have : have?.has(verb)));
      return missing.map((verb) => ({
        code: "route_not_served",
        path: `routes["${verb} ${path.pattern}"]`,
        message: have
          ? `the app serves this for ${[...have].join(", ")} only`
          : `no route of the app serves this; write the path as the app has it, its prefix included${guess(path.pattern, served)}`,
      }));
    });
  }

  #read(pattern: string) {
    try {
      const name = this.#nameOf(pattern);
      if (name === undefined) this.#patterns.add(pattern, pattern);
      return { native: name ?? pattern, shapes: [] };
    } catch (error) {
      return { problem: `Fastify's router cannot read this: ${(error as Error).message}` };
    }
  }

  #nameOf(pattern: string): string | undefined {
    const names = expandPattern(pattern).map((plain) => this.#patterns.named(plain)?.[0]);
    return names.every((name) => name === names[0]) ? names[0] : undefined;
  }

  #keyOf(name: string): string {
    return Object.keys(this.#routes)
      .filter((key) => this.#nameOf(key.split(" ")[1] ?? "") === name)
      .map((key) => `routes["${key}"]`)
      .join(", ");
  }
}

/** The verbs that a route serves, as tables count them. */
export function verbsOf({ method }: RouteConfig): string[] {
  return [...new Set([method].flat().map((verb) => (verb === "HEAD" ? "GET" : verb)))];
}

/** A route of the app that the seller may have meant. */
function guess(pattern: string, served: readonly Served[]): string {
  const urls = served.map(({ config }) => config.url);
  const meant = urls.find((url) => url.endsWith(pattern) || url.startsWith(`${pattern}?`));
  return meant === undefined ? "" : ` (perhaps "${meant}")`;
}
