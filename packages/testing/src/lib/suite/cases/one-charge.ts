import { memoryStore, type RefundSender, type StoredPayment } from "@turnpike/core";
import type { PaymentPayload } from "@turnpike/core/protocol";
import { expect } from "vitest";
import { encodeHeader } from "../../client/header.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook } from "../casebook.js";
import { hostileStore } from "../hostile-store.js";
import { gate, operatorOf, refundAll } from "../operating.js";
import { paid, type Shop } from "../shop.js";

const before = { ...paid, price: { price: "$0.01", settle: "before" as const } };
const isMove = (record: unknown): boolean => (record as StoredPayment).reason === "moved";

/** One charge is delivered or refunded, once, by whatever ways one authorisation is brought (I1). */
export function testOneCharge({ check }: Casebook): void {
  check(
    "G45s delivers once what is brought to a route that settles first and to one that settles after",
    async (open) => {
      const after = { ...paid, id: "after", path: ["after"] };
      const shop = await open({ routes: [before, after] });
      const { facilitator } = shop;
      const payload = await shop.buyer.sign(await shop.challenge());
      const { resource, accepts } = await shop.challenge("/after");
      const [accepted] = accepts;
      if (!accepted) throw new Error("The challenge has no offer.");
      const settling = gate();
      const verified = gate();
      // The one verifies once the other settles, and that ends once the first has had time to go on.
      facilitator.always("verify", async (call) => {
        await settling.reached;
        await faults.ok()(call);
        await verified.pass();
      });
      facilitator.always("settle", async (call) => {
        settling.open();
        await settling.pass();
        await verified.reached;
        await faults.delay(300)(call);
      });
      verified.open();
      const answers = await Promise.all([
        shop.pay(encodeHeader(payload)),
        shop.pay(encodeHeader({ ...payload, ...(resource ? { resource } : {}), accepted }), "/after"),
      ]);
      expect(answers.map(({ status }) => status)).toEqual([200, 409]);
      expect([shop.runs(), shop.runs("after"), facilitator.charges.length]).toEqual([1, 0, 1]);
      const operator = operatorOf(shop);
      await expect.poll(async () => (await operator.payments()).payments[0]?.state).toBe("delivered");
      expect(await operator.totals({ by: [] })).toMatchObject([{ sales: 1 }]);
      expect(await refundAll(operator, shop.store)).toEqual([]);
    },
  );

  check("G45t looks again at an attempt that was not there when it looked, and is refunded by now", async (open) => {
    const hostile = hostileStore();
    const late = gate();
    let looked = 0;
    const slow = await open({
      routes: [before],
      config: {
        store: {
          ...hostile,
          read: async (id) => {
            // Its first look at the name takes long; that at the attempt does not.
            if (!id.includes("#") && ++looked === 1) await late.pass();
            return hostile.read(id);
          },
        },
      },
    });
    const header = await slow.header();
    const second = slow.pay(header);
    await late.reached;
    const moving = gate();
    const shop = await open({
      routes: [before],
      config: {
        facilitator: slow.facilitator.url,
        store: {
          ...hostile,
          replace: async (record, ...rest) => {
            if (isMove(record)) await moving.pass();
            return hostile.replace(record, ...rest);
          },
        },
      },
    });
    const first = shop.pay(header);
    await moving.reached;
    hostile.lapse();
    const operator = operatorOf({ facilitator: slow.facilitator, store: hostile });
    expect(await refundAll(operator, hostile)).toHaveLength(1);
    late.open();
    expect((await second).status).toBe(409);
    moving.open();
    expect((await first).status).toBe(409);
    expect(shop.runs() + slow.runs()).toBe(0);
    expect(await refundAll(operator, hostile)).toEqual([]);
  });

  check("G45u does not take another process's move for its own", async (open) => {
    const hostile = hostileStore();
    const moving = gate();
    let cut = false;
    const shop = await open({
      routes: [before],
      config: {
        store: {
          ...hostile,
          replace: async (record, ...rest) => {
            if (!isMove(record) || cut) return hostile.replace(record, ...rest);
            cut = true;
            await moving.pass();
            throw new Error("The connection is lost");
          },
        },
      },
    });
    const header = await shop.header();
    const first = shop.pay(header);
    await moving.reached;
    hostile.lapse();
    const other = await open({ routes: [before], config: { store: hostile, facilitator: shop.facilitator.url } });
    const collected = await other.pay(header);
    expect(collected.status).toBe(200);
    await collected.arrayBuffer();
    moving.open();
    expect((await first).status).not.toBe(200);
    expect([shop.runs(), other.runs()]).toEqual([0, 1]);
  });

  /** Both of two signatures for one nonce are told a success, by the one transaction that there is. */
  async function twoSignatures(shop: Shop): Promise<readonly [string, string]> {
    const payload: PaymentPayload = await shop.buyer.sign(await shop.challenge());
    const { signature } = payload.payload as { readonly signature: string };
    const again = { ...payload, payload: { ...payload.payload, signature: `0x${"ab".repeat(64)}1b` } };
    const { facilitator } = shop;
    facilitator.always("settle", async (call) => {
      if (JSON.stringify(call.body).includes(signature)) return faults.ok()(call);
      await expect.poll(() => facilitator.charges.length).toBe(1);
      const [charge] = facilitator.charges;
      const { network } = payload.accepted;
      return faults.body({ success: true, transaction: charge?.transaction, network, payer: shop.buyer.address })(call);
    });
    return [encodeHeader(payload), encodeHeader(again)];
  }

  check(
    "G45v delivers one of two signatures of one nonce, though the facilitator tells both a success",
    async (open) => {
      const shop = await open({ routes: [before] });
      const headers = await twoSignatures(shop);
      const first = await Promise.all(headers.map((header) => shop.pay(header)));
      expect(first.filter(({ status }) => status === 200)).toHaveLength(1);
      for (const header of headers) await (await shop.pay(header)).arrayBuffer();
      expect(shop.runs()).toBe(1);
      const operator = operatorOf(shop);
      await operator.reconcile();
      expect(await operator.totals({ by: [] })).toMatchObject([{ sales: 1 }]);
      expect(await refundAll(operator, shop.store)).toEqual([]);
    },
  );

  check("G45w refunds one of them where neither was delivered, and delivers none then", async (open) => {
    let broken = true;
    const shop = await open({ routes: [{ ...before, handle: () => (broken ? { status: 500 } : {}) }] });
    const headers = await twoSignatures(shop);
    await Promise.all(headers.map(async (header) => (await shop.pay(header)).arrayBuffer()));
    const operator = operatorOf(shop);
    await operator.reconcile();
    expect(await refundAll(operator, shop.store)).toHaveLength(1);
    broken = false;
    for (const header of headers) expect((await shop.pay(header)).status).toBe(409);
    expect(await operator.totals({ by: [] })).toMatchObject([{ sales: 1, refunds: 1 }]);
  });

  check("G45x closes one debt by one transaction, also where two are closed at once", async (open) => {
    const shop = await open({
      routes: [{ ...before, handle: () => ({ status: 500 }) }],
      config: { store: memoryStore() },
    });
    for (let i = 0; i < 2; i++) await (await shop.pay(await shop.header())).arrayBuffer();
    const operator = operatorOf(shop);
    const transaction = `0x${"4e".repeat(32)}`;
    const { payments } = await operator.payments({ states: ["owed"] });
    const ends = await Promise.allSettled(payments.map(({ id }) => operator.resolve(id, "refunded", { transaction })));
    expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  check("G45z gives a transaction that closed nothing to the debt that it belongs to", async (open) => {
    const shop = await open({ routes: [{ ...before, handle: () => ({ status: 500 }) }] });
    for (let i = 0; i < 2; i++) await (await shop.pay(await shop.header())).arrayBuffer();
    const operator = operatorOf(shop);
    const [one, two] = (await operator.payments({ states: ["owed"] })).payments;
    const transaction = `0x${"4e".repeat(32)}`;
    const sender: RefundSender = {
      networks: ["eip155:84532"],
      prepare: async ({ payer = "" }) => ({
        ...{ transaction: `0x${"5f".repeat(32)}`, plan: "a plan", from: payer, to: payer, amount: "10000" },
      }),
      send: async () => ({ type: "pending" }),
    };
    await operator.refund(one?.id ?? "", sender);
    const close = (id = "") => operator.resolve(id, "refunded", { transaction });
    await expect(close(one?.id)).rejects.toMatchObject({ code: "refund_under_way" });
    expect(await close(two?.id)).toMatchObject({ state: "refunded" });
  });
}
