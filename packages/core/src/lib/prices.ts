import type { NETWORKS } from "./pricing/networks.js";
import type { Awaitable } from "./seam.js";

/** Types of amounts, networks and table keys: what the start would refuse does not compile. */

/**
 * What a request costs: `"$0.01"` (in the network's dollar token), `"0.01 EURC"` (in a token by its symbol), or atomic units
 * of a token by symbol or address. Never a JavaScript number, and never text without `$` or symbol. Text that TypeScript
 * cannot see goes through `price(text)`.
 * @example "$0.01"
 * @example "0.01 EURC"
 * @example { amount: "10000", asset: "USDC" }
 */
export type Price =
  | `$${number}`
  | `${number} ${string}`
  | { readonly amount: bigint | `${bigint}`; readonly asset: string };

/** What a price function returns: a price, whose amount may be computed (`` `$${cost.toFixed(2)}` ``). */
export type ComputedPrice = Price | `$${string}` | `${string} ${string}`;

/** Lets a price function respond before asking for payment, for example with 400 for a bad parameter. */
export interface Refusal {
  readonly refusal: { readonly status: number; readonly code: string; readonly detail: string };
}

/** Prices one request. If it throws, rejects or returns an invalid price, the response is 500; never free. */
export type PriceFunction<Raw> = (request: Raw) => Awaitable<ComputedPrice | Refusal>;

/** The networks that can be named without further configuration: `base`, `base-sepolia`, `solana`, … */
export type NetworkName = (typeof NETWORKS)[number]["name"];

/**
 * A network: a built-in one by name (`"base-sepolia"`), any by its CAIP-2 id (`"eip155:84532"`), or one from `networks`
 * by the name given there. Text that TypeScript cannot see goes through `network(text)`.
 */
export type Network<Own extends string = never> = NetworkName | `${string}:${string}` | Own;

/** One network, or several in order of preference: the buyer chooses. */
export type NetworkChoice<Own extends string = never> = Network<NoInfer<Own>> | readonly Network<NoInfer<Own>>[];

/** The methods that a table can price. `HEAD` costs what `GET` costs, and `OPTIONS` is free. */
export type PricedMethod = "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "ALL";

/** A key of a table: method, one space, and a path in the framework's own syntax, for example `GET /items/:id`. */
export type RouteKey = `${PricedMethod} /${string}`;

/** What the keys of a table are: paths with their methods, or the methods of one path (a Next.js route file). */
export interface TableKeys {
  readonly paths: RouteKey;
  readonly methods: PricedMethod;
}
