import type { RoutePrice, RouteTable } from "../config.js";
import type { PricedRoute } from "../seam.js";

/** The engine: one set of networks, facilitators and payment records. Made by `createPaywall`. */
export interface Paywall {
  /** The prices that the configuration held; read by the adapter that the engine is handed to. */
  readonly routes?: RouteTable<never>;
  /**
   * Compiles one route. `label` names it in records and errors, for example `GET /weather`.
   * @throws ConfigError with every problem of the route
   */
  price<Raw>(price: RoutePrice<Raw>, label?: string): PricedRoute<Raw>;
}
