import type { AnySource, PricedRoute, RoutePrice } from "@turnpike/core/adapter";
import type { FastifyRequest } from "fastify";

declare module "fastify" {
  interface FastifyContextConfig {
    /**
     * What this route costs, ahead of any table; `"free"` opens it. It needs the plugin in the app: without it only apps
     * that were made after this package was loaded refuse to start. `paid` holds without the plugin.
     */
    paywall?: RoutePrice<FastifyRequest> | "free" | OwnPrice;
  }
}

const BRAND = Symbol.for("turnpike.fastify.own");

/** A route's own price, compiled. */
export class OwnPrice {
  readonly [BRAND] = true;
  /** As written by the seller. */
  readonly price: RoutePrice<FastifyRequest, string>;
  readonly route: PricedRoute<FastifyRequest>;
  /** Gets faults, if the app has no paywall. */
  readonly source: AnySource<FastifyRequest> | undefined;

  constructor(
    price: RoutePrice<FastifyRequest, string>,
    route: PricedRoute<FastifyRequest>,
    source?: AnySource<FastifyRequest>,
  ) {
    this.price = price;
    this.route = route;
    this.source = source;
  }
}

/** Whether a route states its own price. A key without a value counts: its author meant to ask something. */
export function statesPrice(config: object | undefined): boolean {
  return config !== undefined && "paywall" in config;
}

/** What no author of a route writes, so that it is still there when the rest of `paid` is not. */
const MARK = Symbol.for("turnpike.fastify.paid");

/** Marks the options of a route that states a price by `paid`. */
export function mark<T extends { readonly config: { readonly paywall: OwnPrice } }>(options: T): T {
  return { ...options, [MARK]: options.config.paywall };
}

/** The price that `paid` gave, if these options come from it. */
export function markOf(options: unknown): OwnPrice | undefined {
  return typeof options === "object" && options !== null ? Reflect.get(options, MARK) : undefined;
}

/** Told by a brand: another copy of this module may have made it. */
export function isOwnPrice(price: unknown): price is OwnPrice {
  return typeof price === "object" && price !== null && BRAND in price;
}
