import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { killEverywhere } from "../reliability/src/kill.js";
import { tellKills } from "../reliability/src/report.js";
import { clearRoom } from "../reliability/src/store.js";
import { withService } from "./support/services.js";

// What `pnpm reliability` does at length, in the size that every run can afford.

const room = `ci_${process.pid}`;

async function expectSurvival(store: string, address: (directory: string, name: string) => string): Promise<void> {
  // The promise in seconds is for `pnpm reliability`; here other tests run beside it.
  const results = await killEverywhere(address, 120);
  await clearRoom(address("", ""));
  const told = tellKills(store, results);
  process.stdout.write(`${told.text}\n`);
  expect(results.filter(({ faults }) => faults.length > 0)).toEqual([]);
  expect(results.length).toBeGreaterThan(25);
}

describe("a seller that is killed at any point of a purchase", { timeout: 400_000 }, () => {
  it("D13 charges once and delivers after a restart on an SQLite file", () =>
    expectSurvival("sqlite", (directory, name) => `file:${join(directory, `${name}.sqlite`)}`));

  withService("Redis", 6379, "D13 charges once and delivers after a restart on Redis", () =>
    expectSurvival("redis", () => `redis://127.0.0.1:6379/?room=${room}`),
  );

  withService("PostgreSQL", 5432, "D13 charges once and delivers after a restart on PostgreSQL", () =>
    expectSurvival("postgres", () => `postgres://postgres@127.0.0.1:5432/test?room=${room}`),
  );
});
