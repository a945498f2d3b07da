import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook } from "../casebook.js";
import { expectChallenge } from "../expectations.js";
import { paid } from "../shop.js";

const bought = { h: 1, v: 1, s: 1, c: 1 };

/** One payment, one run, one charge (R01, R02, R06, C11). */
export function testReplay({ check }: Casebook): void {
  check("R01 neither runs nor charges again for a payment that comes a second time", async (open) => {
    const shop = await open();
    const header = await shop.header();
    const first = await shop.pay(header);
    expect(first.status).toBe(200);
    const receipt = readReceipt(first);
    const second = await shop.pay(header);
    expect([200, 409]).toContain(second.status);
    expect(readReceipt(second)?.transaction ?? receipt?.transaction).toBe(receipt?.transaction);
    if (second.status === 200) expect(await second.text()).toBe(await first.text());
    else expect(second.headers.get("payment-required")).toBeNull();
    shop.counted(bought);
  });

  check("R02 runs, verifies and charges once for fifty copies at once", async (open) => {
    const handle = async (): Promise<{ body: string }> => {
      await new Promise((resolve) => setTimeout(resolve, 30));
      return { body: "paid" };
    };
    const shop = await open({ routes: [{ ...paid, handle }] });
    const header = await shop.header();
    const answers = await Promise.all(Array.from({ length: 50 }, () => shop.pay(header)));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(1);
    for (const answer of answers) {
      if (answer.status === 200) continue;
      expect([409, 503]).toContain(answer.status);
      expect(answer.headers.get("payment-required")).toBeNull();
    }
    shop.counted(bought);
  });

  check("R02b lets fifty different payments through at once", async (open) => {
    const shop = await open();
    const challenge = await shop.challenge();
    const headers = await Promise.all(Array.from({ length: 50 }, () => shop.buyer.header(challenge)));
    const answers = await Promise.all(headers.map((header) => shop.pay(header)));
    expect(answers.map(({ status }) => status)).toEqual(headers.map(() => 200));
    shop.counted({ h: 50, v: 50, s: 50, c: 50 });
  });

  check("R06 does not serve another route for a payment that was spent", async (open) => {
    const routes = ["a", "b"].map((id) => ({ id, path: [id], price: "$0.01" }));
    const shop = await open({ routes });
    const header = await shop.header("/a");
    expect((await shop.pay(header, "/a")).status).toBe(200);
    const other = await shop.pay(header, "/b");
    expect([402, 409]).toContain(other.status);
    expect(await other.text()).not.toContain('"b":true');
    expect(shop.runs("b")).toBe(0);
    shop.counted(bought, "a");
  });

  check("R06b does not serve two routes that get one payment at once", async (open) => {
    const routes = ["a", "b"].map((id) => ({ id, path: [id], price: "$0.01" }));
    const shop = await open({ routes });
    const header = await shop.header("/a");
    const answers = await Promise.all([shop.pay(header, "/a"), shop.pay(header, "/b")]);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(shop.runs("a") + shop.runs("b")).toBe(1);
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check("R09 does not serve another query of the same route for a payment that was spent", async (open) => {
    const shop = await open({ routes: [{ ...paid, handle: ({ url }) => ({ body: url }) }] });
    const header = await shop.header("/paid?item=1");
    expect((await shop.pay(header, "/paid?item=1")).status).toBe(200);
    const other = await shop.pay(header, "/paid?item=2");
    expect([402, 409]).toContain(other.status);
    expect(await other.text()).not.toContain("item=2");
    shop.counted(bought);
  });

  check("R02c a forged copy does not stand in the way of the payment that it copies", async (open) => {
    const shop = await open();
    const challenge = await shop.challenge();
    const payload = await shop.buyer.sign(challenge);
    const forged = structuredClone(payload) as typeof payload & { payload: { signature: string } };
    forged.payload.signature = `0x${"11".repeat(64)}1b`;
    shop.facilitator.respond("verify", faults.delay(150));
    const first = shop.buyer.header(challenge, { tamper: () => forged }).then((header) => shop.pay(header));
    await expect.poll(() => shop.facilitator.verifies).toBe(1);
    const honest = await shop.buyer.header(challenge, { tamper: () => payload });
    expect((await shop.pay(honest)).status).toBe(200);
    expectChallenge(await first);
    shop.counted({ h: 1, v: 2, s: 1, c: 1 });
  });

  check("C11 charges once where the paywall stands twice", async (open) => {
    const shop = await open({ twice: true });
    expectChallenge(await shop.get());
    const { response, receipt } = await shop.buy();
    expect(response.status).toBe(200);
    expect(receipt?.success).toBe(true);
    shop.counted(bought);
  });
}
