import {
  createPaywall,
  memoryStore,
  type PaymentRecord,
  type Paywall,
  type RefundOutcome,
  type RefundSender,
  type Store,
  type StoredPayment,
} from "@turnpike/core";
import type { PaywallConfig, PricedRoute } from "@turnpike/core/adapter";
import type { PaymentRequired } from "@turnpike/core/protocol";
import { payer, startFacilitator, type TestFacilitator } from "@turnpike/testing";
import { nextRecord, sampleRecord } from "@turnpike/testing/stores";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decodeHeader } from "../src/lib/client/header.js";

type Raw = Record<string, never>;

const PAY_TO = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
const ALICE = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";
const BOB = "0x6813Eb9362372EEF6200f3b1dbC3f819671cBA69";
const USDC = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
const DAY = 24 * 3_600_000;

let facilitator: TestFacilitator;

beforeEach(async () => {
  facilitator = await startFacilitator();
});
afterEach(() => facilitator.close());

function open(config: Partial<PaywallConfig<Raw>> = {}): Paywall {
  const usual = { payTo: PAY_TO, network: "base-sepolia" as const, facilitator: facilitator.url, reconcileSeconds: 0 };
  return createPaywall<Raw>({ ...usual, store: memoryStore(), ...config });
}

/** Buys once; the handler's response has this status. */
async function buy(tolls: Paywall, status = 200): Promise<void> {
  const route: PricedRoute<Raw> = tolls.price<Raw>({ price: "$0.01", settle: "before" }, "GET /paid");
  const ask = (header?: string) =>
    route.admit({
      method: "GET",
      raw: {},
      header: (name) => (name === "payment-signature" ? header : undefined),
      url: () => "http://shop.example/paid",
      params: () => ({}),
      address: () => undefined,
    });
  const unpaid = await ask();
  if (unpaid.type !== "reply") throw new Error("It cost nothing.");
  const offered = unpaid.reply.headers.find(([name]) => name === "PAYMENT-REQUIRED")?.[1] ?? "";
  const paid = await ask(await payer().header(decodeHeader(offered) as PaymentRequired));
  if (paid.type !== "admit") throw new Error("It was not admitted.");
  await paid.ticket.conclude({ status, aborted: false, whole: false, headers: () => [] });
  if (status < 400) await paid.ticket.delivered(true);
}

/** Sales as the engine leaves them, the oldest first. */
async function keep(store: ReturnType<typeof memoryStore>, sales: readonly Partial<StoredPayment>[]): Promise<void> {
  for (const sale of sales) {
    const time = sale.chargedAt ?? Date.now();
    const record = sampleRecord({ createdAt: time, updatedAt: time, ...sale, state: "running" });
    await store.insert(record, 0);
    const ended = { state: "delivered", expiresAt: time + 400 * DAY, receipt: receiptOf(record), ...sale } as const;
    await store.replace(nextRecord(record, ended), 1, 0);
  }
}

const receiptOf = ({ offer, payer = ALICE }: StoredPayment) => ({
  success: true,
  transaction: `0x${"ab".repeat(32)}`,
  network: offer.network,
  payer,
});

const at = (text: string) => Date.parse(text);

describe("the time that records are kept", () => {
  it("G44 is 400 days for what was charged, unless `retain` says otherwise", async () => {
    for (const [config, days] of [
      [{}, 400],
      [{ retain: 30 }, 30],
      [{ retain: 36_500 }, 36_500],
    ] as const) {
      const store = memoryStore();
      const before = Date.now();
      await buy(open({ ...config, store }));
      const [sale] = await store.list({ order: "charged", limit: 2 });
      const { chargedAt, times, expiresAt } = sale?.record ?? sampleRecord();
      expect(chargedAt).toBe(times.settled);
      expect(expiresAt).toBeGreaterThanOrEqual(before + days * DAY);
      expect(expiresAt).toBeLessThanOrEqual(Date.now() + days * DAY);
    }
  });

  it('G44 has no end with `retain: "forever"`', async () => {
    const store = memoryStore();
    await buy(open({ retain: "forever", store }));
    const [sale] = await store.list({ order: "charged", limit: 2 });
    expect(sale?.record.expiresAt).toBe(8_640_000_000_000_000);
    expect(new Date(sale?.record.expiresAt ?? 0).getUTCFullYear()).toBe(275_760);
  });

  it("G44 has no end while the delivery is owed", async () => {
    const store = memoryStore();
    await buy(open({ retain: 1, store }), 500);
    const [debt] = await store.list({ order: "charged", limit: 2 });
    expect(debt?.record).toMatchObject({ state: "owed" });
    expect(debt?.record.expiresAt).toBeUndefined();
  });

  it("refuses what is no number of days", () => {
    for (const retain of [0, -1, 1.5, 36_501, Number.POSITIVE_INFINITY, "always", "400", null]) {
      expect(() => open({ retain: retain as never })).toThrow(/retain/);
    }
  });
});

describe("pages of payments", () => {
  it("go on where the last one ended, and end", async () => {
    const store = memoryStore();
    const base = Date.now();
    const sales = Array.from({ length: 7 }, (_, i) => ({ id: `pay-${i}`, chargedAt: base + Math.floor(i / 2) }));
    await keep(store, sales);
    const tolls = open({ store });
    const pages: string[][] = [];
    let after: string | undefined;
    do {
      const { payments, next } = await tolls.payments({ limit: 3, ...(after === undefined ? {} : { after }) });
      pages.push(payments.map(({ id }) => id));
      after = next;
    } while (after !== undefined);
    expect(pages).toEqual([["pay-6", "pay-5", "pay-4"], ["pay-3", "pay-2", "pay-1"], ["pay-0"]]);
  });

  it("have no next where the last one is full", async () => {
    const store = memoryStore();
    await keep(store, [{ chargedAt: Date.now() }, { chargedAt: Date.now() + 1 }]);
    expect((await open({ store }).payments({ limit: 2 })).next).toBeUndefined();
    expect((await open({ store: memoryStore() }).payments()).payments).toEqual([]);
  });

  it("hold what is asked for by state, route, payer in any spelling, and time", async () => {
    const store = memoryStore();
    await keep(store, [
      { id: "a", chargedAt: at("2026-11-01T00:00:00Z"), payer: ALICE, route: "GET /a" },
      { id: "b", chargedAt: at("2026-11-02T00:00:00Z"), payer: BOB, route: "GET /a", state: "owed" },
      { id: "c", chargedAt: at("2026-11-03T00:00:00Z"), payer: ALICE, route: "GET /c" },
    ]);
    const tolls = open({ store });
    const ids = async (query: object) => (await tolls.payments(query)).payments.map(({ id }) => id);
    expect(await ids({ states: ["owed"] })).toEqual(["b"]);
    expect(await ids({ route: "GET /a" })).toEqual(["b", "a"]);
    expect(await ids({ payer: ALICE })).toEqual(["c", "a"]);
    expect(await ids({ payer: ALICE.toLowerCase() })).toEqual(["c", "a"]);
    expect(await ids({ from: new Date("2026-11-02T00:00:00Z") })).toEqual(["c", "b"]);
    expect(await ids({ from: at("2026-11-01T00:00:00Z"), to: new Date("2026-11-03T00:00:00Z") })).toEqual(["b", "a"]);
  });

  it("refuse a question that makes no sense", async () => {
    const tolls = open();
    const questions: object[] = [
      { limit: 0 },
      { limit: "10" },
      { after: "" },
      { after: "zz" },
      { after: "1.%" },
      { after: 7 },
      { from: new Date("never") },
      { states: ["owned"] },
      { stats: ["owed"] },
      { payer: "0xabc" },
      { to: "2026-11-01" },
    ];
    for (const question of questions) {
      await expect(tolls.payments(question), JSON.stringify(question)).rejects.toMatchObject({ code: "invalid_query" });
    }
    for (const question of [{ form: 7 }, { by: "day" }, { by: ["week"] }, { from: Number.NaN }]) {
      await expect(tolls.totals(question as never)).rejects.toMatchObject({ code: "invalid_query" });
    }
  });
});

describe("totals", () => {
  const sold = (day: string, members: Partial<StoredPayment> = {}) => ({
    chargedAt: at(`${day}Z`),
    payer: ALICE,
    ...members,
  });

  it("G46 add up what was charged by day and route, with the token's name and decimals", async () => {
    const store = memoryStore();
    await keep(store, [
      sold("2026-11-01T23:59:59.999", { route: "GET /a" }),
      sold("2026-11-02T00:00:00", { route: "GET /a" }),
      sold("2026-11-02T12:00:00", { route: "GET /b" }),
      sold("2026-11-02T13:00:00", { route: "GET /a", state: "owed" }),
    ]);
    const usual = { network: "eip155:84532", asset: USDC, token: "USDC", decimals: 6, refunds: 0, refunded: "0" };
    expect(await open({ store }).totals()).toEqual([
      { day: "2026-11-01", route: "GET /a", ...usual, sales: 1, amount: "10000" },
      { day: "2026-11-02", route: "GET /a", ...usual, sales: 2, amount: "20000" },
      { day: "2026-11-02", route: "GET /b", ...usual, sales: 1, amount: "10000" },
    ]);
  });

  it("G46 count neither what was not charged nor an attempt that goes on under its payment's name", async () => {
    const store = memoryStore();
    await buy(open({ store }));
    for (const state of ["running", "settling", "unknown", "released", "failed"] as const) {
      await store.insert(sampleRecord({ state }), 0);
    }
    expect(await open({ store }).totals({ by: [] })).toMatchObject([{ sales: 1, amount: "10000" }]);
  });

  it("G46 say what was refunded, and what the facilitator says was charged", async () => {
    const store = memoryStore();
    const { offer } = sampleRecord();
    const less = { success: true, transaction: "0x1", network: offer.network, amount: "7" };
    await keep(store, [
      sold("2026-11-02T10:00:00", { receipt: less }),
      sold("2026-11-02T11:00:00", { state: "refunded", refund: { note: "by bank" } }),
      sold("2026-11-02T12:00:00", { state: "refunding" }),
    ]);
    const [total] = await open({ store }).totals({ by: ["month"] });
    expect(total).toMatchObject({ month: "2026-11", sales: 3, amount: "20007", refunds: 1, refunded: "10000" });
  });

  it("G46 keep tokens and networks apart, and tell payers apart if asked", async () => {
    const store = memoryStore();
    const { offer } = sampleRecord();
    const other = "0x0000000000000000000000000000000000000001";
    await keep(store, [
      sold("2026-11-02T10:00:00", { payer: BOB }),
      sold("2026-11-02T10:00:00", { offer: { ...offer, asset: other } }),
      sold("2026-11-02T10:00:00", { offer: { ...offer, network: "eip155:31337" } }),
      sold("2026-11-02T10:00:00"),
    ]);
    const totals = await open({ store }).totals({ by: ["payer"] });
    expect(totals.map(({ payer, network, asset, token }) => [payer, network, asset, token])).toEqual([
      [ALICE, "eip155:31337", USDC, undefined],
      [ALICE, "eip155:84532", other, undefined],
      [ALICE, "eip155:84532", USDC, "USDC"],
      [BOB, "eip155:84532", USDC, "USDC"],
    ]);
  });

  it("G46 take a span of time, and tell how far they are", async () => {
    const store = memoryStore();
    const start = at("2026-11-02T00:00:00Z");
    await keep(
      store,
      Array.from({ length: 2_500 }, (_, i) => ({ chargedAt: start + i })),
    );
    const seen: number[] = [];
    const progress = (sales: number) => seen.push(sales);
    const [total] = await open({ store }).totals({ from: start + 100, to: new Date(start + 2_400), progress, by: [] });
    expect(total).toMatchObject({ sales: 2_300, amount: "23000000" });
    expect(seen).toEqual([1_000, 2_000, 2_300]);
  });
});

describe("a state that does not exist", () => {
  it("resolves nothing, and leaves the record as it is", async () => {
    const store = memoryStore();
    const unknown = sampleRecord({ state: "unknown" });
    await store.insert(unknown, 0);
    const tolls = open({ store });
    const transaction = `0x${"ab".repeat(32)}`;
    for (const state of ["faild", "Settled", "refund", "owed", "", undefined]) {
      const asked = tolls.resolve(unknown.id, state as never, { transaction });
      await expect(asked, state).rejects.toMatchObject({ code: "invalid_state" });
    }
    expect((await store.read(unknown.id))?.record).toEqual(unknown);
  });
});

describe("a refund by the seller's key", () => {
  const plan = { transaction: `0x${"4e".repeat(32)}`, plan: '{"nonce":7}', from: PAY_TO, to: ALICE, amount: "10000" };

  /** A sender that says what the case wants, and notes what it was asked. */
  function senderOf(outcomes: (RefundOutcome["type"] | Error)[], networks = ["eip155:84532"], made = plan) {
    const asked: string[] = [];
    const sender: RefundSender = {
      networks,
      prepare: async ({ id, refund }: PaymentRecord) => {
        asked.push(`prepare ${id === "" ? "" : "it"}${refund ? " again" : ""}`);
        return made;
      },
      send: async ({ refund }) => {
        asked.push(`send ${refund?.transaction} ${refund?.plan}`);
        const outcome = outcomes.shift() ?? "confirmed";
        if (outcome instanceof Error) throw outcome;
        return { type: outcome };
      },
    };
    return { sender, asked };
  }

  async function owe(): Promise<{ tolls: Paywall; id: string; store: ReturnType<typeof memoryStore> }> {
    const store = memoryStore();
    const tolls = open({ store });
    await buy(tolls, 500);
    const [debt] = (await tolls.payments({ states: ["owed"] })).payments;
    return { tolls, id: debt?.id ?? "", store };
  }

  const SENT = `send ${plan.transaction} ${plan.plan}`;

  it("G45 is on record before it is sent, and ends as refunded", async () => {
    const { tolls, id, store } = await owe();
    const { sender, asked } = senderOf([]);
    const states: unknown[] = [];
    const watching: RefundSender = {
      ...sender,
      send: async (...given) => {
        states.push((await store.read(id))?.record.state);
        return sender.send(...given);
      },
    };
    const result = await tolls.refund(id, watching);
    expect(result).toMatchObject({ type: "refunded", payment: { refund: { transaction: plan.transaction } } });
    expect(result.payment.refund?.plan).toBeUndefined();
    expect(states).toEqual(["refunding"]);
    expect(asked).toEqual(["prepare it", SENT]);
    await expect(tolls.refund(id, sender)).rejects.toMatchObject({ code: "not_owed" });
  });

  it("G45 sends and records nothing where `confirm` says no", async () => {
    const { tolls, id, store } = await owe();
    const before = await store.read(id);
    const shown: unknown[] = [];
    const confirm = (it: object) => {
      shown.push(it);
      return false;
    };
    const { sender, asked } = senderOf([]);
    expect(await tolls.refund(id, sender, { confirm })).toMatchObject({ type: "planned" });
    const token = { network: "eip155:84532", asset: USDC, token: "USDC", decimals: 6 };
    const { plan: _, ...facts } = plan;
    expect(shown).toEqual([{ ...facts, ...token, resumed: false }]);
    expect(asked).toEqual(["prepare it"]);
    expect(await store.read(id)).toEqual(before);
  });

  it("G45 asks `confirm` as well where a refund is under way, and sends nothing if it says no", async () => {
    const { tolls, id, store } = await owe();
    await tolls.refund(id, senderOf(["pending"]).sender);
    const before = await store.read(id);
    const shown: { resumed: boolean }[] = [];
    const { sender, asked } = senderOf([]);
    const confirm = (it: { resumed: boolean }) => shown.push(it) === 0;
    expect(await tolls.refund(id, sender, { confirm })).toMatchObject({ type: "planned" });
    expect(shown).toMatchObject([{ transaction: plan.transaction, resumed: true }]);
    expect(asked).toEqual(["prepare it again"]);
    expect(await store.read(id)).toEqual(before);
  });

  it("G45 does not go on by another transaction than the one on record", async () => {
    const { tolls, id } = await owe();
    await tolls.refund(id, senderOf(["pending"]).sender);
    const other = senderOf([], undefined, { ...plan, transaction: `0x${"5f".repeat(32)}` });
    await expect(tolls.refund(id, other.sender)).rejects.toMatchObject({ code: "refund_under_way" });
    expect(other.asked).toEqual(["prepare it again"]);
  });

  it("G45 takes no other operator's plan for its own, where its own write is in doubt", async () => {
    const { id, store } = await owe();
    const mine = senderOf([]);
    const theirs = senderOf([], undefined, { ...plan, transaction: `0x${"5f".repeat(32)}` });
    const rival = open({ store });
    // The connection breaks as the plan is written, and somebody else's is on record by then.
    const broken: Store = {
      ...store,
      replace: async (record, ...rest) => {
        if (record.state !== "refunding") return store.replace(record, ...rest);
        expect(await rival.refund(id, { ...theirs.sender, send: async () => ({ type: "pending" }) })).toMatchObject({
          type: "pending",
        });
        throw new Error("the connection broke");
      },
    };
    await expect(open({ store: broken }).refund(id, mine.sender)).rejects.toMatchObject({ code: "store_unavailable" });
    expect(mine.asked).toEqual(["prepare it"]);
    expect((await store.read(id))?.record.refund?.transaction).toBe(`0x${"5f".repeat(32)}`);
  });

  it("G45 of several payments by one sender goes one by one, also where one fails", async () => {
    const { tolls, id } = await owe();
    await buy(tolls, 500);
    const debts = (await tolls.payments({ states: ["owed"] })).payments.map((one) => one.id);
    const { sender, asked } = senderOf([new Error("the node is away"), "confirmed"]);
    const ends = await Promise.allSettled(debts.map((debt) => tolls.refund(debt, sender)));
    expect(ends.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(debts).toContain(id);
    expect(asked).toEqual(["prepare it", SENT, "prepare it", SENT]);
  });

  it("G45 goes on with the very transaction that is on record, however often it was interrupted", async () => {
    const { tolls, id } = await owe();
    const { sender, asked } = senderOf([new Error("the node is away"), "pending", "confirmed"]);
    await expect(tolls.refund(id, sender)).rejects.toThrow("the node is away");
    expect((await tolls.health()).open.owed.count).toBe(1);
    expect(await tolls.refund(id, sender)).toMatchObject({ type: "pending", payment: { state: "refunding" } });
    expect(await tolls.refund(id, sender)).toMatchObject({ type: "refunded" });
    expect(asked).toEqual(["prepare it", SENT, "prepare it again", SENT, "prepare it again", SENT]);
    expect((await tolls.health()).open.owed.count).toBe(0);
  });

  it("G45 leaves the payment owed where its transaction can never happen", async () => {
    const { tolls, id } = await owe();
    const { sender, asked } = senderOf(["void", "confirmed"]);
    expect(await tolls.refund(id, sender)).toMatchObject({ type: "void", payment: { state: "owed" } });
    expect((await tolls.payments({ states: ["owed"] })).payments[0]?.refund).toBeUndefined();
    expect(await tolls.refund(id, sender)).toMatchObject({ type: "refunded" });
    expect(asked).toEqual(["prepare it", SENT, "prepare it", SENT]);
  });

  it("G45 is not closed by hand while it is under way, but by its own transaction", async () => {
    const { tolls, id } = await owe();
    await tolls.refund(id, senderOf(["pending"]).sender);
    for (const given of [{ note: "by bank" }, { transaction: `0x${"5f".repeat(32)}` }]) {
      await expect(tolls.resolve(id, "refunded", given)).rejects.toMatchObject({ code: "refund_under_way" });
    }
    const transaction = plan.transaction.toUpperCase().replace("0X", "0x");
    expect(await tolls.resolve(id, "refunded", { transaction })).toMatchObject({ state: "refunded" });
  });

  it("G45 is closed by hand all the same with `force`", async () => {
    const { tolls, id } = await owe();
    await tolls.refund(id, senderOf(["pending"]).sender);
    expect(await tolls.resolve(id, "refunded", { note: "by bank", force: true })).toMatchObject({ state: "refunded" });
  });

  it("G45 needs a sender", async () => {
    const { tolls, id } = await owe();
    for (const sender of [undefined, {}, "0x12"]) {
      await expect(tolls.refund(id, sender as never)).rejects.toMatchObject({ code: "refund_unsupported" });
    }
  });

  it("G45 is refused by a sender of another network", async () => {
    const { tolls, id } = await owe();
    const { sender, asked } = senderOf([], ["eip155:8453"]);
    await expect(tolls.refund(id, sender)).rejects.toMatchObject({ code: "refund_unsupported" });
    expect(asked).toEqual([]);
  });

  it("G45 is prepared by two at once, and sent by the one whose plan is on record", async () => {
    const { tolls, id } = await owe();
    const [first, second] = [senderOf([]), senderOf([])];
    const ends = await Promise.allSettled([tolls.refund(id, first.sender), tolls.refund(id, second.sender)]);
    expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect([...first.asked, ...second.asked].filter((what) => what === SENT)).toHaveLength(1);
  });
});
