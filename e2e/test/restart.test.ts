import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { PaymentRecord } from "@turnpike/core";
import { payer, readChallenge, startFacilitator } from "@turnpike/testing";
import { expect, test } from "vitest";
import { startVictim, type Victim } from "../reliability/src/process.js";

// A seller that died in the middle of a settlement, and whose buyer never comes back: nothing stays open for twenty seconds.

const records = async ({ origin }: Victim): Promise<readonly PaymentRecord[]> =>
  (await (await fetch(`${origin}/_ledger`)).json()) as readonly PaymentRecord[];

async function expectNothingOpen(point: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "turnpike-restart-"));
  const facilitator = await startFacilitator();
  const env = { STORE: `file:${join(directory, "ledger.sqlite")}`, FACILITATOR_URL: facilitator.url };
  const first = await startVictim({ ...env, KILL_POINT: point });
  const required = readChallenge(await fetch(`${first.origin}/after`));
  if (!required) throw new Error("no payment is asked");
  const headers = { "payment-signature": await payer().header(required) };
  await fetch(`${first.origin}/after`, { headers }).catch(() => undefined);
  expect(await first.ended).toBe("SIGKILL");

  const second = await startVictim(env);
  await expect
    .poll(() => records(second), { interval: 250 })
    .toMatchObject([{ state: "owed", receipt: { success: true } }]);
  expect(facilitator.charges).toHaveLength(1);
  await second.kill("SIGTERM");
  await facilitator.close();
  rmSync(directory, { recursive: true, force: true });
}

test("D13 owes what was about to be settled when its process died", { timeout: 120_000 }, () =>
  expectNothingOpen("write payment settling after"),
);

test("D13 owes what was settled, and not written down, when its process died", { timeout: 120_000 }, () =>
  expectNothingOpen("settle after"),
);

test("D13 owes what was settled, and not answered, when its process died", { timeout: 120_000 }, () =>
  expectNothingOpen("write payment settled after"),
);
