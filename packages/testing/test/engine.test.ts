import {
  createPaywall,
  FacilitatorError,
  memoryStore,
  type PaywallConfig,
  type Price,
  type PriceFunction,
  requirePaid,
  StoreError,
  TurnpikeError,
} from "@turnpike/core";
import type { Outcome, PaywallRequest, PricedRoute, Reply, Ticket } from "@turnpike/core/adapter";
import type { PaymentPayload, PaymentRequired } from "@turnpike/core/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { decodeHeader, encodeHeader, faults, payer, startFacilitator, type TestFacilitator } from "../src/index.js";

/** The engine by itself, asked as an adapter asks it, with a facilitator that is a server of its own. */

const PAY_TO = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
const buyer = payer();
const failed: Outcome = { status: 500, aborted: false, whole: true, headers: () => [] };
const fine: Outcome = { status: 200, aborted: false, whole: true, headers: () => [], body: new Uint8Array() };
/** An answer that nobody could keep. */
const streamed: Outcome = { status: 200, aborted: false, whole: false, headers: () => [] };

let facilitator: TestFacilitator;

beforeEach(async () => {
  facilitator = await startFacilitator();
});
afterEach(() => facilitator.close());

interface Raw {
  readonly price?: Price;
}

function open(
  options: Partial<PaywallConfig<Raw>> = {},
  price: Price | PriceFunction<Raw> = "$0.01",
): PricedRoute<Raw> {
  const config = {
    payTo: PAY_TO,
    network: "base-sepolia",
    facilitator: facilitator.url,
    facilitatorTimeout: 1_000,
    reconcileSeconds: 0,
    chain: facilitator.chain,
    ...options,
  };
  return createPaywall(config as PaywallConfig).price(price, "GET /x");
}

function request(payment?: string, raw: Raw = {}): PaywallRequest<Raw> {
  return {
    method: "GET",
    raw,
    header: (name) => (name === "payment-signature" ? payment : undefined),
    url: () => "http://127.0.0.1/x",
    params: () => ({}),
    address: () => undefined,
  };
}

async function ask(route: PricedRoute<Raw>, payment?: string, raw: Raw = {}): Promise<Reply | Ticket> {
  const decision = await route.admit(request(payment, { ...raw }));
  if (decision.type === "pass") throw new Error("nobody paid for this request before");
  return decision.type === "reply" ? decision.reply : decision.ticket;
}

async function challenge(route: PricedRoute<Raw>, raw: Raw = {}): Promise<PaymentRequired> {
  const reply = (await ask(route, undefined, raw)) as Reply;
  return decodeHeader(field(reply, "PAYMENT-REQUIRED")) as PaymentRequired;
}

const field = (reply: Reply, name: string) => reply.headers.find(([key]) => key === name)?.[1] ?? "";
const codeOf = (answer: Reply | Ticket) => ("status" in answer ? JSON.parse(String(answer.body)).code : "admitted");
const isTicket = (answer: Reply | Ticket): answer is Ticket => !("status" in answer);

function ticket(answer: Reply | Ticket): Ticket {
  if (!isTicket(answer)) throw new Error(`refused: ${answer.status} ${String(answer.body)}`);
  return answer;
}

/** The same payment with another amount, under the signature of the first. */
function forge(payload: PaymentPayload, required: PaymentRequired): string {
  const accepted = required.accepts[0];
  const { signature, authorization } = payload.payload as { signature: string; authorization: object };
  return encodeHeader({
    ...payload,
    accepted,
    payload: { signature, authorization: { ...authorization, value: accepted?.amount } },
  });
}

describe("a payment that is on record", () => {
  it("I6 is collected on the terms that were paid, never on dearer ones written beside the same signature", async () => {
    const route = open({ settle: "before" }, (raw) => raw.price ?? "$0.01");
    const payload = await buyer.sign(await challenge(route));
    await ticket(await ask(route, encodeHeader(payload))).conclude(failed);
    const dear = await ask(route, forge(payload, await challenge(route, { price: "$5" })), { price: "$5" });
    expect(codeOf(dear)).toBe("payment_used");
    const collected = ticket(await ask(route, encodeHeader(payload)));
    expect(collected.payment?.amount).toBe("10000");
    expect(facilitator.charges).toHaveLength(1);
  });

  it("I5 whose outcome is unknown is resolved and delivered, though the price has risen since", async () => {
    let price: Price = "$0.01";
    const route = open({}, () => price);
    const payment = await buyer.header(await challenge(route));
    facilitator.respond("settle", faults.resetAfterAccept());
    const conclusion = await ticket(await ask(route, payment)).conclude(fine);
    expect(conclusion).toMatchObject({ type: "replace", reply: { status: 503 } });
    price = "$0.02";
    expect(await ask(route, payment)).toMatchObject({ status: 200 });
    expect(facilitator.charges).toHaveLength(1);
  });

  it("I6 runs no handler again for a request that costs more than was paid", async () => {
    const route = open({ settle: "before" }, (raw) => raw.price ?? "$0.01");
    const payment = await buyer.header(await challenge(route));
    await ticket(await ask(route, payment)).conclude(failed);
    expect(codeOf(await ask(route, payment, { price: "$5" }))).toBe("price_changed");
    expect(codeOf(await ask(route, payment))).toBe("admitted");
  });

  it("I3 invites nobody to pay again whose copy was verified after the payment had been settled", async () => {
    const store = memoryStore();
    const [first, second] = [open({ store }), open({ store, facilitatorTimeout: 2_000 })];
    const payment = await buyer.header(await challenge(first));
    let verified = () => {};
    const held = new Promise<void>((resolve) => {
      verified = resolve;
    });
    facilitator.respond("verify", async (call) => {
      await held;
      await faults.ok()(call);
    });
    // The copy's process shares nothing with the first but the store.
    const { attempts } = (globalThis as unknown as Record<symbol, { attempts: Map<string, unknown> }>)[
      Symbol.for("turnpike")
    ] as { attempts: Map<string, unknown> };
    const copy = ask(second, payment);
    await expect.poll(() => facilitator.verifies).toBe(1);
    attempts.clear();
    const bought = ticket(await ask(first, payment));
    await bought.conclude(streamed);
    await bought.delivered(true);
    verified();
    expect(codeOf(await copy)).toBe("payment_used");
    expect(facilitator.charges).toHaveLength(1);
  });

  it("I4 is not settled because a facilitator has merely seen it before", async () => {
    const route = open();
    const payment = await buyer.header(await challenge(route));
    facilitator.respond("settle", faults.reset(), faults.fail("duplicate_settlement"));
    await ticket(await ask(route, payment)).conclude(fine);
    expect(codeOf(await ask(route, payment))).toBe("settlement_unknown");
    expect(facilitator.charges).toHaveLength(0);
  });

  it("I4 is not settled on a facilitator's word while the chain cannot be heard", async () => {
    const chain = { networks: ["eip155:84532"], find: () => Promise.reject(new Error("down")) };
    const route = open({ chain });
    const payment = await buyer.header(await challenge(route));
    facilitator.respond("settle", faults.reset(), faults.fail("nonce_used"));
    await ticket(await ask(route, payment)).conclude(fine);
    expect(codeOf(await ask(route, payment))).toBe("settlement_unknown");
  });

  it("I7 is not collected as an old payment that the chain shows to everybody", async () => {
    const transaction = `0x${"1".repeat(64)}`;
    const chain = { networks: ["eip155:84532"], find: () => ({ type: "settled", transaction, final: true }) as const };
    const route = open({ settle: "before", chain });
    const payment = await buyer.header(await challenge(route));
    facilitator.respond("settle", faults.fail("nonce_used"));
    // Not failed either: the money has come to the seller, who decides.
    for (let tries = 0; tries < 2; tries++) {
      expect(codeOf(await ask(route, payment))).toBe("settlement_unresolved");
    }
  });

  it("I4 is collected as an attempt though it came to nothing under its own name before", async () => {
    const store = memoryStore();
    const after = open({ store });
    const payload = await buyer.sign(await challenge(after));
    await ticket(await ask(after, encodeHeader(payload))).conclude(failed);
    const before = open({ store, settle: "before" });
    const accepted = (await challenge(before)).accepts[0];
    const payment = encodeHeader({ ...payload, accepted });
    facilitator.respond("settle", faults.resetAfterAccept());
    expect(codeOf(await ask(before, payment))).toBe("settlement_unknown");
    expect(codeOf(await ask(before, payment))).toBe("admitted");
    expect(facilitator.charges).toHaveLength(1);
  });

  it("I9 gives its cookies again to nobody who knows no more than the chain shows", async () => {
    const route = open();
    const payment = await buyer.header(await challenge(route));
    const session: Outcome = { ...fine, headers: () => [["Set-Cookie", "session=1"]] };
    const bought = ticket(await ask(route, payment));
    await bought.conclude(session);
    await bought.delivered(true);
    const again = (await ask(route, payment)) as Reply;
    expect(again.status).toBe(200);
    expect(field(again, "Set-Cookie")).toBe("");
  });

  it("I9 gives no part again, and no word about a client's own copy, since another request may ask for another", async () => {
    for (const status of [206, 304]) {
      const route = open();
      const payment = await buyer.header(await challenge(route));
      const bought = ticket(await ask(route, payment));
      await bought.conclude({ ...fine, status });
      await bought.delivered(true);
      expect(codeOf(await ask(route, payment)), `${status}`).toBe("payment_used");
    }
  });

  it("I5 is not called used to whoever comes with another proof of it, while nobody knows", async () => {
    const route = open();
    const payload = await buyer.sign(await challenge(route));
    facilitator.respond("settle", faults.reset());
    await ticket(await ask(route, encodeHeader(payload))).conclude(fine);
    const signature = `0x${"ab".repeat(65)}`;
    const other = encodeHeader({ ...payload, payload: { ...payload.payload, signature } });
    expect(codeOf(await ask(route, other))).toBe("payment_in_progress");
    expect(facilitator.settles).toBe(1);
  });

  it("I5 stays unknown if a transaction failed and the authorisation is spent: the payer may have cancelled it", async () => {
    const route = open();
    const payment = await buyer.header(await challenge(route));
    facilitator.respond("settle", faults.fail("invalid_transaction_state", { transaction: `0x${"1".repeat(64)}` }));
    await ticket(await ask(route, payment)).conclude(fine);
    facilitator.respond("settle", faults.fail("invalid_exact_evm_nonce_already_used"));
    expect(codeOf(await ask(route, payment))).toBe("settlement_unknown");
  });

  it("I5 is not called failed for a reason that may come after a broadcast", async () => {
    const route = open();
    for (const reason of ["invalid_exact_evm_transaction_failed: timeout", "unexpected_settle_error", "whatever", ""]) {
      const payment = await buyer.header(await challenge(route));
      facilitator.respond("settle", faults.fail(reason));
      const conclusion = await ticket(await ask(route, payment)).conclude(fine);
      expect(conclusion, reason).toMatchObject({ type: "replace", reply: { status: 503 } });
    }
  });

  it("I2 is collected by one of two that come at once, and three times at most", async () => {
    const route = open({ settle: "before" });
    const payment = await buyer.header(await challenge(route));
    await ticket(await ask(route, payment)).conclude(failed);
    const both = await Promise.all([ask(route, payment), ask(route, payment)]);
    expect(both.map(codeOf).sort()).toEqual(["admitted", "payment_in_progress"]);
    await both.find(isTicket)?.conclude(failed);
    await ticket(await ask(route, payment)).conclude(failed);
    expect(codeOf(await ask(route, payment))).toBe("payment_used");
    expect(facilitator.charges).toHaveLength(1);
  });

  it("I3 bought something: the receipt comes with the refusal", async () => {
    const route = open();
    const payment = await buyer.header(await challenge(route));
    const bought = ticket(await ask(route, payment));
    await bought.conclude(streamed);
    await bought.delivered(true);
    expect(codeOf(await ask(route, payment))).toBe("payment_used");
    const again = (await ask(route, payment)) as Reply;
    expect(decodeHeader(field(again, "PAYMENT-RESPONSE"))).toMatchObject({ success: true });
    expect([facilitator.verifies, facilitator.settles]).toEqual([1, 1]);
  });
});

describe("requirePaid", () => {
  /** What a framework's request is, as far as an app can change it. */
  interface Changing extends Raw {
    method: string;
    url: string;
  }
  const changing = (raw: Changing, payment: string | undefined): PaywallRequest<Raw> => ({
    ...request(payment),
    raw,
    get method() {
      return raw.method;
    },
    routed: () => raw.url,
  });

  async function admitted(options: Partial<PaywallConfig<Raw>> = {}): Promise<Changing> {
    const route = open(options);
    const raw = { method: "GET", url: "/x" };
    const payment = await buyer.header(await challenge(route));
    expect((await route.admit(changing(raw, payment))).type).toBe("admit");
    return raw;
  }

  it("G16 gives the payment of the request that was admitted, by its price or its label", async () => {
    const raw = await admitted();
    expect(requirePaid(raw)?.amount).toBe("10000");
    expect(requirePaid(raw, "$0.01")?.amount).toBe("10000");
    expect(requirePaid(raw, "0.01 USDC")?.amount).toBe("10000");
    expect(requirePaid(raw, { label: "GET /x" })?.amount).toBe("10000");
  });

  it("G16b throws if the method or the URL was changed behind the paywall", async () => {
    const overridden = await admitted();
    overridden.method = "POST";
    expect(() => requirePaid(overridden)).toThrow(/not_paid/);
    const rewritten = await admitted();
    rewritten.url = "/dear";
    expect(() => requirePaid(rewritten)).toThrow(/not_paid/);
    const queried = await admitted();
    queried.url = "/x?size=large";
    expect(() => requirePaid(queried)).toThrow(/not_paid/);
  });

  it("G16c throws if the request was admitted for another price, or by another route", async () => {
    const raw = await admitted();
    for (const other of [
      "$5.00",
      "$0.02",
      "0.01 EURC",
      { label: "GET /y" },
      { amount: "9999", asset: "USDC" },
    ] as const) {
      expect(() => requirePaid(raw, other), JSON.stringify(other)).toThrow(/not_paid/);
    }
  });

  it("G16d lets no changed request pass a second paywall of the same price unpaid", async () => {
    const route = open();
    const raw = { method: "GET", url: "/x" };
    const payment = await buyer.header(await challenge(route));
    expect((await route.admit(changing(raw, payment))).type).toBe("admit");
    expect((await route.admit(changing(raw, payment))).type).toBe("pass");
    raw.url = "/y";
    expect(await route.admit(changing(raw, payment))).toMatchObject({ type: "reply", reply: { status: 500 } });
  });
});

describe("one path with two prices", () => {
  it("G04 collects what is owed of one at no other, in one engine, whether they have labels or not", async () => {
    for (const labels of [
      ["", ""],
      ["GET /x", "GET /x"],
      ["small", "large"],
    ] as const) {
      const paywall = createPaywall<Raw>({
        payTo: PAY_TO,
        network: "base-sepolia",
        facilitator: facilitator.url,
        reconcileSeconds: 0,
        settle: "before",
        store: memoryStore(),
      });
      const cheap = paywall.price<Raw>("$0.01", labels[0]);
      const dear = paywall.price<Raw>("$50", labels[1]);
      const payment = await buyer.header(await challenge(cheap));
      await ticket(await ask(cheap, payment)).conclude(failed);
      expect(codeOf(await ask(dear, payment)), labels.join()).toBe("payment_bound");
      expect(codeOf(await ask(cheap, payment)), labels.join()).toBe("admitted");
    }
    expect(facilitator.charges).toHaveLength(3);
  });
});

describe("errors", () => {
  it("G63 are known by their kind, whichever copy of the module has made them", async () => {
    const url = new URL("../../core/src/lib/errors.ts?copy", import.meta.url).href;
    const copy = (await import(/* @vite-ignore */ url)) as typeof import("../../core/src/lib/errors.js");
    expect(copy.StoreError).not.toBe(StoreError);
    const theirs = new copy.StoreError("store_timeout", "late");
    expect(theirs instanceof StoreError).toBe(true);
    expect(theirs instanceof TurnpikeError).toBe(true);
    expect(theirs instanceof FacilitatorError).toBe(false);
    expect(new TurnpikeError("a_code", "text") instanceof StoreError).toBe(false);
    expect(new Error("text") instanceof TurnpikeError).toBe(false);
  });
});

describe("a settlement behind the answer", () => {
  it("I8 that fails twice ends nothing but itself", async () => {
    const sound = memoryStore();
    const store = {
      ...sound,
      replace: (...args: Parameters<typeof sound.replace>) => {
        if (args[0].state === "unknown") throw new Error("the disk is full");
        return sound.replace(...args);
      },
    };
    const route = open({ settle: "background", store });
    facilitator.respond("settle", faults.reset());
    const running = ticket(await ask(route, await buyer.header(await challenge(route))));
    await running.conclude(streamed);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await running.delivered(true);
  });

  it("I4 owes what broke off before its settlement was found, and nothing of what arrived", async () => {
    for (const [whole, state] of [
      [true, "delivered"],
      [false, "owed"],
    ] as const) {
      const store = memoryStore();
      const paywall = createPaywall({
        payTo: PAY_TO,
        network: "base-sepolia",
        facilitator: facilitator.url,
        settle: "background",
        reconcileSeconds: 0,
        chain: facilitator.chain,
        store,
      });
      const route = paywall.price<Raw>("$0.01", "GET /x");
      facilitator.respond("settle", faults.resetAfterAccept());
      const running = ticket(await ask(route, await buyer.header(await challenge(route))));
      await running.conclude(streamed);
      await running.delivered(whole);
      expect(await paywall.reconcile()).toMatchObject({ settled: 1 });
      expect((await paywall.payments()).payments).toMatchObject([{ state }]);
    }
  });
});

describe("a forgery", () => {
  it("I1 does not join the verification of the payment that it copies", async () => {
    const route = open({}, (raw) => raw.price ?? "$0.01");
    const payload = await buyer.sign(await challenge(route));
    const forged = forge(payload, await challenge(route, { price: "$5" }));
    facilitator.always("verify", faults.delay(100));
    const [honest, dear] = await Promise.all([ask(route, encodeHeader(payload)), ask(route, forged, { price: "$5" })]);
    expect(codeOf(honest)).toBe("admitted");
    expect((dear as Reply).status).toBe(402);
  });

  it("I2 blocks nobody, also where settling comes first and its outcome was lost", async () => {
    const route = open({ settle: "before" });
    const payload = await buyer.sign(await challenge(route));
    const signature = `0x${"ab".repeat(65)}`;
    const forged = encodeHeader({ ...payload, payload: { ...payload.payload, signature } });
    facilitator.respond("settle", faults.reset());
    expect(codeOf(await ask(route, forged))).toBe("settlement_unknown");
    expect(codeOf(await ask(route, encodeHeader(payload)))).toBe("admitted");
    expect(facilitator.charges).toHaveLength(1);
  });
});

describe("a forgery whose settlement was lost", () => {
  it("I8 is settled no more once a facilitator says that nobody has signed it", async () => {
    const store = memoryStore();
    const paywall = createPaywall({
      payTo: PAY_TO,
      network: "base-sepolia",
      facilitator: facilitator.url,
      settle: "before",
      reconcileSeconds: 0,
      store,
    });
    const route = paywall.price<Raw>("$0.01", "GET /x");
    const payload = await buyer.sign(await challenge(route));
    const signature = `0x${"ab".repeat(65)}`;
    facilitator.respond("settle", faults.reset());
    facilitator.respond("verify", faults.invalid("invalid_exact_evm_payload_signature"));
    expect(codeOf(await ask(route, encodeHeader({ ...payload, payload: { ...payload.payload, signature } })))).toBe(
      "settlement_unknown",
    );
    expect(await paywall.reconcile()).toMatchObject({ examined: 1, failed: 0, open: 1 });
    expect((await paywall.payments()).payments).toMatchObject([{ state: "unknown", reason: "invalid_signature" }]);
    expect(await paywall.reconcile()).toMatchObject({ examined: 0 });
    expect(facilitator.settles).toBe(1);
  });
});

describe("attempts whose signature is called invalid after their settlement was lost", () => {
  it("I8 close the shop to nobody", async () => {
    const paywall = createPaywall({
      ...{ payTo: PAY_TO, network: "base-sepolia", facilitator: facilitator.url, settle: "before" },
      ...{ reconcileSeconds: 0, limits: false, store: memoryStore() },
    });
    const route = paywall.price<Raw>("$0.01", "GET /x");
    const payload = await buyer.sign(await challenge(route));
    const forge = (at: number) =>
      encodeHeader({
        ...payload,
        payload: { ...payload.payload, signature: `0x${at.toString(16).padStart(130, "0")}` },
      });
    facilitator.always("settle", faults.status(403));
    facilitator.always("verify", faults.invalid("invalid_exact_evm_signature"));
    for (let at = 0; at < 30; at++) await ask(route, forge(at));
    expect((await paywall.payments()).payments).toHaveLength(20);
    for (let pass = 0; pass < 4; pass++) await paywall.reconcile();
    facilitator.always("settle");
    facilitator.always("verify");
    expect(codeOf(await ask(route, encodeHeader(await buyer.sign(await challenge(route)))))).toBe("admitted");
  });
});

describe("a facilitator", () => {
  it("I8 in this process that heeds no signal is held to its time", async () => {
    const never = new Promise<never>(() => undefined);
    const hanging = {
      id: "local:hanging",
      supported: async () => ({
        kinds: [{ x402Version: 2, scheme: "exact", network: "eip155:84532" }],
        extensions: [],
        signers: {},
      }),
      verify: () => never,
      settle: () => never,
    };
    const route = open({ facilitator: hanging, facilitatorTimeout: 50 });
    const payment = await buyer.header(await challenge(route));
    expect(codeOf(await ask(route, payment))).toBe("facilitator_timeout");
    expect(codeOf(await ask(route, payment))).toBe("facilitator_timeout");
  });

  it("I8 whose credentials come too late ends nothing but the call", async () => {
    const { httpFacilitator } = await import("@turnpike/core");
    const headers = () => new Promise<Record<string, string>>((resolve) => setTimeout(resolve, 120, {}));
    const route = open({
      facilitator: httpFacilitator(facilitator.url, { headers }),
      facilitatorTimeout: { supported: 2_000, verify: 50 },
    });
    const payment = await buyer.header(await challenge(route));
    expect(codeOf(await ask(route, payment))).toBe("facilitator_timeout");
    expect(facilitator.verifies).toBe(0);
  });

  it("I9 cannot put words into a receipt through the payer that it names", async () => {
    const route = open();
    const payment = await buyer.header(await challenge(route));
    facilitator.respond("settle", faults.altered({ payer: "<script>" }));
    const conclusion = await ticket(await ask(route, payment)).conclude(fine);
    expect(JSON.stringify(conclusion)).not.toContain("script");
    expect(conclusion).toMatchObject({ type: "replace", reply: { status: 503 } });
  });

  it("shares one question about what is supported between all who wait for it", async () => {
    facilitator.always("supported", faults.delay(300));
    const route = open();
    const required = await challenge(route);
    const payments = await Promise.all(Array.from({ length: 10 }, () => buyer.header(required)));
    await Promise.all(payments.map((payment) => ask(route, payment)));
    expect(facilitator.supporteds).toBe(1);
  });
});

describe("payments on record", () => {
  it("G44b are as many as were asked for, though attempts that were settled first have left their marks", async () => {
    const paywall = createPaywall<Raw>({
      payTo: PAY_TO,
      network: "base-sepolia",
      facilitator: facilitator.url,
      reconcileSeconds: 0,
      store: memoryStore(),
    });
    for (const settle of ["before", "after", "before", "before"] as const) {
      const route = paywall.price<Raw>({ price: "$0.01", settle }, "GET /x");
      const sold = ticket(await ask(route, await buyer.header(await challenge(route))));
      await sold.conclude(fine);
      await sold.delivered(true);
    }
    const counts = [1, 2, 3, 4, 100].map(async (limit) => (await paywall.payments({ limit })).payments.length);
    expect(await Promise.all(counts)).toEqual([1, 2, 3, 4, 4]);
    for (const limit of [0, 1.5, Number.NaN]) {
      await expect(paywall.payments({ limit })).rejects.toMatchObject({ code: "invalid_query" });
    }
    const [newest, ...older] = (await paywall.payments({ limit: 3, states: ["delivered"] })).payments;
    expect(older).toHaveLength(2);
    expect(newest?.createdAt).toBeGreaterThanOrEqual(older[0]?.createdAt ?? 0);
  });
});
