import type { Awaitable } from "../seam.js";
import type { PaymentState, StoredAnswer, StoredPayment } from "./record.js";

/** A record as it was read. */
export interface Reading {
  readonly record: StoredPayment;
  /** Its holder's lease has not run out. */
  readonly leased: boolean;
}

/**
 * What a list goes by: `newest` by `createdAt`, the latest first; `oldest` by `updatedAt`, the earliest first; `charged` by
 * `chargedAt`, the earliest first, and only what has one.
 */
export type ListOrder = "newest" | "oldest" | "charged";

/** Which records to list. */
export interface StoreQuery {
  /** @default every state */
  readonly states?: readonly PaymentState[];
  /** Only records whose lease has run out. @default false */
  readonly lapsed?: boolean;
  /** Records of the same time are in the order of their ids, byte by byte: the last first in `newest`. */
  readonly order: ListOrder;
  readonly limit: number;
  /** Only records of the route with this label. */
  readonly route?: string;
  /** Only records of this payer, as records spell it. */
  readonly payer?: string;
  /** Unix milliseconds of the time that `order` goes by: from this one on. */
  readonly from?: number;
  /** The same: before this one. */
  readonly to?: number;
  /** Where an earlier list of the same order ended: only what comes behind it. */
  readonly after?: ListPosition;
}

/** A place in a list. */
export interface ListPosition {
  /** Unix milliseconds, of what the list goes by. */
  readonly time: number;
  readonly id: string;
}

/**
 * Keeps payment records. Every operation is atomic and, once it has come back, lasting as far as the store promises any;
 * what was written is seen by the next read, from every process that shares the store. Leases are measured by the
 * store's own clock, never by that of a process that calls. A store prepares what it needs (a schema, and its newer
 * versions) by itself, at the first operation. Operations reject when the store cannot be asked.
 * `testStore` of `@turnpike/testing/stores` is the contract in full.
 */
export interface Store {
  /** For messages, for example `memory`. */
  readonly name: string;
  /** The store's promise that claims are atomic. One that cannot make it cannot serve a ledger. */
  readonly atomic: true;
  /** Who may share it: one process, or several. */
  readonly scope: "process" | "shared";
  read(id: string): Awaitable<Reading | undefined>;
  /** Writes a new record with a lease of so many milliseconds; false if there is one of that id. */
  insert(record: StoredPayment, lease: number): Awaitable<boolean>;
  /**
   * Replaces the record whose stored version is `version`, and its lease; false if there is another version, or none.
   * @param lease milliseconds from now; 0: it has none
   * @param answer written in the same step; a store may decline one that exceeds its limits, and keep the record
   */
  replace(record: StoredPayment, version: number, lease: number, answer?: StoredAnswer): Awaitable<boolean>;
  /** Extends the lease of a record to so many milliseconds from now; false if its holder is another by now. */
  renew(id: string, holder: string, lease: number): Awaitable<boolean>;
  /** The answer kept for a record; nothing once it has expired or was dropped for room. */
  answer(id: string): Awaitable<StoredAnswer | undefined>;
  /**
   * Binds a key to a payment, unless it is bound already; gives the id that it is bound to from then on.
   * @param instead the id that it must be bound to so far to be bound anew
   * @param expiresAt Unix milliseconds from which the store may forget it
   */
  link(key: string, id: string, expiresAt: number, instead?: string): Awaitable<string>;
  /** The id that a key is bound to. */
  linked(key: string): Awaitable<string | undefined>;
  list(query: StoreQuery): Awaitable<readonly Reading[]>;
}
