import { createPaywall, type Paywall, type PaywallEvent } from "@turnpike/core";
import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import type { Casebook } from "../casebook.js";
import { problemOf } from "../expectations.js";
import { paid, type Shop, seller } from "../shop.js";
import type { RoutePlan } from "../stage.js";

const REFUND = `0x${"4e".repeat(32)}`;
const NOTE = "Bank transfer of 28 November";
const HOURS = 3_600_000;

/** What is owed is closed by a refund, once and for good (G45), and what was charged stays on record (G44). */
export function testRefunds({ check }: Casebook): void {
  /** Charged ahead of a handler that fails as long as the case wants. */
  function failing(): { readonly plan: RoutePlan; heal(): void } {
    let broken = true;
    const handle = () => (broken ? { status: 500 } : {});
    const heal = () => {
      broken = false;
    };
    return { plan: { ...paid, price: { price: "$0.01", settle: "before" }, handle }, heal };
  }

  const operatorOf = (shop: Shop, config: object = {}): Paywall =>
    createPaywall({
      payTo: seller,
      network: "base-sepolia",
      facilitator: shop.facilitator.url,
      reconcileSeconds: 0,
      store: shop.store,
      ...config,
    });

  const refusal = (code: string) => expect.objectContaining({ code });

  check("G45 closes what is owed by a refund: nothing is collected, and nothing is open", async (open) => {
    const { plan, heal } = failing();
    const shop = await open({ routes: [plan] });
    const header = await shop.header();
    expect((await shop.pay(header)).status).toBe(500);
    const { id, receipt } = await shop.becomes("owed");
    const events: PaywallEvent[] = [];
    const operator = operatorOf(shop, { observe: { event: (event: PaywallEvent) => events.push(event) } });
    expect(await operator.resolve(id, "refunded", { transaction: REFUND })).toMatchObject({
      state: "refunded",
      refund: { transaction: REFUND },
      reason: "resolved_by_hand",
      receipt,
    });
    heal();
    const late = await shop.pay(header);
    expect(late.status).toBe(409);
    expect(await problemOf(late)).toBe("payment_used");
    expect(readReceipt(late)).toEqual(receipt);
    expect(shop.runs()).toBe(1);
    expect(await operator.reconcile()).toMatchObject({ examined: 0 });
    expect((await operator.health()).open).toMatchObject({ owed: { count: 0 }, unknown: { count: 0 } });
    const { payments } = await operator.payments({ states: ["refunded"] });
    expect(payments.map((payment) => payment.id)).toEqual([id]);
    await expect.poll(() => events.map((event) => (event.type === "payment" ? event.state : ""))).toEqual(["refunded"]);
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check("G45b takes a note where the money went back another way, and one of the two at all", async (open) => {
    const shop = await open({ routes: [failing().plan] });
    await shop.pay(await shop.header());
    const { id } = await shop.becomes("owed");
    const operator = operatorOf(shop);
    for (const given of [
      {},
      { note: "" },
      { note: " " },
      { note: "x".repeat(501) },
      { note: NOTE, transaction: REFUND },
    ]) {
      await expect(operator.resolve(id, "refunded", given)).rejects.toEqual(refusal("invalid_refund"));
    }
    expect(await operator.resolve(id, "refunded", { note: NOTE })).toMatchObject({ refund: { note: NOTE } });
    await expect(operator.resolve(id, "refunded", { note: NOTE })).rejects.toEqual(refusal("not_owed"));
  });

  check("G45c takes neither the buyer's own transaction for a refund, nor what is no transaction", async (open) => {
    const shop = await open({ routes: [failing().plan] });
    await shop.pay(await shop.header());
    const { id, receipt } = await shop.becomes("owed");
    const operator = operatorOf(shop);
    const own = receipt?.transaction ?? "";
    for (const transaction of [own, own.toUpperCase().replace("0X", "0x"), "", "0x12", "the one of yesterday"]) {
      await expect(operator.resolve(id, "refunded", { transaction })).rejects.toEqual(refusal("invalid_transaction"));
    }
    expect((await shop.becomes("owed")).refund).toBeUndefined();
  });

  check("G45d refunds nothing that was delivered, was not charged, is at work or in doubt", async (open) => {
    const shop = await open();
    const operator = operatorOf(shop);
    await (await shop.pay(await shop.header())).arrayBuffer();
    const sold = await shop.becomes("delivered");
    await expect(operator.resolve(sold.id, "refunded", { note: NOTE })).rejects.toEqual(refusal("not_owed"));
    await expect(operator.resolve("x402:nothing", "refunded", { note: NOTE })).rejects.toEqual(refusal("not_owed"));
    const { expiresAt: _, chargedAt: _2, receipt: _3, ...rest } = (await shop.store.read(sold.id))?.record ?? fail();
    for (const state of ["running", "settling", "unknown", "released", "failed"] as const) {
      const id = `${sold.id}${state}`;
      await shop.store.insert({ ...rest, id, state, version: 1 }, 0);
      await expect(operator.resolve(id, "refunded", { note: NOTE })).rejects.toEqual(refusal("not_owed"));
    }
  });

  check("G45e gives the goods or the money, never both, when a refund races a collection", async (open) => {
    const { plan, heal } = failing();
    const shop = await open({ routes: [plan] });
    const headers: string[] = [];
    for (let i = 0; i < 12; i++) headers.push(await shop.header());
    for (const header of headers) await (await shop.pay(header)).arrayBuffer();
    heal();
    const operator = operatorOf(shop);
    const debts = [...(await operator.payments()).payments].reverse();
    expect(debts.map(({ state }) => state)).toEqual(headers.map(() => "owed"));
    const ends = await Promise.all(
      debts.map(async ({ id, payer, createdAt }, i) => {
        const header = headers[i] as string;
        const [collected, closed] = await Promise.allSettled([
          shop.pay(header).then(async (response) => [response.status, await response.text()] as const),
          operator.resolve(id, "refunded", { note: `${payer} ${createdAt}` }),
        ]);
        if (collected.status === "rejected") throw collected.reason;
        return { goods: collected.value[0] === 200, money: closed.status === "fulfilled" };
      }),
    );
    for (const { goods, money } of ends) expect([goods, money].filter(Boolean)).toHaveLength(1);
    expect(shop.facilitator.charges).toHaveLength(headers.length);
  });

  check("G45f refunds nothing while its kept response is on the way to the buyer", async (open) => {
    const size = 8 * 1024 * 1024;
    const shop = await open({
      routes: [
        {
          ...paid,
          price: { price: "$0.01", holdBytes: 2 * size, keepBytes: 2 * size },
          handle: () => ({ headers: [["content-type", "application/x-goods"]], body: new Uint8Array(size).fill(7) }),
        },
      ],
    });
    const header = await shop.header();
    const leaving = new AbortController();
    await shop.pay(header, "/paid", { signal: leaving.signal });
    leaving.abort();
    const { id } = await shop.becomes("owed");
    const operator = operatorOf(shop);
    const collecting = await shop.pay(header);
    expect(collecting.status).toBe(200);
    await expect(operator.resolve(id, "refunded", { note: NOTE })).rejects.toEqual(refusal("payment_busy"));
    expect((await collecting.arrayBuffer()).byteLength).toBe(size);
    await shop.becomes("delivered");
    await expect(operator.resolve(id, "refunded", { note: NOTE })).rejects.toEqual(refusal("not_owed"));
  });

  check("G45q refunds what a buyer collects again and again without an end, if it is forced", async (open) => {
    const route = {
      price: { price: "$0.01", holdBytes: 16 * 1024 * 1024, keepBytes: 16 * 1024 * 1024 },
      handle: () => ({ body: new Uint8Array(8 * 1024 * 1024) }),
    };
    const shop = await open({ routes: [{ ...paid, ...route }] });
    const header = await shop.header();
    const leaving = new AbortController();
    await shop.pay(header, "/paid", { signal: leaving.signal });
    leaving.abort();
    const { id } = await shop.becomes("owed");
    const kept = (await shop.store.read(id))?.record ?? fail();
    const handed = { ...kept, version: kept.version + 1, handedAt: Date.now() };
    expect(await shop.store.replace(handed, kept.version, 0)).toBe(true);
    const operator = operatorOf(shop);
    await expect(operator.resolve(id, "refunded", { note: NOTE })).rejects.toEqual(refusal("payment_busy"));
    expect(await operator.resolve(id, "refunded", { note: NOTE, force: true })).toMatchObject({ state: "refunded" });
    expect((await shop.pay(header)).status).toBe(409);
  });

  check("G45r closes one debt by one transaction, unless it is forced", async (open) => {
    const shop = await open({ routes: [failing().plan] });
    for (let i = 0; i < 2; i++) await (await shop.pay(await shop.header())).arrayBuffer();
    const operator = operatorOf(shop);
    const [one, two] = (await operator.payments({ states: ["owed"] })).payments;
    await operator.resolve(one?.id ?? "", "refunded", { transaction: REFUND });
    for (const transaction of [REFUND, REFUND.toUpperCase().replace("0X", "0x")]) {
      await expect(operator.resolve(two?.id ?? "", "refunded", { transaction })).rejects.toEqual(
        refusal("transaction_taken"),
      );
    }
    const forced = { transaction: REFUND, force: true };
    expect(await operator.resolve(two?.id ?? "", "refunded", forced)).toMatchObject({ state: "refunded" });
  });

  check("G44e keeps kept responses and what came to nothing for a short time all the same", async (open) => {
    const { plan } = failing();
    const shop = await open({
      routes: [
        { ...paid, price: { price: "$0.01", keepBytes: 1_000 } },
        { ...plan, id: "broken", path: ["broken"], price: "$0.01" },
      ],
    });
    await (await shop.pay(await shop.header())).arrayBuffer();
    const sold = await shop.becomes("delivered");
    expect((await shop.store.answer(sold.id))?.expiresAt).toBeLessThanOrEqual(Date.now() + 48 * HOURS);
    await (await shop.pay(await shop.header("/broken"), "/broken")).arrayBuffer();
    await expect
      .poll(async () => (await shop.records()).map(({ state }) => state).sort())
      .toEqual(["delivered", "released"]);
    const released = (await shop.records()).find(({ state }) => state === "released");
    expect((await shop.store.read(released?.id ?? ""))?.record.expiresAt).toBeLessThanOrEqual(Date.now() + 25 * HOURS);
  });

  check("G44d keeps of a sale neither payload, query, body nor address of the client", async (open) => {
    const shop = await open();
    const header = await shop.header("/paid?secret=hush-hush-hush");
    await (
      await shop.pay(header, "/paid?secret=hush-hush-hush", { headers: { "x-forwarded-for": "203.0.113.9" } })
    ).arrayBuffer();
    const { id } = await shop.becomes("delivered");
    const text = JSON.stringify((await shop.store.read(id))?.record);
    const { payload } = JSON.parse(atob(header)) as { payload: { signature: string } };
    for (const secret of ["hush-hush-hush", "203.0.113.9", payload.signature.slice(2)]) {
      expect(text).not.toContain(secret);
    }
  });
}

function fail(): never {
  throw new Error("The record is gone.");
}
