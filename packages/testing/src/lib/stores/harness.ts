import type { Store } from "@turnpike/core";

/** How the suite uses one kind of store. */
export interface StoreHarness {
  readonly name: string;
  /** A new, empty store for one case, closed when it ends. */
  open(): Promise<OpenStore>;
  /** Abilities that this kind of store lacks, with the reason: their cases are skipped and shown with it. */
  readonly lacks?: Readonly<Partial<Record<StoreAbility, string>>>;
}

/**
 * A store under test. Every member except `store` and `close` belongs to an ability that is provided or declared as
 * lacking.
 */
export interface OpenStore {
  readonly store: Store;
  /**
   * Bytes of the largest response body that it keeps; at least 1 MiB, the default that a route holds. A few MiB are
   * enough: the suite sends one byte more.
   */
  readonly answerLimit?: number;
  /** Another client for the same data, with its own connection, as in another process. */
  another?(): Promise<Store>;
  /** The same data after a restart: closes everything and opens it again. */
  reopen?(): Promise<Store>;
  /** Makes the backend unavailable from now on. */
  cut?(): Promise<void>;
  /** Closes everything and removes the data. */
  close(): Promise<void>;
}

export type StoreAbility = "answerLimit" | "another" | "reopen" | "cut";
