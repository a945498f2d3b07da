import { describe, expect } from "vitest";
import { startPostgres, startRedis } from "../reliability/src/backend.js";
import { runHistory } from "../reliability/src/histories.js";
import { tellHistory } from "../reliability/src/report.js";
import { withService } from "./support/services.js";

// What `pnpm reliability` does at length, in the size that every run can afford.

describe("a history of many purchases in which everything fails", { timeout: 900_000 }, () => {
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
