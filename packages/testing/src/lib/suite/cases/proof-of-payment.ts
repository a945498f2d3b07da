import { createPaywall, type Paywall } from "@turnpike/core";
import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import type { Behaviour } from "../../facilitator/behaviour.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook, Open } from "../casebook.js";
import { expectRetryLater, problemOf } from "../expectations.js";
import { hostileStore } from "../hostile-store.js";
import { paid, type Shop, type ShopPlan, seller } from "../shop.js";

type Settle = "after" | "before" | "background";
const quick = { settle: 400 };
const used = faults.fail("invalid_exact_evm_nonce_already_used");

/** Money is concluded only from what the payer cannot bring about alone (kind 1: G01, G02; I4, I5, I7). */
export function testProofOfPayment({ check }: Casebook): void {
  /** A purchase whose settlement is lost before it moved anything, and whose nonce the payer spends afterwards. */
  async function cancel(open: Open, settle: Settle, lost: Behaviour | readonly Behaviour[], plan: ShopPlan = {}) {
    const shop = await open({
      routes: [{ ...paid, price: { price: "$0.01", settle } }],
      config: { facilitatorTimeout: quick },
      ...plan,
    });
    const required = await shop.challenge();
    const payload = await shop.buyer.sign(required);
    const header = await shop.buyer.header(required, { tamper: () => payload });
    shop.facilitator.respond("settle", ...[lost].flat());
    const first = await shop.pay(header);
    await first.text();
    await shop.becomes("unknown");
    shop.facilitator.cancel(payload);
    return { shop, header, runs: shop.runs() };
  }

  async function expectDoubt(shop: Shop, header: string, runs: number): Promise<void> {
    const again = await shop.pay(header);
    expectRetryLater(again);
    expect(readReceipt(again)?.success ?? false).toBe(false);
    expect(await problemOf(again)).toBe("settlement_unknown");
    expect(await shop.becomes("unknown")).not.toHaveProperty("receipt");
    expect(shop.facilitator.charges).toHaveLength(0);
    expect(shop.runs()).toBe(runs);
  }

  check("G01 takes no cancelled payment for paid after a settle call that was cut", async (open) => {
    const { shop, header, runs } = await cancel(open, "after", faults.reset());
    await expectDoubt(shop, header, runs);
  });

  check("G01b takes no cancelled payment for paid after a settle call that took too long", async (open) => {
    const { shop, header, runs } = await cancel(open, "after", faults.hang());
    await expectDoubt(shop, header, runs);
  });

  check("G01c takes no cancelled payment for paid after a 500 and after a 429", async (open) => {
    for (const lost of [faults.status(500), faults.status(429), faults.status(503, "", { "retry-after": "1" })]) {
      const { shop, header, runs } = await cancel(open, "after", lost);
      await expectDoubt(shop, header, runs);
    }
  });

  check("G01d takes no cancelled payment for paid where the settlement comes before the handler", async (open) => {
    const { shop, header, runs } = await cancel(open, "before", faults.reset());
    expect(runs).toBe(0);
    await expectDoubt(shop, header, 0);
  });

  check("G01e takes no cancelled payment for paid where the settlement comes behind the response", async (open) => {
    const { shop, header, runs } = await cancel(open, "background", faults.reset());
    await expectDoubt(shop, header, runs);
  });

  check("G01f takes no payment for paid that was cancelled while its transaction was pending", async (open) => {
    const pending = faults.fail("settlement_pending", { transaction: `0x${"1".repeat(64)}` });
    const { shop, header, runs } = await cancel(open, "after", [pending, pending]);
    shop.facilitator.respond("settle", used);
    await expectDoubt(shop, header, runs);
  });

  check("G01g takes no cancelled payment for paid by itself, however often it looks", async (open) => {
    const { shop, header, runs } = await cancel(open, "after", faults.reset());
    const operator = operatorOf(shop);
    expect(await operator.reconcile()).toMatchObject({ settled: 0 });
    await expectDoubt(shop, header, runs);
  });

  check("G01h refuses a cancelled payment where the chain can be asked, and runs nothing for it", async (open) => {
    const { shop, header, runs } = await cancel(open, "after", faults.reset(), {
      chain: true,
      config: { facilitatorTimeout: quick },
    });
    const again = await shop.pay(header);
    expect(again.status).toBe(402);
    expect(await shop.becomes("failed")).not.toHaveProperty("receipt");
    expect(shop.facilitator.charges).toHaveLength(0);
    expect(shop.runs()).toBe(runs);
  });

  check("G01i delivers a payment that an operator has found on the chain, once", async (open) => {
    const { shop, header, runs } = await cancel(open, "after", faults.resetAfterAccept());
    const [record] = await shop.records();
    const transaction = shop.facilitator.charges[0]?.transaction ?? "";
    await operatorOf(shop).resolve(record?.id ?? "", "settled", { transaction });
    const collected = await shop.pay(header);
    expect(collected.status).toBe(200);
    expect(readReceipt(collected)).toMatchObject({ success: true, transaction });
    await collected.text();
    await shop.becomes("delivered");
    expect(shop.runs()).toBe(runs);
  });

  check("G01j takes a payment again that an operator has found unpaid", async (open) => {
    const { shop } = await cancel(open, "after", faults.reset());
    const [record] = await shop.records();
    const resolved = await operatorOf(shop).resolve(record?.id ?? "", "failed");
    expect(resolved).toMatchObject({ state: "failed" });
    expect(resolved).not.toHaveProperty("receipt");
  });

  check("G02 lets no operator call a payment settled without its transaction", async (open) => {
    const { shop, header, runs } = await cancel(open, "after", faults.reset());
    const [record] = await shop.records();
    const resolved = operatorOf(shop).resolve(record?.id ?? "", "settled");
    await expect(resolved).rejects.toMatchObject({ code: "invalid_transaction" });
    await expectDoubt(shop, header, runs);
  });

  check("G02b believes no success without a transaction, in any spelling of none", async (open) => {
    for (const transaction of ["", null, undefined, "0x", " ", `0x${"1".repeat(63)}`]) {
      const shop = await open({ config: { facilitatorTimeout: quick, store: hostileStore() } });
      shop.facilitator.respond("settle", faults.altered({ transaction }));
      const { response } = await shop.buy();
      expectRetryLater(response, String(transaction));
      expect(await shop.becomes("unknown"), String(transaction)).not.toHaveProperty("receipt");
    }
  });
}

/** The seller's own hands on the records of a shop. */
function operatorOf(shop: Shop): Paywall {
  return createPaywall({
    payTo: seller,
    network: "base-sepolia",
    facilitator: shop.facilitator.url,
    facilitatorTimeout: quick,
    reconcileSeconds: 0,
    store: shop.store,
  });
}
