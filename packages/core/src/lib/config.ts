import type { Facilitator } from "./facilitator/types.js";
import type { Retain } from "./ledger/record.js";
import type { Store } from "./ledger/store.js";
import type { Observer } from "./paywall/events.js";
import type { Extension } from "./paywall/extension.js";
import type { Hooks } from "./paywall/hooks.js";
import type { FailureLimits } from "./paywall/limits.js";
import type { NetworkChoice, Price, PriceFunction, TableKeys } from "./prices.js";
import type { NetworkDefinition, TokenDefinition } from "./pricing/definitions.js";
import type { JsonObject } from "./protocol/types.js";
import type { ChainReader, Finality } from "./schemes/chain.js";
import type { Scheme, SignatureCheck } from "./schemes/scheme.js";
import type { Awaitable } from "./seam.js";

/** One address, or one per network (by name, CAIP-2 id or namespace such as `eip155`). */
export type PayToAddress = string | Readonly<Record<string, string>>;

/**
 * The recipient of payments. A function is called at the first priced request, so that a build needs no secrets; its
 * result is checked and kept. While it fails, priced requests get 500.
 * @example () => process.env.PAY_TO
 */
export type PayTo = PayToAddress | (() => Awaitable<PayToAddress | undefined>);

/** Any JSON value. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A facilitator's base URL, or the facilitator itself. */
export type FacilitatorInput = string | Facilitator;

/**
 * JSON-RPC nodes by network (name or CAIP-2 id), several in order of preference, for example
 * `{ base: ["https://mainnet.base.org", "https://…"] }`: https, or http to this machine.
 */
export type ChainNodes = Readonly<Record<string, string | readonly string[]>>;

/** A chain's nodes, or a reader of a chain. */
export type ChainInput = ChainReader | ChainNodes;

/** Settings of a route, with defaults in the configuration. */
interface CommonOptions {
  /** Token that dollar prices are paid in, by symbol or address. @default the network's USDC */
  readonly asset?: string;
  /**
   * `after`: verify, handler, settle, respond. `before`: settle, handler, respond; a failure after that leaves the
   * delivery owed to the payer. `background`: verify, handler, respond, settle; if the settlement fails, the seller
   * bears the loss. @default "after"
   */
  readonly settle?: "after" | "before" | "background";
  /**
   * What confirms a settlement: the facilitator's response, or the chain at this depth (needs `chain`).
   * @default "facilitator"
   */
  readonly finality?: "facilitator" | Finality;
  /** Seconds that an offer gives the client for the whole payment. @default 120 */
  readonly maxTimeoutSeconds?: number;
  /** Milliseconds that a handler may take until its response begins. @default 30000 */
  readonly handlerTimeout?: number;
  /** Bytes of a response that are held back until it is settled. @default 1048576 */
  readonly holdBytes?: number;
  /** Bytes of a whole response that are kept, to be sent again for the same payment. @default 1048576 */
  readonly keepBytes?: number;
  /**
   * Which requests with the payment, which the chain makes public, get the kept response again. `buyer`: those with the
   * `Authorization` and `Cookie` (and `credentials`) of the purchase, if it carried any. `public`: any, for content
   * that is the same for everyone. `false`: no response is kept. A payment with an identifier must always repeat it.
   * @default "buyer"
   */
  readonly keep?: "buyer" | "public" | false;
  /** Names of further request headers that identify a user to the app, for example `["X-Api-Key"]`. */
  readonly credentials?: readonly string[];
  /** Seconds after settlement during which an owed delivery can be collected. @default 86400 */
  readonly collectSeconds?: number;
  /** Milliseconds without a further byte after which a response that has begun counts as a stream. @default 50 */
  readonly holdIdle?: number;
  /** Verifies signatures in this process, before the facilitator. `false` turns a default off for a route. */
  readonly checkSignature?: SignatureCheck | false;
  /** Extensions to declare in the offer. */
  readonly extensions?: readonly Extension[];
}

/** Settings of a route, with defaults in `createPaywall`. */
export interface SharedOptions<Own extends string = never> extends CommonOptions {
  /**
   * The recipient: an address, or one for each network, by name, CAIP-2 id or namespace
   * (`{ base: "0x…", solana: "…" }`).
   * @default the configuration's
   */
  readonly payTo?: PayTo | undefined;
  /**
   * The network to pay on, by name (`"base-sepolia"`) or CAIP-2 id (`"eip155:84532"`). Or several, in order of
   * preference.
   * @default the configuration's
   */
  readonly network?: NetworkChoice<Own> | undefined;
}

/** The options of one priced route. */
export interface RouteOptions<Raw = unknown, Own extends string = never> extends SharedOptions<Own> {
  /**
   * What a request costs: `"$0.01"`, `"0.01 EURC"`, `{ amount: "10000", asset: "USDC" }`, or a function that returns
   * one from the framework's own request (Hono: its context). Text from elsewhere, such as an environment variable,
   * goes through `price(text)`.
   */
  readonly price: Price | PriceFunction<Raw>;
  /**
   * Names the route in records, events and messages. Routes that share a path and differ by host, version, header or
   * cookie need different labels: a payment for one then does not buy another. @default the table's key, for example
   * `GET /items/:id`
   */
  readonly label?: string;
  /** Results of a price function are clamped to `minPrice` and `maxPrice`. */
  readonly minPrice?: Price;
  readonly maxPrice?: Price;
  /** @default "exact" */
  readonly scheme?: string;
  /** Describes what the buyer gets. Plain text, at most 500 characters. */
  readonly description?: string;
  readonly mimeType?: string;
  readonly serviceName?: string;
  readonly tags?: readonly string[];
  readonly iconUrl?: string;
  /** JSON body of the unpaid response, in place of the explanation. */
  readonly preview?: Json | ((request: Raw) => Awaitable<Json>);
  /**
   * Returns the user that the app authenticated for this request. It is compared in place of `Authorization`, `Cookie`
   * and `credentials`, which may change between requests. `undefined`: those are compared.
   * @example buyer: (req) => req.user?.id
   */
  readonly buyer?: (request: Raw) => Awaitable<string | undefined>;
  /** Hooks around verify and settle, in place of those of the configuration. */
  readonly hooks?: Hooks<Raw>;
  /** More entries for `extra` of every offer of the route. */
  readonly extra?: JsonObject;
}

/** What a route costs: a price, a price function, or all its options. */
export type RoutePrice<Raw = unknown, Own extends string = never> = Price | PriceFunction<Raw> | RouteOptions<Raw, Own>;

/**
 * Prices by method and path, in the framework's own path syntax: `{ "GET /items/:id": "$0.01", "POST /items": "free" }`.
 * In a Next.js route file the file is the path: `{ GET: "$0.01" }`.
 */
export type RouteTable<Raw = unknown, Own extends string = never, Keys extends keyof TableKeys = "paths"> = Listed<
  Keys,
  RoutePrice<Raw, Own>
>;

type Listed<Keys extends keyof TableKeys, Route> = { readonly [Key in TableKeys[Keys]]?: Route | "free" };

/** Gets a message and facts; never a signature, a payload or a key. */
export interface Logger {
  info(message: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void;
  error(message: string, facts?: Readonly<Record<string, unknown>>): void;
}

/** The configuration of an engine, except for recipient, network and routes. */
interface EngineOptions<Raw, Own extends string> extends CommonOptions {
  /** In order of preference. @default a public one on test networks; main networks must name theirs */
  readonly facilitator?: FacilitatorInput | readonly FacilitatorInput[];
  /** Milliseconds for facilitator calls. @default verify 5000, settle the lesser of 30000 and the offer's time */
  readonly facilitatorTimeout?:
    | number
    | { readonly verify?: number; readonly settle?: number; readonly supported?: number };
  /**
   * The origin that buyers see, for example `https://api.example.com`. A path (`https://example.com/shop`) is prepended
   * to each request's own: for a proxy that strips it. @default the request's own
   */
  readonly origin?: string;
  /**
   * Key for the digests of buyers' credentials in records: the same in every process, at least 16 characters. Without
   * it they are only salted.
   */
  readonly secret?: string;
  /** Where payments are recorded. @default memory, for one process */
  readonly store?: Store;
  /**
   * How long charged payments stay on record: days, at least 1, or `"forever"`. The memory store drops them earlier if
   * it is full, and when its process ends. @default 400
   */
  readonly retain?: Retain;
  /**
   * Where to look up a payment on its chain: node URLs by network, such as `{ base: "https://…" }`, or a reader such as
   * `evmChain` of `@turnpike/evm`. Without it, a payment whose settlement is uncertain may stay `unknown` until
   * `paywall.resolve`.
   */
  readonly chain?: ChainInput | readonly ChainInput[];
  /** Seconds between two checks of payments that are still open; 0: only when `reconcile` is called. @default 5 */
  readonly reconcileSeconds?: number;
  /**
   * Returns the user that the app authenticated for this request. It is compared in place of `Authorization`, `Cookie`
   * and `credentials`, which may change between requests. `undefined`: those are compared.
   * @example buyer: (req) => req.user?.id
   */
  readonly buyer?: (request: Raw) => Awaitable<string | undefined>;
  /** How many payments may fail before more are refused without verification; `false`: any number. */
  readonly limits?: FailureLimits | false;
  readonly hooks?: Hooks<Raw>;
  /** Gets every event. What it throws is ignored, and nothing waits for it. */
  readonly observe?: Observer | readonly Observer[];
  /** Gets what an operator should know. @default warnings and errors go to the console; `false` silences them */
  readonly logger?: Logger | false;
  /**
   * More networks, which take precedence over the built-in ones. `network` accepts their names, or their CAIP-2 ids.
   */
  readonly networks?: readonly (NetworkDefinition<Own> | NetworkDefinition)[];
  /** More tokens, which take precedence over the built-in ones. */
  readonly tokens?: readonly TokenDefinition[];
  /** More schemes, which take precedence over the built-in ones. */
  readonly schemes?: readonly Scheme[];
}

/** @see PaywallConfig */
interface Recipient {
  /**
   * The recipient: an address, or one for each network, by name, CAIP-2 id or namespace
   * (`{ base: "0x…", solana: "…" }`). An undefined value, such as an environment variable that is not set, compiles and
   * is refused at start. A route may have its own recipient; if all of them do and there is no table, write
   * `payTo: undefined`.
   * @example "0x209693Bc6afc0C5328bA36FaF03C514EF312287C"
   */
  readonly payTo: PayTo | undefined;
}

/** @see PaywallConfig */
interface Place<Own extends string> {
  /**
   * Where payments are made: a network by name (`"base-sepolia"`) or CAIP-2 id (`"eip155:84532"`). Or several, in order
   * of preference. Text from elsewhere goes through `network(text)`. A route may have its own networks; if all of them
   * do and there is no table, write `network: undefined`.
   */
  readonly network: NetworkChoice<Own> | undefined;
}

/** @see PaywallConfig */
interface Table<Routes> {
  /**
   * Prices by method and path, in the framework's own path syntax:
   * `{ "GET /items/:id": "$0.01", "POST /items": "free" }`. In a Next.js route file the file is the path:
   * `{ GET: "$0.01" }`. A method that a priced path does not list gets 405.
   */
  readonly routes: Routes;
}

/** A configuration whose table gives the recipient, or the network, with every price. */
export type ConfigByRoute<Raw = unknown, Own extends string = never, Keys extends keyof TableKeys = "paths"> =
  | PayToByRoute<Raw, Own, Keys>
  | NetworkByRoute<Raw, Own, Keys>
  | BothByRoute<Raw, Own, Keys>;

/** Set by the routes. These members let editors and errors tell which form a configuration has. */
interface RecipientByRoute {
  readonly payTo?: undefined;
}

/** @see RecipientByRoute */
interface PlaceByRoute {
  readonly network?: undefined;
}

interface PayToByRoute<Raw, Own extends string, Keys extends keyof TableKeys>
  extends EngineOptions<Raw, Own>,
    RecipientByRoute,
    Place<Own>,
    Table<Listed<Keys, RouteOptions<Raw, Own> & Recipient>> {}

interface NetworkByRoute<Raw, Own extends string, Keys extends keyof TableKeys>
  extends EngineOptions<Raw, Own>,
    Recipient,
    PlaceByRoute,
    Table<Listed<Keys, RouteOptions<Raw, Own> & Place<Own>>> {}

interface BothByRoute<Raw, Own extends string, Keys extends keyof TableKeys>
  extends EngineOptions<Raw, Own>,
    RecipientByRoute,
    PlaceByRoute,
    Table<Listed<Keys, RouteOptions<Raw, Own> & Recipient & Place<Own>>> {}

/**
 * The configuration of an engine.
 * @typeParam Raw the framework's own request, which price functions get
 * @typeParam Own the names of networks added by `networks`
 * @typeParam Keys what a table's keys are: paths with their methods, or the methods of one path
 */
export interface PaywallConfig<Raw = unknown, Own extends string = never, Keys extends keyof TableKeys = "paths">
  extends EngineOptions<Raw, Own>,
    Recipient,
    Place<Own>,
    Partial<Table<RouteTable<Raw, Own, Keys>>> {}

/** A configuration as the engine reads it. */
export interface AnyConfig<Raw = unknown> extends EngineOptions<Raw, string>, SharedOptions<string> {
  readonly routes?: AnyTable<Raw>;
}

/** A table as the engine reads it. */
export type AnyTable<Raw = unknown> = Readonly<Record<string, RoutePrice<Raw, string> | "free" | undefined>>;
