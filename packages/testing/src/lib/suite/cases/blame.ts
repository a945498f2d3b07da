import { expect } from "vitest";
import { payer } from "../../client/payer.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook } from "../casebook.js";
import { expectRetryLater } from "../expectations.js";
import { forge, isForged, onForged } from "../forgery.js";
import { paid, type Shop } from "../shop.js";

/** Payments of strangers that come at once, and how often that happens: fewer in all than are borne of one address. */
const AT_ONCE = 12;
const TIMES = 6;
const upfront = { routes: [{ ...paid, price: { price: "$0.01", settle: "before" } as const }] };

/** What a payment makes a facilitator do is held against who brings it, and not against all others (G33). */
export function testBlame({ check }: Casebook): void {
  check("G33d serves every buyer while payments of a stranger make the facilitator answer 500", async (open) => {
    for (const plan of [{}, upfront]) {
      const shop = await open(plan);
      shop.facilitator.always("verify", onForged(faults.status(500)));
      shop.facilitator.always("settle", onForged(faults.status(500)));
      await expectServed(shop);
    }
  });

  check("G33e serves every buyer while the facilitator hangs with payments of a stranger", async (open) => {
    for (const plan of [{}, upfront]) {
      const shop = await open({ ...plan, config: { facilitatorTimeout: { verify: 1_000, settle: 1_000 } } });
      shop.facilitator.always("verify", onForged(faults.hang()));
      shop.facilitator.always("settle", onForged(faults.hang()));
      await expectServed(shop);
    }
  });

  check("G33f stops asking for a stranger whose payments all fail", async (open) => {
    const shop = await open();
    const challenge = await shop.challenge();
    shop.facilitator.always("verify", onForged(faults.status(500)));
    const stranger = payer().address;
    const asked = 40;
    for (let i = 0; i < asked; i++) expectRetryLater(await shop.pay(forge(challenge, stranger)));
    expect(shop.facilitator.verifies).toBeLessThan(asked / 2);
  });

  check("G33h holds no pending settlement against the address that it came from", async (open) => {
    const shop = await open({ ...upfront, config: { limits: { perAddress: 4 } } });
    shop.facilitator.always("settle", faults.pending());
    for (let i = 0; i < 8; i++) expectRetryLater((await payer().buy(`${shop.origin}/paid`)).response);
    shop.facilitator.always("settle");
    expect((await payer().buy(`${shop.origin}/paid`)).response.status).toBe(200);
  });

  check("G33g serves a buyer who is proven by a signature, whatever others send in that buyer's name", async (open) => {
    const forged = 130;
    for (const found of ["invalid", "undecided"] as const) {
      const checkSignature = {
        check: async (payload: unknown) => (isForged(payload) ? found : "valid"),
      };
      const shop = await open({ config: { checkSignature } });
      shop.facilitator.always("verify", onForged(faults.invalid("invalid_exact_evm_payload_signature")));
      expect((await shop.buy()).response.status).toBe(200);
      const challenge = await shop.challenge();
      for (let i = 0; i < forged; i++) {
        expect([402, 429]).toContain((await shop.pay(forge(challenge, shop.buyer.address))).status);
      }
      expect((await shop.buy()).response.status, found).toBe(200);
    }
  });
}

/** Strangers come and fail again and again; each buyer in between is new, and is served. */
async function expectServed(shop: Shop): Promise<void> {
  const challenge = await shop.challenge();
  for (let time = 1; time <= TIMES; time++) {
    const junk = Array.from({ length: AT_ONCE }, () => shop.pay(forge(challenge)));
    for (const answer of await Promise.all(junk)) expectRetryLater(answer);
    expect((await payer().buy(`${shop.origin}/paid`)).response.status).toBe(200);
    expect(shop.facilitator.charges).toHaveLength(time);
  }
}
