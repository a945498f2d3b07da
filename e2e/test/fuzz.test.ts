import { expect, it } from "vitest";
import { runFuzz } from "../fuzz/src/fuzz.js";

/** What `pnpm fuzz` does at length, in the size that every run can afford: the same apps each time, and new ones. */

const fixed = 20261128;
const fresh = Date.now() % 2 ** 31;
const requests = 5_000;

async function expectNothingUnpaid(adapter: string, seed: number): Promise<void> {
  const { code, text } = await runFuzz(adapter, requests, seed);
  process.stdout.write(text);
  expect(text).toContain("0 unpaid runs");
  expect(code, text).toBe(0);
}

const patience = { timeout: 300_000 };

it("no spelling runs anything priced unpaid on Express 5", patience, () => expectNothingUnpaid("express", fixed));
it("no spelling runs anything priced unpaid on Express 5, new apps", patience, () =>
  expectNothingUnpaid("express", fresh),
);
it("no spelling runs anything priced unpaid on Express 4", patience, () => expectNothingUnpaid("express4", fixed));
it("no spelling runs anything priced unpaid on Express 4, new apps", patience, () =>
  expectNothingUnpaid("express4", fresh),
);
it("no spelling runs anything priced unpaid on Hono", patience, () => expectNothingUnpaid("hono", fixed));
it("no spelling runs anything priced unpaid on Hono, new apps", patience, () => expectNothingUnpaid("hono", fresh));
it("no spelling runs anything priced unpaid on Fastify", patience, () => expectNothingUnpaid("fastify", fixed));
it("no spelling runs anything priced unpaid on Fastify, new apps", patience, () =>
  expectNothingUnpaid("fastify", fresh),
);
