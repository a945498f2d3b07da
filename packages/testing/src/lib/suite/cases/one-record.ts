import {
  createPaywall,
  memoryStore,
  type Paywall,
  type RefundSender,
  type Store,
  type StoredPayment,
  StoreError,
} from "@turnpike/core";
import type { PaymentPayload } from "@turnpike/core/protocol";
import { expect } from "vitest";
import { encodeHeader } from "../../client/header.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook, Open } from "../casebook.js";
import { problemOf } from "../expectations.js";
import { hostileStore } from "../hostile-store.js";
import { gate, NOTE, operatorOf, refundAll } from "../operating.js";
import { paid, type Shop, seller } from "../shop.js";

const route = { ...paid, price: { price: "$0.01", settle: "before" as const } };
const isMove = (record: unknown): boolean => (record as StoredPayment).reason === "moved";

/** The same records in a store of their own, as a process leaves them that is killed now: every lease has run out. */
async function copyOf(store: Store): Promise<Store> {
  const copy = memoryStore();
  for (const { record } of await store.list({ order: "newest", limit: 1_000 })) await copy.insert(record, 0);
  return copy;
}

/** A store, and how a kill would leave it right before an attempt moves to the payment's own name. */
function watchMove(store: Store) {
  let left: Promise<Store> | undefined;
  const watched: Store = {
    ...store,
    replace: async (record, ...rest) => {
      if (isMove(record)) {
        left ??= copyOf(store);
        await left;
      }
      return store.replace(record, ...rest);
    },
  };
  return {
    watched,
    left: () => left ?? Promise.reject(new Error("The attempt has not moved.")),
  };
}

/** One sale is on record, in lists, totals and health, and this many refunds of it. */
async function expectOneSale(operator: Paywall, state: StoredPayment["state"], refunds = 0): Promise<void> {
  const { payments } = await operator.payments();
  expect(payments.map((payment) => payment.state)).toEqual([state]);
  const totals = await operator.totals({ by: [] });
  expect(totals).toMatchObject([{ sales: 1, amount: "10000", refunds, refunded: refunds ? "10000" : "0" }]);
  const owed = state === "owed" || state === "refunding" ? 1 : 0;
  expect((await operator.health()).open).toMatchObject({ owed: { count: owed }, unknown: { count: 0 } });
}

/**
 * A payment that was settled before its signature was proven is on record as an attempt, and takes its own name when its
 * handler may run. At every moment exactly one of the two records counts: one charge is collected or refunded, once (I1).
 */
export function testOneRecord({ check }: Casebook): void {
  /** A purchase, and its store as a kill would leave it while the attempt moves to the payment's own name. */
  async function killedOnTheWay(open: Open) {
    const store = memoryStore();
    const { watched, left } = watchMove(store);
    const shop = await open({ routes: [route], config: { store: watched } });
    const { header } = await shop.buy();
    return { header, ...(await restarted(open, shop, await left())) };
  }

  /** The shop as it comes up again on a store. */
  async function restarted(open: Open, { facilitator }: Shop, store: Store) {
    const shop = await open({ routes: [route], config: { store, facilitator: facilitator.url } });
    return { shop, operator: operatorOf({ facilitator, store }), charges: facilitator.charges };
  }

  /** An attempt that is owed: its charge could not be written down at its time. */
  async function owed(open: Open, config: object = {}) {
    const store = hostileStore();
    const shop = await open({ routes: [route], config: { store, ...config } });
    const error = new StoreError("store_timeout", "The store is late");
    store.fail("replace", (record) => (record as StoredPayment).state === "settled", { error });
    const header = await shop.header();
    expect((await shop.pay(header)).status).toBe(503);
    store.fail("replace");
    const { id } = await shop.becomes("owed");
    expect(id).toContain("#");
    return { shop, header, id, operator: operatorOf(shop) };
  }

  check("G45g counts and refunds one sale of a process that was killed while the payment moved", async (open) => {
    const { shop, header, operator, charges } = await killedOnTheWay(open);
    expect((await operator.payments()).payments).toHaveLength(1);
    expect(await operator.totals({ by: [] })).toMatchObject([{ sales: 1, amount: "10000" }]);
    expect(await refundAll(operator, shop.store)).toHaveLength(1);
    await expectOneSale(operator, "refunded", 1);
    const late = await shop.pay(header);
    expect(late.status).toBe(409);
    expect(await problemOf(late)).toBe("payment_used");
    await operator.reconcile();
    await expectOneSale(operator, "refunded", 1);
    expect(shop.runs()).toBe(0);
    expect(charges).toHaveLength(1);
  });

  check("G45h does so as well once the open payments were looked at", async (open) => {
    const { shop, header, operator } = await killedOnTheWay(open);
    expect(await operator.reconcile()).toMatchObject({ owed: 1, settled: 0, failed: 0, open: 0 });
    await expectOneSale(operator, "owed");
    await expect.poll(async () => (await operator.reconcile()).examined).toBe(0);
    expect(await refundAll(operator, shop.store)).toHaveLength(1);
    await expectOneSale(operator, "refunded", 1);
    expect((await shop.pay(header)).status).toBe(409);
    expect(shop.runs()).toBe(0);
  });

  check("G45i delivers once what such a process has left, before the open payments are looked at", async (open) => {
    const { shop, header, operator, charges } = await killedOnTheWay(open);
    const collected = await shop.pay(header);
    expect(collected.status).toBe(200);
    await collected.arrayBuffer();
    await expect
      .poll(async () => (await operator.payments()).payments.map(({ state }) => state))
      .toEqual(["delivered"]);
    expect(await refundAll(operator, shop.store)).toEqual([]);
    await operator.reconcile();
    await expectOneSale(operator, "delivered");
    await (await shop.pay(header)).arrayBuffer();
    expect(shop.runs()).toBe(1);
    expect(charges).toHaveLength(1);
  });

  check("G45j delivers once what such a process has left, after they were looked at", async (open) => {
    const { shop, header, operator } = await killedOnTheWay(open);
    await operator.reconcile();
    const collected = await shop.pay(header);
    expect(collected.status).toBe(200);
    await collected.arrayBuffer();
    await expect
      .poll(async () => (await operator.payments()).payments.map(({ state }) => state))
      .toEqual(["delivered"]);
    await expectOneSale(operator, "delivered");
    expect(await refundAll(operator, shop.store)).toEqual([]);
    expect(shop.runs()).toBe(1);
  });

  check("G45k counts and refunds one sale of a process that was killed while it collected an attempt", async (open) => {
    const { shop, header, operator } = await owed(open);
    const { watched, left } = watchMove(shop.store);
    const second = await restarted(open, shop, watched);
    expect((await second.shop.pay(header)).status).toBe(200);
    await expect
      .poll(async () => (await operator.payments()).payments.map(({ state }) => state))
      .toEqual(["delivered"]);
    await expectOneSale(operator, "delivered");
    // As it was killed: looked at first, then collected.
    const third = await restarted(open, shop, await left());
    expect((await third.operator.payments()).payments).toHaveLength(1);
    expect(await third.operator.totals({ by: [] })).toMatchObject([{ sales: 1 }]);
    await third.operator.reconcile();
    await expectOneSale(third.operator, "owed");
    const collected = await third.shop.pay(header);
    expect(collected.status).toBe(200);
    await collected.arrayBuffer();
    await expect
      .poll(async () => (await third.operator.payments()).payments.map(({ state }) => state))
      .toEqual(["delivered"]);
    await expectOneSale(third.operator, "delivered");
    expect(await refundAll(third.operator, third.shop.store)).toEqual([]);
    expect(third.charges).toHaveLength(1);
  });

  check("G45l gives the money and no goods where the refund comes while the seller's hook is asked", async (open) => {
    const { pass, reached, open: go } = gate();
    let asked = 0;
    const { shop, header, id, operator } = await owed(open, {
      hooks: {
        afterSettle: async () => {
          if (++asked === 1) await pass();
        },
      },
    });
    const collecting = shop.pay(header);
    await reached;
    expect(await operator.resolve(id, "refunded", { note: NOTE })).toMatchObject({ state: "refunded" });
    go();
    const collected = await collecting;
    expect(collected.status).toBe(409);
    expect(shop.runs()).toBe(0);
    expect(await problemOf(await shop.pay(header))).toBe("payment_used");
    await operator.reconcile();
    await expectOneSale(operator, "refunded", 1);
    expect(await refundAll(operator, shop.store)).toEqual([]);
  });

  /** A shop whose attempt waits at the gate while it moves, for longer than its lease. */
  async function away(open: Open) {
    const held = gate();
    const store = hostileStore();
    let first = true;
    const slow: Store = {
      ...store,
      replace: async (record, ...rest) => {
        if (isMove(record) && first) {
          first = false;
          await held.pass();
        }
        return store.replace(record, ...rest);
      },
    };
    const shop = await open({ routes: [route], config: { store: slow } });
    const header = await shop.header();
    const waiting = shop.pay(header);
    await held.reached;
    store.lapse();
    return { shop, store, header, waiting, go: held.open };
  }

  check(
    "G45m delivers once where a process moves its payment after it was away, and another collected",
    async (open) => {
      const { shop, store, header, waiting, go } = await away(open);
      const other = await restarted(open, shop, store);
      const collected = await other.shop.pay(header);
      expect(collected.status).toBe(200);
      await collected.arrayBuffer();
      go();
      expect((await waiting).status).toBe(409);
      await other.operator.reconcile();
      await expectOneSale(other.operator, "delivered");
      expect(shop.runs() + other.shop.runs()).toBe(1);
      expect(await refundAll(other.operator, store)).toEqual([]);
    },
  );

  check("G45n gives the money and no goods where it was refunded meanwhile", async (open) => {
    const { shop, store, header, waiting, go } = await away(open);
    const operator = operatorOf({ facilitator: shop.facilitator, store });
    expect(await refundAll(operator, store)).toHaveLength(1);
    go();
    expect((await waiting).status).toBe(409);
    await operator.reconcile();
    await expectOneSale(operator, "refunded", 1);
    expect((await shop.pay(header)).status).toBe(409);
    expect(shop.runs()).toBe(0);
  });

  check("G45o owes it still where the open payments were looked at meanwhile", async (open) => {
    const { shop, store, header, waiting, go } = await away(open);
    const operator = operatorOf({ facilitator: shop.facilitator, store });
    await operator.reconcile();
    go();
    expect((await waiting).status).toBe(409);
    await operator.reconcile();
    await expectOneSale(operator, "owed");
    const collected = await shop.pay(header);
    expect(collected.status).toBe(200);
    await collected.arrayBuffer();
    await expect
      .poll(async () => (await operator.payments()).payments.map(({ state }) => state))
      .toEqual(["delivered"]);
    expect(shop.runs()).toBe(1);
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check("G45p takes no second record of one payment for a sale, whatever its signature", async (open) => {
    const { shop, header, id, operator } = await owed(open);
    const { facilitator, store } = shop;
    const payment = JSON.parse(atob(header)) as PaymentPayload;
    const again = { ...payment, payload: { ...payment.payload, signature: `0x${"ab".repeat(64)}1b` } };
    const asking = createPaywall({
      ...{ payTo: seller, network: "base-sepolia", facilitator: facilitator.url, chain: facilitator.chain },
      ...{ reconcileSeconds: 0, store },
    });
    const late = await open({
      routes: [route],
      config: { store, facilitator: facilitator.url, chain: facilitator.chain },
    });
    facilitator.respond("settle", faults.fail("invalid_transaction_state"));
    expect((await late.pay(encodeHeader(again))).status).toBe(503);
    const [doubt] = (await operator.payments({ states: ["unknown"] })).payments;
    const [transaction = ""] = facilitator.charges.map((charge) => charge.transaction);
    const taken = expect.objectContaining({ code: "transaction_taken" });
    for (const one of [operator, asking]) {
      await expect(one.resolve(doubt?.id ?? "", "settled", { transaction })).rejects.toEqual(taken);
    }
    expect(await operator.resolve(id, "refunded", { note: NOTE })).toMatchObject({ state: "refunded" });
    for (const one of [operator, asking]) {
      await expect(one.resolve(doubt?.id ?? "", "settled", { transaction })).rejects.toEqual(taken);
    }
    expect(await operator.totals({ by: [] })).toMatchObject([{ sales: 1, refunds: 1 }]);
    expect(await operator.resolve(doubt?.id ?? "", "failed")).toMatchObject({ state: "failed" });
  });

  check("G45y resumes the refund of an attempt by the same call, and counts and sends it once", async (open) => {
    const { shop, header, id, operator } = await owed(open);
    const sent: string[] = [];
    const transaction = `0x${"4e".repeat(32)}`;
    const sender: RefundSender = {
      networks: ["eip155:84532"],
      prepare: async (payment) => ({
        ...{ transaction, plan: `the plan of ${payment.id}`, from: seller, to: payment.payer ?? "", amount: "10000" },
      }),
      send: async (payment) => {
        sent.push(`${payment.id} ${payment.refund?.plan}`);
        return sent.length === 1 ? { type: "pending" } : { type: "confirmed" };
      },
    };
    const [name = ""] = id.split("#", 1);
    expect(await operator.refund(id, sender)).toMatchObject({ type: "pending", payment: { id: name } });
    await expectOneSale(operator, "refunding");
    expect(await problemOf(await shop.pay(header))).toBe("payment_used");
    expect(await operator.refund(id, sender)).toMatchObject({ type: "refunded", payment: { id: name } });
    await expectOneSale(operator, "refunded", 1);
    expect(sent).toEqual([`${name} the plan of ${name}`, `${name} the plan of ${name}`]);
    await expect(operator.refund(id, sender)).rejects.toMatchObject({ code: "not_owed" });
  });
}
