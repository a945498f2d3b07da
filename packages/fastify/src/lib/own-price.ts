import type { PricedRoute, RoutePrice } from "@turnpike/core/adapter";
import type { FastifyRequest } from "fastify";

declare module "fastify" {
  interface FastifyContextConfig {
    /**
     * What this route costs, ahead of any table; `"free"` opens it. It needs the plugin in the app: without it only apps
     * that were made after this package was loaded refuse to start. `paid` holds without the plugin.
     */
    paywall?: RoutePrice<FastifyRequest> | OwnPrice;
  }
}

/** The price that a route states for itself, compiled. */
export class OwnPrice {
  /** As the seller wrote it. */
  readonly price: RoutePrice<FastifyRequest>;
  readonly route: PricedRoute<FastifyRequest>;

  constructor(price: RoutePrice<FastifyRequest>, route: PricedRoute<FastifyRequest>) {
    this.price = price;
    this.route = route;
  }
}

/** Whether a route has a word of its own on its price. A key without a value counts: its author meant to ask something. */
export function statesPrice(config: object | undefined): boolean {
  return config !== undefined && "paywall" in config;
}
