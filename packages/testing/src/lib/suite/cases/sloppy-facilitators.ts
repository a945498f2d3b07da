import { expect } from "vitest";
import type { Behaviour } from "../../facilitator/behaviour.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook, Open } from "../casebook.js";
import { expectRetryLater, problemOf } from "../expectations.js";
import type { Shop } from "../shop.js";

const refusal = { success: false, errorReason: "insufficient_funds", transaction: "", network: "eip155:84532" };
const hash = `0x${"ab".repeat(32)}`;

/** Facilitators that say what they mean in other forms than the protocol's (G57). */
export function testSloppyFacilitators({ check }: Casebook): void {
  async function buy(open: Open, behaviour: Behaviour) {
    const shop = await open({ config: { facilitatorTimeout: { settle: 400 } } });
    shop.facilitator.respond("settle", behaviour);
    return { shop, ...(await shop.buy()) };
  }

  /** Refused for certain: 402, and nothing stays open. */
  async function expectRefused(open: Open, what: string, behaviour: Behaviour): Promise<void> {
    const { shop, response, receipt } = await buy(open, behaviour);
    expect(response.status, what).toBe(402);
    expect(receipt, what).toMatchObject({
      success: false,
      errorReason: "insufficient_funds",
      transaction: "",
      network: "eip155:84532",
      payer: shop.buyer.address,
    });
    expect((await shop.becomes("failed")).reason, what).toBe("insufficient_funds");
    shop.counted({ h: 1, v: 1, s: 1, c: 0 });
  }

  async function expectDoubt(open: Open, what: string, behaviour: Behaviour): Promise<void> {
    const { shop, response } = await buy(open, behaviour);
    expectRetryLater(response, what);
    await shop.becomes("unknown");
  }

  check("G57 takes a refusal that leaves members empty for a refusal", async (open) => {
    const empty = { ...refusal, network: "", payer: "" };
    const shapes: Record<string, unknown> = {
      "empty network and payer": empty,
      "null members": { ...refusal, network: null, payer: null, transaction: null, amount: null, extra: null },
      "reason alone": { success: false, errorReason: "insufficient_funds" },
      "blank members": { ...refusal, network: " ", payer: " ", transaction: " " },
      "zeros for nothing": { ...empty, transaction: `0x${"0".repeat(64)}`, payer: `0x${"0".repeat(40)}` },
      "hexadecimal without digits": { ...empty, transaction: "0x", payer: "0x" },
    };
    for (const [what, shape] of Object.entries(shapes)) await expectRefused(open, what, faults.body(shape));
  });

  check("G57b takes a refusal in the forms of other versions and languages for a refusal", async (open) => {
    const shapes: Record<string, unknown> = {
      "version 1 name": { ...refusal, network: "base-sepolia" },
      "chain id": { ...refusal, network: 84532 },
      "chain id as text": { ...refusal, network: "84532" },
      "another letter case": { ...refusal, errorReason: " Insufficient_Funds ", network: "EIP155:84532" },
      "empty amount": { ...refusal, amount: "" },
      "amount as a number": { ...refusal, amount: 10000 },
      "amount that is none": { ...refusal, amount: "ten" },
      "lists for objects": { ...refusal, extensions: [], extra: [] },
      "reason of the other endpoint": { ...refusal, errorReason: "", invalidReason: "insufficient_funds" },
      "error for a reason": { ...refusal, errorReason: null, error: "insufficient_funds" },
      "more members": { ...refusal, invalidReason: "", errorMessage: "no", error: { code: 7 }, x402Version: 1 },
    };
    for (const [what, shape] of Object.entries(shapes)) await expectRefused(open, what, faults.body(shape));
  });

  check("G57c takes a refusal that names the payer in another letter case", async (open) => {
    for (const spell of ["toLowerCase", "toUpperCase"] as const) {
      await expectRefused(open, spell, async (call) => {
        const { paymentPayload } = call.body as { paymentPayload: { payload: { authorization: { from: string } } } };
        const payer = paymentPayload.payload.authorization.from[spell]().replace("0X", "0x");
        await faults.body({ ...refusal, payer })(call);
      });
    }
  });

  check("G57d takes a refusal that comes with the status of one, or as plain text", async (open) => {
    const sloppy = { ...refusal, network: "", payer: "" };
    for (const code of [400, 402, 403, 409, 412, 422]) {
      await expectRefused(open, String(code), faults.status(code, sloppy));
    }
    await expectRefused(open, "text", faults.body(sloppy, { "content-type": "text/plain; charset=utf-8" }));
    await expectRefused(open, "400 as text", faults.status(400, sloppy, { "content-type": "text/plain" }));
  });

  check("G57e keeps a doubt where a refusal names a transaction, another purchase, or no reason", async (open) => {
    const shapes: Record<string, unknown> = {
      transaction: { ...refusal, network: "", transaction: hash },
      "transaction by another name": { ...refusal, transaction: "", txHash: hash },
      "transaction in another form": { ...refusal, transaction: { hash } },
      "another network": { ...refusal, network: "eip155:8453" },
      "another network's name": { ...refusal, network: "base" },
      "another payer": { ...refusal, payer: "0x1111111111111111111111111111111111111111" },
      "no reason": { ...refusal, errorReason: "" },
      "a reason that says nothing": { ...refusal, errorReason: "unexpected_settle_error", error: "insufficient_funds" },
    };
    for (const [what, shape] of Object.entries(shapes)) await expectDoubt(open, what, faults.body(shape));
    await expectDoubt(open, "500", faults.status(500, { ...refusal, network: "" }));
  });

  check(
    "G57j takes a refusal for one whatever it says for nothing, in place of a transaction or a payer",
    async (open) => {
      const nothing = [
        false,
        0,
        [],
        {},
        "null",
        "None",
        "undefined",
        "N/A",
        "not broadcast",
        "-",
        `0x${"0".repeat(64)}`,
      ];
      for (const transaction of nothing) {
        await expectRefused(
          open,
          `transaction ${JSON.stringify(transaction)}`,
          faults.body({ ...refusal, transaction }),
        );
      }
      for (const payer of ["unknown", "null", {}, false, "0x", "0x1"]) {
        await expectRefused(open, `payer ${JSON.stringify(payer)}`, faults.body({ ...refusal, payer }));
      }
      for (const network of ["Base Sepolia", "base_sepolia", "unknown", "null", {}]) {
        await expectRefused(open, `network ${JSON.stringify(network)}`, faults.body({ ...refusal, network }));
      }
      await expectRefused(open, "an account of CAIP-10", async (call) => {
        const { paymentPayload } = call.body as { paymentPayload: { payload: { authorization: { from: string } } } };
        const payer = `eip155:84532:${paymentPayload.payload.authorization.from}`;
        await faults.body({ ...refusal, payer })(call);
      });
    },
  );

  check("G57k reads a reason in other spellings, under other names and within an error", async (open) => {
    const spellings = [
      "Insufficient funds",
      "insufficient-funds",
      "INSUFFICIENT_FUNDS",
      "insufficient_funds: balance 0",
    ];
    for (const errorReason of spellings) {
      await expectRefused(open, errorReason, faults.body({ ...refusal, errorReason }));
    }
    const reason = refusal.errorReason;
    const bare = { success: false, transaction: "" };
    const shapes: readonly object[] = [
      { ...bare, errorReason: { code: reason, message: "no" } },
      ...["reason", "error_reason", "errorCode", "code", "error"].map((name) => ({ ...bare, [name]: reason })),
      { ...bare, error: { code: reason } },
      { ...bare, success: "false", errorReason: reason },
      { ...bare, success: null, errorReason: reason },
      { errorReason: reason },
    ];
    for (const shape of shapes) await expectRefused(open, JSON.stringify(shape), faults.body(shape));
    for (const code of [400, 402, 422]) {
      await expectRefused(open, String(code), faults.status(code, { error: reason }));
    }
    const shop = await open();
    shop.facilitator.respond("settle", faults.body({ ...refusal, errorReason: "invalid_signature" }));
    expect((await shop.buy()).response.status).toBe(402);
  });

  check("G57l keeps a doubt where a sloppy refusal may speak of a transaction, or of something else", async (open) => {
    const shapes: readonly object[] = [
      { ...refusal, transaction: [hash] },
      { ...refusal, transaction: { id: { hash } } },
      { ...refusal, transaction: Array.from({ length: 32 }, (_, at) => at) },
      { ...refusal, transaction: hash.slice(2) },
      { ...refusal, transaction: hash.slice(0, 40) },
      { ...refusal, errorReason: `insufficient_funds: after ${hash}` },
      { ...refusal, errorReason: "unexpected_settle_error: insufficient_funds" },
      { ...refusal, payer: "eip155:84532:0x1111111111111111111111111111111111111111" },
      { ...refusal, network: "Base" },
      { ...refusal, network: "8453" },
      { ...refusal, network: "eip155:424242" },
      { success: null },
      { success: null, errorReason: "no" },
      { error: "unauthorized" },
    ];
    for (const shape of shapes) await expectDoubt(open, JSON.stringify(shape), faults.body(shape));
    await expectDoubt(open, "401", faults.status(401, { error: "unauthorized" }));
    await expectDoubt(open, "500", faults.status(500, { error: "insufficient_funds" }));
  });

  check("G57f believes a success only with the network that was asked and a sound transaction", async (open) => {
    const changes: Record<string, object> = {
      "empty network": { network: "" },
      "null network": { network: null },
      "version 1 name": { network: "base-sepolia" },
      "chain id": { network: 84532 },
      "empty transaction": { transaction: "" },
      "zeros for a transaction": { transaction: `0x${"0".repeat(64)}` },
      "transaction by another name": { transaction: undefined, txHash: hash },
      "another amount": { amount: 10001 },
      "amount that is none": { amount: "ten" },
    };
    for (const [what, change] of Object.entries(changes)) await expectDoubt(open, what, faults.altered(change));
    await expectDoubt(open, "text", faults.ok({ "content-type": "text/plain" }));
  });

  check("G57g believes a success that leaves empty what it need not say", async (open) => {
    const sloppy = { payer: "", errorReason: "", amount: "", extra: [], extensions: [], error: null, later: 1 };
    const sold = async (behaviour: Behaviour): Promise<Shop> => {
      const { shop, response, receipt } = await buy(open, behaviour);
      expect(response.status).toBe(200);
      expect(receipt).toMatchObject({ success: true, payer: shop.buyer.address });
      expect(receipt).not.toHaveProperty("errorReason");
      return shop;
    };
    await sold(faults.altered(sloppy));
    await sold(faults.altered({ ...sloppy, amount: 10000 }));
  });

  check("G57h takes every form of an invalid payment for one", async (open) => {
    const invalid = { isValid: false, invalidReason: "insufficient_funds", payer: "" };
    const answers: Record<string, Behaviour> = {
      "empty payer": faults.body(invalid),
      nulls: faults.body({ isValid: false, invalidReason: null, payer: null, extra: null }),
      "empty reason": faults.body({ ...invalid, invalidReason: "" }),
      "a long reason": faults.body({ ...invalid, invalidReason: "x".repeat(5_000) }),
      "a reason that is none": faults.body({ ...invalid, invalidReason: { code: 7 }, payer: 7, extensions: [] }),
      status: faults.status(400, invalid),
      text: faults.body(invalid, { "content-type": "text/plain" }),
    };
    for (const [what, behaviour] of Object.entries(answers)) {
      const shop = await open();
      shop.facilitator.respond("verify", behaviour);
      const { response } = await shop.buy();
      expect(response.status, what).toBe(402);
      expect(response.headers.get("payment-required"), what).not.toBeNull();
      shop.counted({ h: 0, v: 1, s: 0, c: 0 });
    }
    const shop = await open();
    shop.facilitator.respond("verify", faults.altered({ payer: "", invalidReason: "", extra: [] }));
    expect((await shop.buy()).response.status).toBe(200);
  });

  check("G57i reads what a facilitator supports past what is not of the protocol", async (open) => {
    const shop = await open();
    const kind = { x402Version: "2", scheme: "exact", network: "eip155:84532", extra: null, note: 1 };
    const old = { x402Version: 1, scheme: "exact", network: "base-sepolia" };
    const kinds = [old, null, "exact", { scheme: "exact" }, { ...old, extra: [] }, kind];
    shop.facilitator.always("supported", faults.body({ kinds, extensions: null, signers: { "eip155:*": "0x1" } }));
    expect((await shop.buy()).response.status).toBe(200);
    const alone = await open();
    alone.facilitator.always("supported", faults.body({ kinds: [old] }));
    const { response } = await alone.buy();
    expect([response.status, await problemOf(response)]).toEqual([500, "facilitator_unsupported"]);
  });
}
