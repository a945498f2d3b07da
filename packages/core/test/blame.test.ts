import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { memoryStore } from "../src/lib/ledger/memory.js";
import { createPaywall } from "../src/lib/paywall/paywall.js";
import type { PricedRoute } from "../src/lib/seam.js";
import {
  type Answer,
  answer,
  broken,
  type Service,
  serves,
  startService,
  stopServices,
  valid,
} from "./facilitators.js";
import { ask, forger, requestOf } from "./forger.js";

const base = {
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  network: "base-sepolia",
  reconcileSeconds: 0,
} as const;
const settled = answer(200, { success: true, transaction: `0x${"1".repeat(64)}`, network: "eip155:84532" });
/** Milliseconds that a busy machine may take. */
const PATIENT = { timeout: 15_000 };
/** Seconds for which the payments of these tests are valid. */
const VALID = 100;

let service: Service;

beforeEach(async () => {
  service = await startService(serves(["eip155:84532"]));
  service.answers.settle = settled;
});
afterEach(async () => {
  vi.useRealTimers();
  await stopServices();
});

/** As many times as asked, one after the other; gives the statuses. */
async function statuses(count: number, make: () => Promise<{ readonly status: number }>): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push((await make()).status);
  return found;
}

/** A route that settles first, with attempts of one address that have become unknown; `again` sends them once more. */
async function leaveOpen(count: number, limits: { readonly perAddress: number }) {
  const tolls = createPaywall({ ...base, facilitator: service.facilitator, limits, store: memoryStore() });
  const route = tolls.price<object>({ price: "$0.01", settle: "before" });
  const forge = await forger(route);
  service.answers.verify = broken;
  service.answers.settle = broken;
  const junk = Array.from({ length: count }, () => forge());
  for (const headers of junk) expect((await ask(route, requestOf(headers))).code).toBe("settlement_unknown");
  const again = async () => {
    const found: number[] = [];
    for (const headers of junk) found.push((await ask(route, requestOf(headers))).status);
    return found;
  };
  return { tolls, route, forge, again };
}

/** Buys, answer and all. */
async function buy(route: PricedRoute<object>, headers: Record<string, string>): Promise<void> {
  const decision = await route.admit(requestOf(headers));
  if (decision.type !== "admit") throw new Error("The purchase was refused.");
  const { type } = await decision.ticket.conclude({ status: 200, aborted: false, whole: true, headers: () => [] });
  expect(type).toBe("release");
  await decision.ticket.delivered(true);
}

it("G33 counts what a facilitator gives no answer to against the address that it came from", async () => {
  const tolls = createPaywall({ ...base, facilitator: service.facilitator, limits: { perAddress: 5 } });
  const route = tolls.price<object>("$0.01");
  const forge = await forger(route);
  service.answers.verify = broken;
  const refused = await statuses(20, () => ask(route, requestOf(forge())));
  expect(refused).toEqual([...Array(5).fill(503), ...Array(15).fill(429)]);
  expect(service.calls.verify).toBe(5);
  service.answers.verify = valid;
  expect((await ask(route, requestOf(forge(), "198.51.100.1"))).status).toBe(200);
});

it("G33 counts nothing against an address while the facilitator cannot be reached", async () => {
  const tolls = createPaywall({ ...base, facilitator: service.facilitator, limits: { perAddress: 5 } });
  const route = tolls.price<object>("$0.01");
  const forge = await forger(route);
  expect((await ask(route, requestOf(forge()))).status).toBe(200);
  await service.stop();
  expect(await statuses(20, () => ask(route, requestOf(forge())))).toEqual(Array(20).fill(503));
});

it("G33 counts nothing against who has bought before while the facilitator fails", async () => {
  const limits = { perAddress: 3, perPayer: 3 };
  const tolls = createPaywall({ ...base, facilitator: service.facilitator, limits });
  const route = tolls.price<object>("$0.01");
  const forge = await forger(route);
  const buyer = `0x${"12".repeat(20)}`;
  await buy(route, forge(buyer));
  service.answers.verify = broken;
  expect(await statuses(12, () => ask(route, requestOf(forge(buyer))))).toEqual(Array(12).fill(503));
  expect(service.calls.verify).toBeLessThan(12);
  service.answers.verify = valid;
  await expect.poll(async () => (await ask(route, requestOf(forge(buyer)))).status, PATIENT).toBe(200);
});

it("G33 asks about an attempt once more within the limits of its address only", async () => {
  const { again } = await leaveOpen(10, { perAddress: 15 });
  const before = service.calls.settle;
  // The first five are looked at, and come to nothing again.
  expect(await again()).toEqual([...Array(5).fill(503), ...Array(5).fill(429)]);
  expect(await again()).toEqual(Array(10).fill(429));
  expect(service.calls.settle - before).toBe(5);
});

it("G33 keeps nobody out while it looks after attempts that fail", async () => {
  const { tolls, route, forge } = await leaveOpen(20, { perAddress: 1_000 });
  const before = service.calls.settle;
  expect(await tolls.reconcile()).toMatchObject({ examined: 20, open: 20 });
  expect(service.calls.settle).toBeGreaterThan(before);
  // With so many open, a payment is verified first.
  service.answers.verify = valid;
  service.answers.settle = settled;
  expect((await ask(route, requestOf(forge(), "198.51.100.1"))).status).toBe(200);
});

it("G33 asks about attempts one at a time, and not for ever", async () => {
  vi.useFakeTimers({ toFake: ["Date", "performance"] });
  const { tolls } = await leaveOpen(6, { perAddress: 1_000 });
  let open = 0;
  let most = 0;
  const slowly: Answer = (response) => {
    most = Math.max(most, ++open);
    setTimeout(() => {
      open--;
      broken(response);
    }, 20);
  };
  service.answers.verify = slowly;
  service.answers.settle = slowly;
  expect(await tolls.reconcile()).toMatchObject({ examined: 6, open: 6 });
  expect(most).toBe(1);
  // Each waits for its turn now.
  expect(await tolls.reconcile()).toMatchObject({ examined: 0 });
  vi.advanceTimersByTime((VALID + 2 * 3_600) * 1_000);
  const { verify, settle } = service.calls;
  expect(await tolls.reconcile()).toMatchObject({ examined: 6, open: 6 });
  expect([service.calls.verify, service.calls.settle]).toEqual([verify, settle]);
});
