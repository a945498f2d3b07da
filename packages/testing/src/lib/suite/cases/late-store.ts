import { createPaywall, type StoredPayment, StoreError } from "@turnpike/core";
import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook, Open } from "../casebook.js";
import { expectRetryLater, problemOf } from "../expectations.js";
import { type HostileStore, hostileStore, type StoreFault } from "../hostile-store.js";
import { paid, seller } from "../shop.js";

/** Every code that a store of ours rejects with, and errors that are no store's. */
const errors = (): readonly Error[] => [
  ...[
    "store_unavailable",
    "store_timeout",
    "store_not_replicated",
    "store_not_prepared",
    "store_migrating",
    "store_too_new",
    "store_in_use",
    "store_unreadable",
    "store_closed",
    "store_evicts",
    "record_conflict",
    "invalid_transition",
    "a_code_of_its_own",
  ].map((code) => new StoreError(code, "The store is late")),
  new Error("no store's error"),
  new TypeError("fetch failed"),
];

type Settle = "after" | "before";
const route = (settle: Settle) => ({ ...paid, price: { price: "$0.01", settle } });
const becoming = (...states: readonly StoredPayment["state"][]) => {
  return (record: unknown): boolean => states.includes((record as StoredPayment).state);
};
/** The same, for so many writes. */
const times = (count: number, when: (record: unknown) => boolean) => {
  let left = count;
  return (record: unknown): boolean => when(record) && left-- > 0;
};

/** A store that is late, or fails in any way of its own, loses no response and no sale (kind 13: G63; I3, I5). */
export function testLateStore({ check }: Casebook): void {
  /** One purchase while the writes of some states fail. */
  async function buy(open: Open, settle: Settle, when: (record: unknown) => boolean, fault: StoreFault) {
    const store: HostileStore = hostileStore();
    const shop = await open({ routes: [route(settle)], config: { store } });
    store.fail("replace", when, fault);
    const purchase = await shop.buy();
    return { shop, store, ...purchase };
  }

  check(
    "G63 sends the response and its receipt though the charge cannot be written down, whatever the store says",
    async (open) => {
      for (const error of errors()) {
        const what = (error as { code?: string }).code ?? error.name;
        const { shop, store, response } = await buy(open, "after", becoming("settled"), { error });
        expect(response.status, what).toBe(200);
        expect(readReceipt(response), what).toMatchObject({ success: true });
        expect(await response.json(), what).toEqual({ paid: true });
        store.fail("replace");
        expect(await shop.becomes("delivered"), what).toMatchObject({ receipt: { success: true } });
        shop.counted({ h: 1, v: 1, s: 1, c: 1 });
      }
    },
  );

  check("G63b goes on from a write that was reported as failed and happened, at every step", async (open) => {
    for (const state of ["settling", "settled", "delivered"] as const) {
      for (const error of errors()) {
        const what = `${state} ${(error as { code?: string }).code ?? error.name}`;
        const { shop, response } = await buy(open, "after", times(1, becoming(state)), { error, done: true });
        expect(response.status, what).toBe(200);
        expect(readReceipt(response), what).toMatchObject({ success: true });
        await response.text();
        await shop.becomes("delivered");
        shop.counted({ h: 1, v: 1, s: 1, c: 1 });
      }
    }
  });

  check("G63c goes on from such a write where the settlement comes before the handler", async (open) => {
    for (const state of ["settled", "running", "delivered"] as const) {
      for (const error of errors()) {
        const what = `${state} ${(error as { code?: string }).code ?? error.name}`;
        const { shop, response } = await buy(open, "before", times(1, becoming(state)), { error, done: true });
        expect(response.status, what).toBe(200);
        expect(readReceipt(response), what).toMatchObject({ success: true });
        await response.text();
        await expect.poll(async () => (await shop.records()).every(({ state: now }) => now === "delivered")).toBe(true);
        shop.counted({ h: 1, v: 0, s: 1, c: 1 });
      }
    }
  });

  check("G63d waits a moment for a store that is late, at every step of either order", async (open) => {
    for (const settle of ["after", "before"] as const) {
      for (const state of ["settling", "settled", "running", "delivered"] as const) {
        const error = new StoreError("store_timeout", "The store is late");
        const { shop, response } = await buy(open, settle, times(2, becoming(state)), { error });
        expect(response.status, `${settle} ${state}`).toBe(200);
        await response.text();
        await expect.poll(async () => (await shop.records()).every(({ state: now }) => now === "delivered")).toBe(true);
        expect(shop.runs()).toBe(1);
        expect(shop.facilitator.charges).toHaveLength(1);
      }
    }
  });

  check("G63e goes on from a claim that was reported as failed and happened", async (open) => {
    for (const settle of ["after", "before"] as const) {
      const store = hostileStore();
      const shop = await open({ routes: [route(settle)], config: { store } });
      const error = new StoreError("store_timeout", "The store is late");
      store.fail(
        "insert",
        times(1, () => true),
        { error, done: true },
      );
      const { response } = await shop.buy();
      expect(response.status, settle).toBe(200);
      await response.text();
      expect(shop.runs()).toBe(1);
      expect(shop.facilitator.charges).toHaveLength(1);
    }
  });

  check("G63f owes what it could not write down before the handler, and its payment collects it", async (open) => {
    const error = new StoreError("store_timeout", "The store is late");
    const { shop, store, response, header } = await buy(open, "before", becoming("settled"), { error });
    expect(response.status).toBe(503);
    expect(response.headers.get("payment-required")).toBeNull();
    expect(readReceipt(response)).toMatchObject({ success: true });
    expect(await problemOf(response)).toBe("store_unavailable");
    store.fail("replace");
    await shop.becomes("owed");
    const collected = await shop.pay(header);
    expect(collected.status).toBe(200);
    await collected.text();
    expect(shop.facilitator.charges).toHaveLength(1);
    expect(shop.runs()).toBe(1);
  });

  check("G63h writes down the charge that it hears of after it has lost its lease, and owes it", async (open) => {
    for (const settle of ["after", "before"] as const) {
      const store = hostileStore();
      const shop = await open({ routes: [route(settle)], config: { store } });
      const other = createPaywall({
        ...{ payTo: seller, network: "base-sepolia", facilitator: shop.facilitator.url },
        ...{ store, reconcileSeconds: 0 },
      });
      shop.facilitator.respond("settle", async (call) => {
        await call.act();
        store.lapse();
        // Buries the record, then hears that the payment was used before.
        await other.reconcile();
        await other.reconcile();
        expect(await shop.records(), settle).toMatchObject([{ state: "unknown" }]);
        await faults.ok()(call);
      });
      const { response, header } = await shop.buy();
      expect([409, 503], settle).toContain(response.status);
      expect(response.headers.get("payment-required"), settle).toBeNull();
      const transaction = shop.facilitator.charges[0]?.transaction;
      expect(await shop.becomes("owed"), settle).toMatchObject({ receipt: { success: true, transaction } });
      const collected = await shop.pay(header);
      expect([collected.status, await collected.json()], settle).toEqual([200, { paid: true }]);
      expect(readReceipt(collected), settle).toMatchObject({ success: true, transaction });
      expect([shop.runs(), shop.facilitator.charges.length], settle).toEqual([1, 1]);
    }
  });

  check("G63i keeps the transaction that it hears of after it has lost its lease", async (open) => {
    const store = hostileStore();
    const shop = await open({ config: { store } });
    const other = createPaywall({
      ...{ payTo: seller, network: "base-sepolia", facilitator: shop.facilitator.url },
      ...{ store, reconcileSeconds: 0 },
    });
    shop.facilitator.respond("settle", faults.pending(), async (call) => {
      store.lapse();
      await other.reconcile();
      const transaction = shop.facilitator.charges[0]?.transaction;
      await faults.fail("settlement_pending", { transaction })(call);
    });
    shop.facilitator.always("settle", faults.fail("nonce_used"));
    const { response } = await shop.buy();
    expect([409, 503]).toContain(response.status);
    const transaction = shop.facilitator.charges[0]?.transaction;
    await expect.poll(async () => (await shop.records())[0]?.transaction).toBe(transaction);
  });

  check(
    "G63g charges nothing that it could not write down first, and takes the same payment afterwards",
    async (open) => {
      const error = new StoreError("store_timeout", "The store is late");
      const { shop, store, response, header } = await buy(open, "after", becoming("settling"), { error });
      expectRetryLater(response);
      expect(shop.facilitator.settles).toBe(0);
      store.fail("replace");
      store.lapse();
      expect((await shop.pay(header)).status).toBe(200);
      expect(shop.facilitator.charges).toHaveLength(1);
    },
  );
}
