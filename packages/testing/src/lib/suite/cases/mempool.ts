import { paymentIdentifier } from "@turnpike/core";
import type { PaymentPayload } from "@turnpike/core/protocol";
import { expect } from "vitest";
import { encodeHeader } from "../../client/header.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook } from "../casebook.js";
import { problemOf } from "../expectations.js";
import { onForged } from "../forgery.js";
import { paid } from "../shop.js";
import type { RoutePlan } from "../stage.js";

const FORGED = `0x${"ab".repeat(65)}`;
const id = "0123456789abcdef";

/** A payment on its way can be seen, copied, and shown elsewhere; so can the name of its nonce. */
export function testMempool({ check }: Casebook): void {
  check("R10 sells nothing on another route to who copies a payment while it is being settled", async (open) => {
    for (const settle of ["after", "before", "background"] as const) {
      const price = { price: "$0.01", settle };
      const other: RoutePlan = { id: "other", path: ["other"], price };
      const shop = await open({ routes: [{ ...paid, price }, other] });
      const payload = await shop.buyer.sign(await shop.challenge());
      // Of the resource nothing is signed, so a copy may name another.
      const resource = { ...payload.resource, url: `${shop.origin}/other` };
      const copy = encodeHeader({ ...payload, resource } as PaymentPayload);
      const shown: number[] = [];
      shop.facilitator.respond("settle", async (call) => {
        shown.push((await shop.pay(copy, "/other")).status);
        await faults.acted(async (seen) => {
          shown.push((await shop.pay(copy, "/other")).status);
          await faults.ok()(seen);
        })(call);
      });
      const header = encodeHeader(payload);
      expect((await shop.pay(header)).status, settle).toBe(200);
      await shop.becomes("delivered");
      const late = await shop.pay(copy, "/other");
      expect(await problemOf(late), settle).toBe("payment_bound");
      expect([...shown, late.status], settle).toEqual([409, 409, 409]);
      expect((await shop.pay(header)).status, settle).toBe(200);
      expect([shop.runs(), shop.runs("other"), shop.facilitator.charges.length], settle).toEqual([1, 0, 1]);
    }
  });

  check("R10b holds a purchase's name for one proof at a time, and gives it up with a forgery", async (open) => {
    for (const settle of ["after", "before"] as const) {
      const price = { price: "$0.01", settle, extensions: [paymentIdentifier()] };
      const shop = await open({ routes: [{ ...paid, price }] });
      const signed = await shop.buyer.sign(await shop.challenge());
      const extensions = { ...signed.extensions, "payment-identifier": { info: { required: false, id } } };
      const header = encodeHeader({ ...signed, extensions });
      const forged = encodeHeader({ ...signed, extensions, payload: { ...signed.payload, signature: FORGED } });
      let refuse = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        refuse = resolve;
      });
      const refused = faults.fail("invalid_exact_evm_payload_signature");
      shop.facilitator.always("verify", onForged(faults.invalid("invalid_exact_evm_payload_signature")));
      shop.facilitator.always(
        "settle",
        onForged((call) => held.then(() => refused(call))),
      );
      const forgery = shop.pay(forged);
      if (settle === "before") {
        await shop.becomes("settling");
        const early = await shop.pay(header);
        expect(early.status).toBe(409);
        expect(await problemOf(early)).toBe("payment_identifier_conflict");
        expect(shop.facilitator.charges).toHaveLength(0);
      }
      refuse();
      expect((await forgery).status, settle).toBe(402);
      expect((await shop.pay(header)).status, settle).toBe(200);
      const again = await shop.pay(forged);
      expect(again.status, settle).toBe(409);
      expect(await again.text(), settle).not.toContain('"paid"');
      expect((await shop.pay(header)).status, settle).toBe(200);
      expect([shop.runs(), shop.facilitator.charges.length], settle).toEqual([1, 1]);
    }
  });
}
