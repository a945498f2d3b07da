import type { Awaitable } from "../seam.js";
import type { PaymentRecord } from "./record.js";

/** Keeps payment records. Every operation is atomic; a store that cannot promise this cannot serve a ledger. */
export interface Store {
  /** For messages, for example `memory`. */
  readonly name: string;
  read(id: string): Awaitable<PaymentRecord | undefined>;
  /** Writes a new record; false if there is one of that id. */
  insert(record: PaymentRecord): Awaitable<boolean>;
  /** Replaces a record whose stored version is `version`; false if it is another. */
  replace(record: PaymentRecord, version: number): Awaitable<boolean>;
  /** The newest records, at most `limit`. */
  list(limit: number): Awaitable<readonly PaymentRecord[]>;
}
