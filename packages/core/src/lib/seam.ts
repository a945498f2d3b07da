import type { SettlementResponse } from "./protocol/types.js";

/**
 * The seam between the engine and an adapter. An adapter resolves the route with its framework's router, hands the
 * engine a neutral request, holds the response if told to, and writes what it is told. `docs/adapters.md` walks through it.
 */

export type Awaitable<T> = T | Promise<T>;

/** Header fields in the order in which they are written. */
export type HeaderList = [name: string, value: string][];

/** What the engine may ask about a request. Members are read lazily, so an unpriced request costs nothing. */
export interface PaywallRequest<Raw = unknown> {
  readonly method: string;
  /**
   * The framework's own request (Hono: its context), handed untouched to price functions and hooks. An object of this one
   * request: what was admitted is remembered by it, and not asked to pay twice.
   */
  readonly raw: Raw;
  /** One header by its lower-case name; several occurrences joined by `", "`. */
  header(name: string): string | undefined;
  /** Absolute URL by the framework's proxy rules, query included. */
  url(): string;
  params(): Record<string, string>;
  /**
   * The pattern of the path that the framework has matched, in full and in its own language, for records, metrics and
   * messages: `/v1/items/:id`. Never a path of the client's. Asked before the handler runs.
   * @param own the pattern of a table's key, which may be relative to where the paywall is mounted: this one, in full
   */
  pattern?(own?: string): string | undefined;
  /** The client's address by the framework's proxy rules. */
  address(): string | undefined;
  /**
   * Path and query by which the app routes the request at this moment, without what it was mounted below. Asked again by
   * `requirePaid`, so a rewrite behind the gate is found. @default the path and query of `url()`
   */
  routed?(): string;
  /**
   * The response leaves around what the adapter holds, as an upgrade or `CONNECT` does. `"settle"`: the payment settles
   * before the handler, whatever the route says, and the adapter reports what left. `"refuse"`: this runtime cannot carry
   * such a response, so the request is refused ahead of any charge. Absent: the adapter holds the response.
   */
  readonly detached?: "settle" | "refuse" | undefined;
  /**
   * The first bytes of the request's body, at most `limit`; `undefined` if it has none. What a request fingerprint covers.
   * The handler still reads the whole body afterwards. Rejects if the client leaves before it is there.
   */
  body?(limit: number): Promise<Uint8Array | undefined>;
}

/** What failed on the seller's side, for the log alone. */
export interface Fault {
  /** Stable, the code of the response. */
  readonly code: string;
  /** What was thrown, where something was. */
  readonly error?: unknown;
}

/** A response of the engine's own. */
export interface Reply {
  readonly status: number;
  readonly headers: HeaderList;
  readonly body?: string | Uint8Array;
  /** The seller's configuration, code, store or facilitator failed. It is logged where the response is handed out. */
  readonly fault?: Fault;
  /**
   * Where there is one, call it once: when the last byte has left (`true`), or could not (`false`). What is sent collects
   * something owed, which stays owed until then. Resolves as a ticket's does, and never rejects.
   */
  delivered?(whole: boolean): Promise<void>;
}

/** The payment, as the handler sees it. */
export interface Payment {
  /** The address that signed. */
  readonly payer: string;
  /** Atomic units. */
  readonly amount: string;
  readonly asset: string;
  /** CAIP-2 id. */
  readonly network: string;
  readonly scheme: string;
  /** The response is no longer awaited: the client left, or time ran out. */
  readonly signal: AbortSignal;
  /** The settlement, once there is one: before the handler if the route settles before, else after the response. */
  readonly receipt: SettlementResponse | undefined;
}

/** A priced route, compiled once at start. */
export interface PricedRoute<Raw = unknown> {
  /** Decides on one request. Never rejects: what fails inside becomes a reply that denies. */
  admit(request: PaywallRequest<Raw>): Awaitable<Decision>;
}

export type Decision =
  /** The engine responds; the handler does not run. */
  | { readonly type: "reply"; readonly reply: Reply }
  /** The handler may run; its response goes through the ticket. */
  | { readonly type: "admit"; readonly ticket: Ticket }
  /** This very request was admitted before, by the same price: run the handler, hold nothing. */
  | { readonly type: "pass"; readonly payment?: Payment };

/**
 * The right to run the handler once. Its holder calls `conclude` exactly once, then `delivered` once; and once more, with
 * `false`, if the connection breaks so soon after the last byte left that the response may not have arrived.
 */
export interface Ticket {
  /** Absent for a grant by the seller's own hook. */
  readonly payment?: Payment;
  /**
   * Bytes of the response to hold back before concluding; 0: conclude at the first byte. A response that is complete in one
   * step, within `keep` bytes, is still concluded as whole: the engine can then send it again.
   */
  readonly hold: number;
  readonly keep: number;
  /** Milliseconds without a further byte after which a response that has begun counts as a stream. */
  readonly idle: number;
  /** Time ran out. `reason` is the Reply to send in the handler's place, if the response has not begun. */
  readonly signal: AbortSignal;
  /** Once the response is decided: it is whole, or begins to stream, or will never come. Never rejects. */
  conclude(outcome: Outcome): Promise<Conclusion>;
  /**
   * Once the last byte left (`true`), or could not (`false`). Resolves when everything about the payment is written down;
   * runtimes that stop with the response must wait for it in the background. Never rejects.
   */
  delivered(whole: boolean): Promise<void>;
}

/** How the handler ended. */
export interface Outcome {
  readonly status: number;
  /** The client left before the response was decided. */
  readonly aborted: boolean;
  /** What the handler threw. */
  readonly error?: unknown;
  /** The response is complete: `body` is all of it. */
  readonly whole: boolean;
  headers(): HeaderList;
  readonly body?: Uint8Array;
}

export type Conclusion =
  /** Send the handler's response with these changes to its headers: first remove, then set. */
  | { readonly type: "release"; readonly remove: readonly string[]; readonly set: HeaderList }
  /** Drop the handler's response and its headers, send this. */
  | { readonly type: "replace"; readonly reply: Reply };
