import type { PricedRoute, RoutePrice } from "@turnpike/core/adapter";
import type { FastifyRequest } from "fastify";

declare module "fastify" {
  interface FastifyContextConfig {
    /** What this route costs, ahead of any table; `"free"` opens it. */
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
