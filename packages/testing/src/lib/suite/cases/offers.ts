import { expect } from "vitest";
import { encodeHeader } from "../../client/header.js";
import type { Casebook } from "../casebook.js";
import { expectChallenge, problemOf } from "../expectations.js";

const unpaid = { h: 0, v: 0, s: 0, c: 0 };
const bought = { h: 1, v: 1, s: 1, c: 1 };

/** Offers (rows 19 to 21, R07, R08) and local checks of what was signed (R12). */
export function testOffers({ check }: Casebook): void {
  check("W19 answers an offer that is not its own with a fresh challenge", async (open) => {
    const shop = await open();
    const changes: Record<string, object> = {
      amount: { amount: "9999" },
      recipient: { payTo: shop.buyer.address },
      asset: { asset: "0x1111111111111111111111111111111111111111" },
      network: { network: "eip155:8453" },
      scheme: { scheme: "upto" },
      "time limit": { maxTimeoutSeconds: 999_999 },
      "token name": { extra: { name: "Fake", version: "2" } },
      "no extra": { extra: {} },
    };
    for (const [what, change] of Object.entries(changes)) {
      const tamper = (payload: { accepted: object }): object => ({
        ...payload,
        accepted: { ...payload.accepted, ...change },
      });
      const { response } = await shop.buy("/paid", { tamper });
      expect(expectChallenge(response, what).accepts).toHaveLength(1);
      await problemOf(response);
    }
    shop.counted(unpaid);
  });

  check("W20 sends the facilitator its own requirements and the payment as it came", async (open) => {
    const shop = await open();
    const tamper = (payload: { accepted: { extra?: object } }): object => ({
      ...payload,
      accepted: { ...payload.accepted, extra: { ...payload.accepted.extra, client: "note" } },
    });
    const { challenge, payload, response } = await shop.buy("/paid", { tamper });
    expect(response.status).toBe(200);
    const bodies = shop.facilitator.calls.filter(({ operation }) => operation !== "supported").map(({ body }) => body);
    expect(bodies).toHaveLength(2);
    for (const body of bodies) {
      expect(body).toMatchObject({ x402Version: 2, paymentPayload: { x402Version: 2, payload: payload.payload } });
      expect((body as { paymentRequirements: unknown }).paymentRequirements).toEqual(challenge.accepts[0]);
      expect(Object.keys(body as object).sort()).toEqual(["paymentPayload", "paymentRequirements", "x402Version"]);
    }
    shop.counted(bought);
  });

  check("R07 refuses a cheap payment on a dear route without asking the facilitator", async (open) => {
    const routes = [
      { id: "cheap", path: ["cheap"], price: "$0.01" },
      { id: "dear", path: ["dear"], price: "$5" },
    ];
    const shop = await open({ routes });
    const cheap = await shop.challenge("/cheap");
    const dear = await shop.challenge("/dear");
    expectChallenge(await shop.pay(await shop.buyer.header(cheap), "/dear"));
    const disguised = await shop.buyer.header(cheap, {
      tamper: (payload) => ({ ...payload, accepted: dear.accepts[0] }),
    });
    expectChallenge(await shop.pay(disguised, "/dear"));
    const underpaid = await shop.buyer.header(dear, { authorization: { value: "10000" } });
    expectChallenge(await shop.pay(underpaid, "/dear"));
    shop.counted(unpaid, "dear");
  });

  check("R08 never takes the client's word for the resource", async (open) => {
    const shop = await open();
    const payload = await shop.buyer.sign(await shop.challenge());
    for (const url of ["https://elsewhere.example/", `${shop.origin}/other`, `${shop.origin}/paid`]) {
      const response = await shop.pay(encodeHeader({ ...payload, resource: { url } }));
      expect(response.status).toBeLessThan(500);
    }
    expect(shop.runs()).toBe(1);
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check(
    "R12 refuses what is expired, not yet valid, underpaid, overpaid or made out to another, on its own",
    async (open) => {
      const shop = await open();
      const now = Math.floor(Date.now() / 1000);
      const changes: Record<string, object> = {
        expired: { validBefore: String(now - 1) },
        "about to expire": { validBefore: String(now + 1) },
        "not yet valid": { validAfter: String(now + 3_600), validBefore: String(now + 7_200) },
        underpaid: { value: "9999" },
        overpaid: { value: "10001" },
        "made out to another": { to: "0x1111111111111111111111111111111111111111" },
      };
      for (const [what, authorization] of Object.entries(changes)) {
        const { response } = await shop.buy("/paid", { authorization });
        expect(expectChallenge(response, what).error, what).toMatch(/^invalid_exact_evm_payload_\w+$/);
        expect(await problemOf(response), what).toMatch(/^invalid_exact_evm_payload_\w+$/);
      }
      shop.counted(unpaid);
    },
  );

  check("R12b refuses a signature of someone else, at the latest by the facilitator", async (open) => {
    const shop = await open();
    const tamper = (payload: { payload: Record<string, unknown> }): object => {
      const signature = String(payload.payload.signature);
      const other = signature.slice(-4, -2) === "00" ? "01" : "00";
      return {
        ...payload,
        payload: { ...payload.payload, signature: `${signature.slice(0, -4)}${other}${signature.slice(-2)}` },
      };
    };
    const { response } = await shop.buy("/paid", { tamper });
    expectChallenge(response);
    expect(shop.runs()).toBe(0);
    expect(shop.facilitator.settles).toBe(0);
  });
}
