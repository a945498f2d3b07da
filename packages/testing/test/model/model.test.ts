import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { numberOfRecord, type SettleFault, type StoreFault, World } from "./world.js";

/**
 * Random histories of a few payments, checked after every step against what the chain knows. Each is a sequence of requests,
 * ends of handlers, faults of the facilitator, deaths of the process and passes of reconciliation.
 */

/** Sequences in all; the long run asks for 100,000 (`pnpm reliability`). */
const SEQUENCES = Number(process.env.TURNPIKE_SEQUENCES ?? 1_500);
const PAYMENTS = 3;

type Step =
  | { readonly do: "ask"; readonly payment: number }
  | { readonly do: "conclude"; readonly which: number; readonly end: End; readonly arrives: boolean }
  | { readonly do: "fault"; readonly fault: SettleFault }
  | { readonly do: "store"; readonly fault: StoreFault }
  | { readonly do: "die" }
  | { readonly do: "cancel"; readonly payment: number }
  | { readonly do: "refund"; readonly payment: number }
  | { readonly do: "reconcile" };
type End = "fine" | "streamed" | "error" | "client left";

const payment = fc.integer({ min: 1, max: PAYMENTS });
const ask = fc.record({ do: fc.constant("ask" as const), payment });
const conclude = fc.record({
  do: fc.constant("conclude" as const),
  which: fc.nat(3),
  end: fc.constantFrom<End>("fine", "fine", "streamed", "error", "client left"),
  arrives: fc.boolean(),
});
const fault = fc.record({
  do: fc.constant("fault" as const),
  fault: fc.constantFrom<SettleFault>(
    "honest",
    "lost after",
    "lost before",
    "refused",
    "pending",
    "contradicts",
    "unsent",
    "dies after",
    "dies before",
    "stalls",
  ),
});
const store = fc.record({
  do: fc.constant("store" as const),
  fault: fc.constantFrom<StoreFault>("fails before", "fails after"),
});
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: ask },
    { weight: 5, arbitrary: conclude },
    { weight: 3, arbitrary: fault },
    { weight: 1, arbitrary: store },
    { weight: 1, arbitrary: fc.constant<Step>({ do: "die" }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("cancel" as const), payment }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("refund" as const), payment }) },
    { weight: 1, arbitrary: fc.constant<Step>({ do: "reconcile" }) },
  ),
  { maxLength: 24 },
);

async function take(world: World, step: Step): Promise<void> {
  switch (step.do) {
    case "ask":
      await world.ask(step.payment);
      return;
    case "conclude": {
      const open = world.runs.filter(({ concluded }) => !concluded);
      const run = open[step.which % Math.max(open.length, 1)];
      if (run) await world.conclude(run, step.end, step.arrives);
      return;
    }
    case "fault":
      world.faults.push(step.fault);
      return;
    case "store":
      world.storeFaults.push(step.fault);
      return;
    case "die":
      world.die();
      return;
    case "cancel":
      world.cancel(step.payment);
      return;
    case "refund":
      await world.refund(step.payment);
      return;
    case "reconcile":
      await world.reconcile();
  }
}

/** I2 to I5, as far as they can be told from one moment. */
async function check(world: World): Promise<void> {
  const live = new Map<number, number>();
  for (const { payment } of world.runs) live.set(payment, (live.get(payment) ?? 0) + 1);
  for (const [payment, runs] of live) expect(runs, `I2: runs of payment ${payment} at once`).toBe(1);
  for (const [payment, times] of world.charges) expect(times, `I3: charges of payment ${payment}`).toBe(1);
  const all = await world.records();
  for (const payment of world.heard) {
    const known = all.some(({ id, receipt }) => numberOfRecord(id) === payment && receipt?.success);
    expect(known, `I5: the charge of payment ${payment} was heard of`).toBe(true);
  }
  const background = world.settle === "background";
  for (const payment of world.delivered.keys()) {
    if (!background) expect(world.charges.has(payment), `I4: payment ${payment} delivered unpaid`).toBe(true);
  }
  for (const record of all) {
    if (record.reason === "moved") continue;
    const payment = numberOfRecord(record.id);
    const charged = world.charges.has(payment);
    const { state, receipt } = record;
    if (state === "failed" || state === "released") expect(charged, `I5: ${record.id} is ${state}`).toBe(false);
    if (state === "refunded") {
      const held = world.delivered.get(payment) ?? 0;
      const before = world.refunded.get(payment) ?? held;
      world.refunded.set(payment, before);
      expect(held, `I4: ${record.id} was delivered after its money went back`).toBe(before);
    }
    expect(world.refunded.has(payment) && state !== "refunded", `I1: ${record.id} is ${state} after its refund`).toBe(
      false,
    );
    if (state === "settled" || state === "delivered" || state === "owed" || state === "refunded") {
      expect(charged, `I5: ${record.id} is ${state}`).toBe(true);
      expect(receipt?.success, `I5: ${record.id} is ${state}`).toBe(true);
    }
    const holdsPayload = state === "settling" || state === "unknown";
    expect("payload" in record, `I9: payload of ${record.id}, ${state}`).toBe(holdsPayload);
    if (live.has(payment) && !record.id.includes("#")) expect(state, `I2: ${record.id} runs`).toBe("running");
  }
}

/** All is well again: what was paid can be collected, and nothing stays in doubt. */
async function settleDown(world: World): Promise<void> {
  world.faults = [];
  world.storeFaults = [];
  world.die();
  await world.reconcile();
  await check(world);
  for (let payment = 1; payment <= PAYMENTS; payment++) {
    for (let tries = 0; tries < 5; tries++) {
      await world.ask(payment);
      const [run] = world.runs;
      if (run) await world.conclude(run, "fine", true);
      await check(world);
    }
  }
  const records = await world.records();
  for (const { state, id, answered, reason } of records) {
    if (answered || reason === "moved") continue;
    // Without a chain to ask, what was in doubt stays so.
    const ends = ["delivered", "owed", "refunded", "failed", "released", ...(world.asked ? [] : ["unknown"])];
    expect(ends, id).toContain(state);
  }
  for (const payment of world.charges.keys()) {
    const record = records.find(({ id, reason }) => reason !== "moved" && numberOfRecord(id) === payment);
    const exhausted = record?.state === "owed" && record.runs >= 3;
    if (record?.state === "unknown" && !world.asked) continue;
    const ended = record?.state === "delivered" || record?.state === "refunded" || exhausted;
    expect(world.delivered.has(payment) || ended, `payment ${payment}`).toBe(true);
  }
}

async function live(
  settle: "after" | "before" | "background",
  asked: boolean,
  history: readonly Step[],
): Promise<void> {
  const world = new World(settle, asked);
  for (const step of history) {
    await take(world, step);
    await new Promise((resolve) => setImmediate(resolve));
    await check(world);
  }
  await settleDown(world);
}

describe("the state machine of a payment", () => {
  const numRuns = Math.ceil(SEQUENCES / 3);
  // Only there so that a history that hangs ends, also beside other busy processes.
  const timeout = 600_000 + numRuns * 50;

  it("E07 holds the money rules where the handler comes first", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), steps, (asked, history) => live("after", asked, history)),
      { numRuns },
    );
  });

  it("E07 holds the money rules where the settlement comes first", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), steps, (asked, history) => live("before", asked, history)),
      { numRuns },
    );
  });

  it("E07 holds the money rules where the settlement comes last", { timeout }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), steps, (asked, history) => live("background", asked, history)),
      { numRuns },
    );
  });
});
