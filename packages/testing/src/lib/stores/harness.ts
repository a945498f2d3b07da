import type { Store } from "@turnpike/core";

/** How the suite gets at one kind of store. */
export interface StoreHarness {
  readonly name: string;
  /** A fresh, empty store: for one case, and closed when it ends. */
  open(): Promise<OpenStore>;
  /** What this kind of store cannot have, with the reason: the cases that need it are left out, and shown with the reason. */
  readonly lacks?: Readonly<Partial<Record<StoreAbility, string>>>;
}

/** A store under test. Every member but `store` and `close` belongs to an ability, which is given or declared as lacking. */
export interface OpenStore {
  readonly store: Store;
  /**
   * Bytes of the largest answer body that it keeps; at least 1 MiB, which is what a route holds unless told otherwise.
   * A few MiB are enough: the suite sends one byte more.
   */
  readonly answerLimit?: number;
  /** Another client onto the same data, through a connection of its own, as another process has it. */
  another?(): Promise<Store>;
  /** The same data after a restart: closes what is open, and opens it again. */
  reopen?(): Promise<Store>;
  /** Takes the backend away: from now on the store cannot be asked. */
  cut?(): Promise<void>;
  /** Closes whatever is open, and removes the data. */
  close(): Promise<void>;
}

export type StoreAbility = "answerLimit" | "another" | "reopen" | "cut";
