import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { startPostgres, startRedis } from "../reliability/src/backend.js";
import { runHistory } from "../reliability/src/histories.js";
import { killEverywhere } from "../reliability/src/kill.js";
import { tellHistory, tellKills } from "../reliability/src/report.js";
import { clearRoom } from "../reliability/src/store.js";

/** What `pnpm reliability` does at length, in the size that every run can afford. */

const room = `ci_${process.pid}`;
const required = Boolean(process.env.CI) || process.env.TURNPIKE_REQUIRE_SERVICES === "1";

/** A case that needs a service on its usual port. Without it the case is shown as left out; in CI it fails. */
function withService(name: string, port: number, title: string, body: () => Promise<void>): void {
  it(title, async ({ skip }) => {
    if (!required && !(await listens(port))) skip(`no ${name} listens on 127.0.0.1:${port}: start one there`);
    await body();
  });
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function expectSurvival(store: string, address: (directory: string, name: string) => string): Promise<void> {
  const results = await killEverywhere(address);
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

describe("a history of many purchases in which everything fails", { timeout: 400_000 }, () => {
  const plan = { sellers: 4, clients: 8, killEvery: 1_500, restartEvery: 4_000, purchases: 600 };

  withService("Redis", 6379, "R20 holds the money rules on a Redis that is restarted", async () => {
    const backend = await startRedis();
    const history = await runHistory(backend, plan).finally(() => backend.close());
    process.stdout.write(`${tellHistory(history).text}\n`);
    expect(history.violations).toEqual([]);
    expect(history.ends.unknown).toBe(0);
  });

  withService("PostgreSQL", 5432, "R20 holds the money rules on a PostgreSQL that is restarted", async () => {
    const backend = await startPostgres();
    const history = await runHistory(backend, plan).finally(() => backend.close());
    process.stdout.write(`${tellHistory(history).text}\n`);
    expect(history.violations).toEqual([]);
    expect(history.ends.unknown).toBe(0);
  });
});
