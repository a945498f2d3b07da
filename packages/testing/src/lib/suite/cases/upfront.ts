import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook } from "../casebook.js";
import { expectChallenge, expectRetryLater } from "../expectations.js";
import type { RoutePlan } from "../stage.js";

const settledOnly = { h: 1, v: 0, s: 1, c: 1 };
const upfront: RoutePlan = { path: ["paid"], price: { price: "$0.01", settle: "before" } };

/** Routes that settle before the handler (rows 26, 28, 34, 35). */
export function testUpfront({ check }: Casebook): void {
  check("W28 writes the upfront flow into its offer", async (open) => {
    const shop = await open({ routes: [upfront] });
    expect((await shop.challenge()).accepts[0]?.extra).toMatchObject({ paymentFlow: "upfront" });
  });

  check("W26 settles before the handler and never asks to verify", async (open) => {
    const seen: number[] = [];
    const handle = (): { body: string } => {
      seen.push(shop.facilitator.charges.length);
      return { body: "the goods" };
    };
    const shop = await open({ routes: [{ ...upfront, handle }] });
    const { response, receipt } = await shop.buy();
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("the goods");
    expect(receipt).toMatchObject({ success: true, transaction: shop.facilitator.charges[0]?.transaction });
    expect(seen).toEqual([1]);
    shop.counted(settledOnly);
  });

  check("W26b shows the handler its receipt", async (open) => {
    const handle: NonNullable<RoutePlan["handle"]> = ({ payment }) => ({ body: payment?.receipt?.transaction });
    const shop = await open({ routes: [{ ...upfront, handle }] });
    const { response } = await shop.buy();
    expect(await response.text()).toBe(shop.facilitator.charges[0]?.transaction);
  });

  check("W35 sends the handler's error with the success receipt", async (open) => {
    const handle = (): { status: number; body: string } => ({ status: 502, body: "upstream broke" });
    const shop = await open({ routes: [{ ...upfront, handle }] });
    const { response, receipt } = await shop.buy();
    expect(response.status).toBe(502);
    expect(await response.text()).toBe("upstream broke");
    expect(receipt).toMatchObject({ success: true, transaction: shop.facilitator.charges[0]?.transaction });
    shop.counted(settledOnly);
  });

  check("W35b sends the receipt when the handler throws", async (open) => {
    const handle = (): never => {
      throw new Error("handler broke");
    };
    const shop = await open({ routes: [{ ...upfront, handle }] });
    const { response, receipt } = await shop.buy();
    expect(response.status).toBe(500);
    expect(receipt?.success).toBe(true);
    shop.counted(settledOnly);
  });

  check("W34 does not run the handler when the settlement is refused", async (open) => {
    const shop = await open({ routes: [upfront] });
    shop.facilitator.respond("settle", faults.fail("insufficient_funds"));
    const { response, receipt } = await shop.buy();
    expect(response.status).toBe(402);
    expect(receipt).toMatchObject({ success: false, errorReason: "insufficient_funds", transaction: "" });
    shop.counted({ h: 0, v: 0, s: 1, c: 0 });
  });

  check("W34b does not run the handler when nobody knows whether the settlement happened", async (open) => {
    const shop = await open({ routes: [upfront] });
    shop.facilitator.respond("settle", faults.resetAfterAccept());
    const { response } = await shop.buy();
    expectRetryLater(response);
    shop.counted({ h: 0, v: 0, s: 1, c: 1 });
  });

  check("W34c settles a payment once when fifty copies come at once", async (open) => {
    const shop = await open({ routes: [upfront] });
    const header = await shop.header();
    const answers = await Promise.all(Array.from({ length: 50 }, () => shop.pay(header)));
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(1);
    for (const answer of answers) expect([200, 409, 503]).toContain(answer.status);
    shop.counted(settledOnly);
  });

  check("W34d takes a payment again that was refused for lack of money", async (open) => {
    const shop = await open({ routes: [upfront] });
    shop.facilitator.respond("settle", faults.fail("insufficient_funds"));
    const header = await shop.header();
    expect(readReceipt(await shop.pay(header))?.success).toBe(false);
    const fresh = await shop.buy();
    expect(fresh.response.status).toBe(200);
    expectChallenge(await shop.get());
    shop.counted({ h: 1, v: 0, s: 2, c: 1 });
  });
}
