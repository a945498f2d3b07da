import { createPaywall } from "@turnpike/core";
import type { PaymentPayload } from "@turnpike/core/protocol";
import { expect } from "vitest";
import { encodeHeader, readReceipt } from "../../client/header.js";
import type { Behaviour } from "../../facilitator/behaviour.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook } from "../casebook.js";
import { expectRetryLater, problemOf } from "../expectations.js";
import { paid, type Shop, seller } from "../shop.js";

type Settle = "after" | "before";
const modes: readonly Settle[] = ["after", "before"];
const route = (settle: Settle) => ({ ...paid, price: { price: "$0.01", settle } });

const used = "invalid_exact_evm_nonce_already_used";
/** Refusals of a payment that was settled a moment ago: by a proxy's second call, or by someone who saw the first. */
const moved = [
  used,
  "nonce_used",
  "duplicate_settlement",
  "insufficient_funds",
  "invalid_exact_evm_transaction_simulation_failed",
];

/** Submits a payment to the chain, as anyone who has seen it can. */
async function submit(shop: Shop, payload: PaymentPayload): Promise<void> {
  const body = { x402Version: 2, paymentPayload: payload, paymentRequirements: payload.accepted };
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${shop.facilitator.url}/settle`, { method: "POST", headers, body: JSON.stringify(body) });
  expect(await answer.json()).toMatchObject({ success: true });
}

/** Payments that have moved their money when the settlement is refused (kind 1: I3, I4, I5). */
export function testPaidAlready({ check }: Casebook): void {
  check("G01k delivers once what the chain shows as paid, though the first settle call is refused", async (open) => {
    for (const settle of modes) {
      for (const reason of moved) {
        const what = `${settle} ${reason}`;
        const shop = await open({ routes: [route(settle)], chain: true });
        shop.facilitator.respond("settle", faults.acted(faults.fail(reason)));
        const { response, header, receipt } = await shop.buy();
        expect([response.status, await response.json()], what).toEqual([200, { paid: true }]);
        const transaction = shop.facilitator.charges[0]?.transaction;
        expect(receipt, what).toMatchObject({ success: true, transaction });
        expect((await shop.pay(header)).status, what).toBe(200);
        expect([shop.runs(), shop.facilitator.charges.length], what).toEqual([1, 1]);
      }
    }
  });

  check(
    "G01l keeps a doubt where a facilitator has merely seen the payment and no chain can be asked",
    async (open) => {
      for (const settle of modes) {
        const shop = await open({ routes: [route(settle)] });
        shop.facilitator.always("settle", faults.acted(faults.fail("duplicate_settlement")));
        const { response, header } = await shop.buy();
        expectRetryLater(response, settle);
        expectRetryLater(await shop.pay(header), settle);
        await shop.becomes("unknown");
      }
    },
  );

  check("G01m still refuses at once what was refused and has moved nothing, as the chain shows", async (open) => {
    for (const settle of modes) {
      for (const reason of ["insufficient_funds", "invalid_exact_evm_payload_signature"]) {
        const shop = await open({ routes: [route(settle)], chain: true });
        shop.facilitator.respond("settle", faults.fail(reason));
        const { response, receipt } = await shop.buy();
        expect(response.status, `${settle} ${reason}`).toBe(402);
        expect(receipt, `${settle} ${reason}`).toMatchObject({ success: false, errorReason: reason });
        expect(shop.facilitator.charges).toHaveLength(0);
      }
    }
  });

  /** Nothing is delivered, no buyer is asked to sign again, and the seller finds the transaction. */
  async function expectOpen(shop: Shop, header: string): Promise<void> {
    const operator = createPaywall({
      ...{ payTo: seller, network: "base-sepolia", facilitator: shop.facilitator.url, reconcileSeconds: 0 },
      ...{ store: shop.store, chain: shop.facilitator.chain },
    });
    for (let tries = 0; tries < 3; tries++) {
      const response = await shop.pay(header);
      expectRetryLater(response);
      expect(readReceipt(response)?.success ?? false).toBe(false);
      if (tries > 0) expect(await problemOf(response)).toBe("settlement_unresolved");
      await operator.reconcile();
    }
    const transaction = shop.facilitator.charges[0]?.transaction;
    expect(await shop.becomes("unknown")).toMatchObject({ transaction, reason: "paid_before" });
    expect([shop.runs(), shop.facilitator.charges.length]).toEqual([0, 1]);
  }

  check("G01n delivers nothing for a transfer that is older than the purchase, and asks for no other", async (open) => {
    const shop = await open({ routes: [route("before")], chain: true });
    const payload = await shop.buyer.sign(await shop.challenge());
    await submit(shop, payload);
    await expectOpen(shop, encodeHeader(payload));
  });

  check("G01o delivers nothing to a forger for a transfer of the payment that was forged", async (open) => {
    const shop = await open({ routes: [route("before")], chain: true });
    const payload = await shop.buyer.sign(await shop.challenge());
    const forged = { ...payload, payload: { ...payload.payload, signature: `0x${"ab".repeat(64)}1b` } };
    const overtake: Behaviour = async (call) => {
      await submit(shop, payload);
      await faults.fail(used)(call);
    };
    shop.facilitator.respond("settle", overtake);
    await expectOpen(shop, encodeHeader(forged));
  });

  check("G01s ends no doubt by what a facilitator says of the signature afterwards", async (open) => {
    for (const chain of [false, true]) {
      const shop = await open({ routes: [route("before")], chain });
      shop.facilitator.respond("settle", chain ? faults.reset() : faults.resetAfterAccept());
      const { response, header } = await shop.buy();
      expectRetryLater(response);
      // A contract wallet may change its mind at any time.
      shop.facilitator.always("verify", faults.invalid("invalid_exact_evm_signature"));
      shop.facilitator.always("settle", faults.fail("invalid_exact_evm_signature"));
      expectRetryLater(await shop.pay(header));
      const record = await shop.becomes("unknown");
      expect(record).not.toHaveProperty("receipt");
      shop.facilitator.always("verify");
      shop.facilitator.always("settle");
      const again = await shop.pay(header);
      if (chain) expect(again.status).toBe(200);
      else expectRetryLater(again);
      expect(shop.facilitator.charges).toHaveLength(1);
    }
  });

  check("G01p lets the seller end what was paid before, and then delivers it once", async (open) => {
    const shop = await open({ routes: [route("before")], chain: true });
    const payload = await shop.buyer.sign(await shop.challenge());
    await submit(shop, payload);
    const header = encodeHeader(payload);
    expectRetryLater(await shop.pay(header));
    const [record] = await shop.records();
    const operator = createPaywall({
      ...{ payTo: seller, network: "base-sepolia", facilitator: shop.facilitator.url, reconcileSeconds: 0 },
      store: shop.store,
    });
    await operator.resolve(record?.id ?? "", "settled");
    const collected = await shop.pay(header);
    expect(collected.status).toBe(200);
    expect(readReceipt(collected)?.transaction).toBe(shop.facilitator.charges[0]?.transaction);
    await collected.text();
    expect(shop.runs()).toBe(1);
  });
}
