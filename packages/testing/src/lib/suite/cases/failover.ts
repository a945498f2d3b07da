import { expect } from "vitest";
import { startFacilitator } from "../../facilitator/facilitator.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook } from "../casebook.js";
import { expectRetryLater } from "../expectations.js";
import { paid } from "../shop.js";

/** Several facilitators, and one that fails (F13, F16, F19 to F22). */
export function testFailover({ check }: Casebook): void {
  check(
    "F21 verifies and settles at the next facilitator while the preferred one is down, and records whom it asked",
    async (open) => {
      await using second = await startFacilitator();
      const shop = await open({ config: (first) => ({ facilitator: [first, second.url] }) });
      await shop.challenge();
      await shop.facilitator.refuse();
      const { response } = await shop.buy();
      expect(response.status).toBe(200);
      expect([second.verifies, second.settles, second.charges.length]).toEqual([1, 1, 1]);
      expect(await shop.becomes("delivered")).toMatchObject({ facilitator: second.url });
    },
  );

  check("F21b asks each facilitator about the networks that it lists only", async (open) => {
    await using second = await startFacilitator({
      kinds: [{ x402Version: 2, scheme: "exact", network: "eip155:8453" }],
    });
    const shop = await open({
      routes: [{ ...paid, price: { price: "$0.01", network: ["base-sepolia", "base"] } }],
      facilitator: { kinds: [{ x402Version: 2, scheme: "exact", network: "eip155:84532" }] },
      config: (first) => ({ facilitator: [first, second.url] }),
    });
    const { accepts } = await shop.challenge();
    expect(accepts.map(({ network }) => network)).toEqual(["eip155:84532", "eip155:8453"]);
    expect((await shop.buy("/paid", { offer: 1 })).response.status).toBe(200);
    expect([shop.facilitator.verifies, second.verifies, second.charges.length]).toEqual([0, 1, 1]);
  });

  check("F13c tries a verification again that failed for a moment", async (open) => {
    const shop = await open();
    shop.facilitator.respond("verify", faults.status(503));
    expect((await shop.buy()).response.status).toBe(200);
    shop.counted({ h: 1, v: 2, s: 1, c: 1 });
  });

  check("F21c takes a facilitator's own trouble for no word about the payment, and asks the next one", async (open) => {
    await using second = await startFacilitator();
    const shop = await open({ config: (first) => ({ facilitator: [first, second.url] }) });
    shop.facilitator.always("verify", faults.invalid("unexpected_verify_error"));
    expect((await shop.buy()).response.status).toBe(200);
    expect([shop.facilitator.verifies, second.verifies, second.charges.length]).toEqual([1, 1, 1]);
    await second.refuse();
    const refused = await shop.pay(await shop.buyer.header(await shop.challenge()));
    expectRetryLater(refused);
  });

  check(
    "F20 stops asking a facilitator that keeps failing, and sells again within seconds of its recovery",
    async (open) => {
      const shop = await open();
      shop.facilitator.always("verify", faults.status(500, "", { "retry-after": "3600" }));
      const challenge = await shop.challenge();
      for (let i = 0; i < 12; i++) expectRetryLater(await shop.pay(await shop.buyer.header(challenge)));
      const asked = shop.facilitator.verifies;
      expect(asked).toBeLessThan(12);
      shop.facilitator.always("verify");
      const sold = async () => (await shop.pay(await shop.buyer.header(challenge))).status;
      await expect.poll(sold, { interval: 250 }).toBe(200);
    },
  );

  check(
    "F16b serves what is free, and sells on another network, while one facilitator hangs with many calls",
    async (open) => {
      await using second = await startFacilitator({
        kinds: [{ x402Version: 2, scheme: "exact", network: "eip155:8453" }],
      });
      const shop = await open({
        routes: [{ ...paid, price: { price: "$0.01", network: ["base-sepolia", "base"] } }, { path: ["free"] }],
        facilitator: { kinds: [{ x402Version: 2, scheme: "exact", network: "eip155:84532" }] },
        config: (first) => ({ facilitator: [first, second.url], facilitatorTimeout: { verify: 3_000 } }),
      });
      const challenge = await shop.challenge();
      shop.facilitator.always("verify", faults.hang());
      const headers = await Promise.all(Array.from({ length: 80 }, () => shop.buyer.header(challenge)));
      const hanging = headers.map((header) => shop.pay(header));
      await expect.poll(() => shop.facilitator.verifies).toBeGreaterThanOrEqual(64);
      expect((await shop.get("/free")).status).toBe(200);
      expect((await shop.buy("/paid", { offer: 1 })).response.status).toBe(200);
      for (const answer of await Promise.all(hanging)) expectRetryLater(answer);
      expect(shop.facilitator.settles).toBe(0);
    },
  );

  check(
    "F19c sells within seconds once a facilitator that asked for an hour's patience lists what it serves",
    async (open) => {
      const shop = await open();
      shop.facilitator.always("supported", faults.status(429, "", { "retry-after": "3600" }));
      const { accepts } = await shop.challenge();
      expect(accepts).toHaveLength(1);
      expectRetryLater((await shop.buy()).response);
      shop.facilitator.always("supported");
      await expect.poll(async () => (await shop.buy()).response.status, { interval: 250 }).toBe(200);
    },
  );
}
