import type { ConfigProblem } from "@turnpike/core";
import {
  type AnySource,
  type AnyTable,
  compileTable,
  type PricedPath,
  type PricedRoute,
  type Table,
} from "@turnpike/core/adapter";
import type { FastifyRequest } from "fastify";
import { compareWidth, covers, expandPattern } from "./pattern.js";
import { PatternRouter } from "./pattern-router.js";

type Path = PricedPath<FastifyRequest>;
type Routes = AnyTable<FastifyRequest>;

/** The prices of a table by the patterns of the app's routes. */
export class PriceTable {
  /** Patterns in the first of their spellings. */
  readonly #patterns = new PatternRouter<string>();
  readonly #table: Table<FastifyRequest>;
  readonly #paths: ReadonlyMap<string, Path>;
  readonly #routes: Routes;
  /** Those that can cover another pattern, expanded. */
  readonly #wide: readonly { readonly path: Path; readonly width: string }[];

  /** @throws ConfigError that lists everything that is wrong with the source and the table */
  constructor(source: AnySource<FastifyRequest>, routes: Routes) {
    this.#routes = routes;
    // Which of two patterns serves a path is for the app's router to say, so they may overlap.
    this.#table = compileTable(source, routes, (pattern) => this.#read(pattern), false);
    this.#paths = new Map(this.#table.paths.map((path) => [path.native, path]));
    const widths = this.#table.paths.flatMap((path) => expandPattern(path.native).map((width) => ({ path, width })));
    this.#wide = widths.filter(({ width }) => /[:*]/.test(width));
  }

  get paths(): readonly Path[] {
    return this.#table.paths;
  }

  /**
   * The entries for a pattern of the app: its own and all that are wider, the narrowest first. A problem if the pattern
   * stands for two paths that have different ones.
   */
  entries(url: string): readonly Path[] | ConfigProblem {
    const [found = [], other] = expandPattern(url).map((pattern) => this.#covering(pattern));
    const odd = other && [...found, ...other].find((path) => !found.includes(path) || !other.includes(path));
    if (!odd) return found;
    const message = `prices one of the two paths of "${url}", which is one route of the app; list it as it is`;
    return { code: "split_route", path: this.#keyOf(odd.native), message };
  }

  /** The entry that names this very pattern. */
  own(url: string): Path | undefined {
    const name = this.#nameOf(url);
    return name === undefined ? undefined : this.#paths.get(name);
  }

  /** The price of a method by the narrowest entry that lists it; the same object each time, so that prices can be told apart. */
  price(entries: readonly Path[], verb: string): PricedRoute<FastifyRequest> | undefined {
    const entry = this.lists(entries, verb);
    return entry ? entry.route(verb) : this.#table.route(entries, verb);
  }

  /** The narrowest of these entries that lists a method, even as free. */
  lists(entries: readonly Path[], verb: string): Path | undefined {
    const wanted = verb === "HEAD" ? "GET" : verb;
    return entries.find(({ verbs }) => verbs.includes(wanted) || verbs.includes("ALL"));
  }

  /** The table's key and value for a method of an entry, if it has a price. */
  listed({ native }: Path, verb: string): { readonly key: string; readonly price: unknown } | undefined {
    for (const [key, price] of Object.entries(this.#routes)) {
      const [listed, pattern = ""] = key.split(" ");
      if (this.#nameOf(pattern) === native && (listed === verb || listed === "ALL") && price !== "free") {
        return { key: `routes["${key}"]`, price };
      }
    }
    return undefined;
  }

  #covering(pattern: string): readonly Path[] {
    const own = this.own(pattern);
    const wider = this.#wide.filter(({ path, width }) => path !== own && covers(width, pattern));
    wider.sort((one, other) => compareWidth(one.width, other.width));
    return [...new Set([...(own ? [own] : []), ...wider.map(({ path }) => path)])];
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
