import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PaymentRequired } from "@turnpike/core/protocol";
import { decodeHeader, payer, startFacilitator, type TestFacilitator } from "@turnpike/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readLines } from "../reliability/src/kill.js";
import { startVictim, type Victim } from "../reliability/src/process.js";
import { ask, type Flow } from "../reliability/src/request.js";
import { clearRoom } from "../reliability/src/store.js";

/** Several processes on one store, and one payment. */

const stores: readonly [string, string][] = [
  ["Redis", `redis://127.0.0.1:6379/?room=races_${process.pid}`],
  ["PostgreSQL", `postgres://postgres@127.0.0.1:5432/test?room=races_${process.pid}`],
];

let facilitator: TestFacilitator;
let directory: string;
let sellers: Victim[] = [];

beforeEach(async () => {
  facilitator = await startFacilitator();
  directory = mkdtempSync(join(tmpdir(), "turnpike-races-"));
});
afterEach(async () => {
  await Promise.all(sellers.map((seller) => seller.kill()));
  sellers = [];
  await facilitator.close();
  rmSync(directory, { recursive: true, force: true });
});

async function start(store: string, count: number, handler: number): Promise<readonly Victim[]> {
  const env = {
    STORE: store,
    FACILITATOR_URL: facilitator.url,
    RUNS: join(directory, "runs"),
    HANDLER_MS: String(handler),
  };
  sellers = await Promise.all(Array.from({ length: count }, () => startVictim(env)));
  return sellers;
}

async function sign({ origin }: Victim, flow: Flow = "after"): Promise<string> {
  const { required = "" } = await ask(origin, flow);
  return payer().header(decodeHeader(required) as PaymentRequired);
}

const send = async ({ origin }: Victim, header: string, flow: Flow = "after"): Promise<number> =>
  (await ask(origin, flow, header)).status;
const runs = () => readLines(join(directory, "runs")).filter(({ event }) => event === "begin").length;

for (const [name, store] of stores) {
  describe(`four sellers on one ${name}`, { timeout: 120_000 }, () => {
    it("R03 run and charge once for a thousand copies of one payment", async ({ skip }) => {
      const all = await start(store, 4, 200).catch((error: unknown) => leaveOut(skip, error));
      const header = await sign(all[0] as Victim);
      const statuses: number[] = [];
      const copies = Array.from({ length: 1_000 }, (_, i) => all[i % all.length] as Victim);
      const lanes = Array.from({ length: 50 }, async () => {
        for (let next = copies.pop(); next; next = copies.pop()) statuses.push(await send(next, header));
      });
      await Promise.all(lanes);
      for (const status of new Set(statuses)) expect([200, 409]).toContain(status);
      expect(statuses).toContain(200);
      expect(facilitator.charges).toHaveLength(1);
      expect(runs()).toBe(1);
      await clearRoom(store);
    });

    it("R15 let no owner settle or deliver that was stopped past its lease while another served", async ({ skip }) => {
      const all = await start(store, 2, 2_000).catch((error: unknown) => leaveOut(skip, error));
      const [first, second] = all as [Victim, Victim];
      const flows = ["after", "before", "upgrade"] as const;
      const headers = await Promise.all(flows.map((flow) => sign(first, flow)));
      const purchases = flows.map((flow, i) => ({ flow, header: headers[i] as string }));
      // The first owner has its claims, and is stopped while its handlers are at work.
      const stopped = stopOnceRunning(first, flows.length);
      const late = purchases.map(({ flow, header }) => send(first, header, flow).catch(() => 0));
      await stopped;
      for (const { flow, header } of purchases) {
        await expect.poll(() => send(second, header, flow), { interval: 500 }).toBe(200);
      }
      process.kill(first.pid, "SIGCONT");
      for (const status of await Promise.all(late)) expect([409, 503, 0]).toContain(status);
      expect(facilitator.charges).toHaveLength(flows.length);
      for (const { flow, header } of purchases) {
        // A kept response is given again. An upgrade is not, and buys no second one.
        await expect.poll(() => send(second, header, flow), { interval: 200 }).toBe(flow === "upgrade" ? 409 : 200);
      }
      await clearRoom(store);
    });
  });
}

/** Stops the process as soon as so many handlers have begun. */
async function stopOnceRunning({ pid }: Victim, count: number): Promise<void> {
  while (runs() < count) await new Promise((resolve) => setTimeout(resolve, 1));
  process.kill(pid, "SIGSTOP");
}

/** Where services are expected, a case that lacks one fails. */
function leaveOut(skip: (reason: string) => never, error: unknown): never {
  if (process.env.CI || process.env.TURNPIKE_REQUIRE_SERVICES === "1") throw error;
  return skip("its store does not listen on its usual port of 127.0.0.1");
}
