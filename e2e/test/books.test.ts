import { describe, expect, it } from "vitest";
import type { StoreName } from "../reliability/src/books/hosts.js";
import { keepBooks } from "../reliability/src/books/run.js";
import { withService } from "./support/services.js";

// What `pnpm books` does with a million sales, in the size that every run can afford.

const SALES = 20_000;
/** Megabytes. All sales at once would not fit into the heap, and what a process grows by beyond it is buffers. */
const HEAP = 64;
const GROWTH = 160;

describe("the books of 20,000 sales are listed, added up and exported within a small heap", {
  timeout: 400_000,
}, () => {
  const keep = async (store: StoreName) => {
    const { steps, bytesPerSale } = await keepBooks(store, SALES, () => {}, HEAP);
    expect(steps.map(({ step }) => step)).toEqual(["fill", "list", "totals", "export", "one payer", "owed"]);
    for (const { step, grown } of steps) expect(grown, `megabytes, ${step}`).toBeLessThan(GROWTH);
    expect(bytesPerSale).toBeLessThan(8_000);
  };

  it("in an SQLite file", () => keep("sqlite"));
  withService("Redis", 6379, "in Redis", () => keep("redis"));
  withService("PostgreSQL", 5432, "in PostgreSQL", () => keep("postgres"));
  it("in a Durable Object", () => keep("durable-objects"));
});
