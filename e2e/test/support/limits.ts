import { inject } from "vitest";
import type { StoreName } from "./stores.js";

/** What a runtime does its own way. `e2e/shop/README.md` gives the reasons. */
export interface Limits {
  /** Whether the shop learns that a client left before it was answered. */
  readonly hearsLeaving: boolean;
  /** What `STORE` can be beside `memory`. */
  readonly stores: readonly StoreName[];
}

const usual: Limits = { hearsLeaving: true, stores: ["file", "redis", "postgres"] };

const limits: Readonly<Record<string, Partial<Limits>>> = {
  workers: { hearsLeaving: false },
};

/** Those of the shop of this project. */
export const limitsOfShop = (): Limits => ({ ...usual, ...limits[inject("framework")] });
