import { statesPrice } from "./own-price.js";
import type { RouteConfig, Served } from "./served.js";

const none: readonly Served[] = [];

/** Which routes belong together, though each has a registration of its own. */
export class Relatives {
  readonly #at: (pattern: string) => readonly Served[];
  /** By their patterns, the routes for other methods whose handler serves `OPTIONS`, too. */
  readonly #sharing = new Map<string, readonly Served[]>();

  /**
   * @param written the routes whose handlers are known
   * @param at the routes of a pattern, however its parameters are called
   */
  constructor(written: readonly Served[], at: (pattern: string) => readonly Served[]) {
    this.#at = at;
    const others = written.filter(({ config }) => methodsOf(config).some((method) => method !== "OPTIONS"));
    for (const { config, handler } of written) {
      if (!serves(config, "OPTIONS")) continue;
      const sharing = others.filter((other) => other.handler === handler);
      this.#sharing.set(config.url, [...(this.#sharing.get(config.url) ?? []), ...sharing]);
    }
  }

  /** The route whose price counts: `HEAD` costs what `GET` costs, wherever it is registered. */
  pricing(route: Served, verb: string): Served {
    const { config } = route;
    if (verb !== "HEAD" || config.url === undefined || statesPrice(config) || serves(config, "GET")) {
      return route;
    }
    return this.#at(config.url).find((other) => statesPrice(other.config) && serves(other.config, "GET")) ?? route;
  }

  /** The routes for other methods that run the handler of a route when it serves `OPTIONS`. */
  sharing({ url }: RouteConfig): readonly Served[] {
    return this.#sharing.get(url) ?? none;
  }
}

function methodsOf({ method }: RouteConfig): readonly string[] {
  return typeof method === "string" ? [method] : method;
}

function serves(config: RouteConfig, verb: string): boolean {
  return methodsOf(config).includes(verb);
}
