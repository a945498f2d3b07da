import { expect, it } from "vitest";
import { runFuzz } from "../fuzz/src/fuzz.js";

/** What `pnpm fuzz` does at length with new apps, in the size that every run can afford, with the same apps each time. */

const seed = 20261128;
const requests = 5_000;

async function expectNothingUnpaid(adapter: string): Promise<void> {
  const { code, text } = await runFuzz(adapter, requests, seed);
  process.stdout.write(text);
  expect(text).toContain("0 unpaid runs");
  expect(code, text).toBe(0);
}

const patience = { timeout: 300_000 };

it("no spelling runs anything priced unpaid on Express 5", patience, () => expectNothingUnpaid("express"));
it("no spelling runs anything priced unpaid on Express 4", patience, () => expectNothingUnpaid("express4"));
it("no spelling runs anything priced unpaid on Hono", patience, () => expectNothingUnpaid("hono"));
it("no spelling runs anything priced unpaid on Fastify", patience, () => expectNothingUnpaid("fastify"));
