import type { Awaitable } from "../seam.js";
import type { PaymentState, StoredAnswer, StoredPayment } from "./record.js";

/** A record as read. */
export interface Reading {
  readonly record: StoredPayment;
  /** Its lease has not expired. */
  readonly leased: boolean;
}

/**
 * The order of a list: `newest` by `createdAt`, latest first; `oldest` by `updatedAt`, earliest first; `charged` by
 * `chargedAt`, earliest first, and only records that have one.
 */
export type ListOrder = "newest" | "oldest" | "charged";

/** Which records to list. */
export interface StoreQuery {
  /** @default every state */
  readonly states?: readonly PaymentState[];
  /** Only records whose lease has expired. @default false */
  readonly lapsed?: boolean;
  /** Records of the same time are ordered by id, byte by byte; in `newest` the last id comes first. */
  readonly order: ListOrder;
  readonly limit: number;
  /** Only records of the route with this label. */
  readonly route?: string;
  /** Only records of this payer, spelled as in records. */
  readonly payer?: string;
  /** Unix milliseconds of the time that `order` uses, inclusive. */
  readonly from?: number;
  /** The same, exclusive. */
  readonly to?: number;
  /** Where an earlier list of the same order ended; only records after it. */
  readonly after?: ListPosition;
}

/** A position in a list. */
export interface ListPosition {
  /** Unix milliseconds of the time that the list is ordered by. */
  readonly time: number;
  readonly id: string;
}

/**
 * Keeps payment records. Every operation is atomic, and once it has resolved it is as durable as the store promises;
 * the next read sees the write, from every process that shares the store. Leases use the store's own clock, never that
 * of the calling process. A store creates what it needs (a schema, and its newer versions) at the first operation.
 * Operations reject when the store is unavailable. `testStore` of `@turnpike/testing/stores` is the full contract.
 */
export interface Store {
  /** Used in messages, for example `memory`. */
  readonly name: string;
  /** Whether claims are atomic. A store without this cannot serve a ledger. */
  readonly atomic: true;
  /** Whether one process or several may share it. */
  readonly scope: "process" | "shared";
  read(id: string): Awaitable<Reading | undefined>;
  /** Writes a new record with a lease in milliseconds; false if that id exists. */
  insert(record: StoredPayment, lease: number): Awaitable<boolean>;
  /**
   * Replaces the record if its stored version is `version`, and its lease; false if the version differs or there is no
   * record.
   * @param lease milliseconds from now; 0 for none
   * @param answer written atomically with the record; a store may drop one that exceeds its limits, and still write the
   * record
   */
  replace(record: StoredPayment, version: number, lease: number, answer?: StoredAnswer): Awaitable<boolean>;
  /** Extends the lease of a record to this many milliseconds from now; false if the holder has changed. */
  renew(id: string, holder: string, lease: number): Awaitable<boolean>;
  /** The response kept for a record; nothing once it has expired or was evicted. */
  answer(id: string): Awaitable<StoredAnswer | undefined>;
  /**
   * Binds a key to a payment unless it is bound already, and returns the id it is bound to afterwards.
   * @param instead rebinds the key if it is bound to this id
   * @param expiresAt Unix milliseconds after which the store may drop it
   */
  link(key: string, id: string, expiresAt: number, instead?: string): Awaitable<string>;
  /** The id a key is bound to. */
  linked(key: string): Awaitable<string | undefined>;
  list(query: StoreQuery): Awaitable<readonly Reading[]>;
}
