import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook } from "../casebook.js";
import type { RoutePlan } from "../stage.js";

const route: RoutePlan = { path: ["paid"], price: { price: "$0.01", settle: "background" } };

/** Routes that settle after the response, at the seller's risk. */
export function testBackground({ check }: Casebook): void {
  check("B01 answers before it settles, and charges once", async (open) => {
    const shop = await open({ routes: [route] });
    shop.facilitator.respond("settle", faults.delay(300));
    const { response, header, receipt } = await shop.buy();
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ paid: true });
    expect(receipt).toBeUndefined();
    expect(shop.facilitator.charges).toHaveLength(0);
    const record = await shop.becomes("delivered");
    expect(record.receipt).toMatchObject({ success: true });
    const again = await shop.pay(header);
    expect(await again.json()).toEqual({ paid: true });
    expect(readReceipt(again)).toEqual(record.receipt);
    shop.counted({ h: 1, v: 1, s: 1, c: 1 });
  });

  check("B02 charges nothing for an error answer", async (open) => {
    const shop = await open({ routes: [{ ...route, handle: () => ({ status: 404 }) }] });
    expect((await shop.buy()).response.status).toBe(404);
    await shop.becomes("released");
    shop.counted({ h: 1, v: 1, s: 0, c: 0 });
  });

  check("B03 gives nothing a second time when the settlement behind an answer is refused", async (open) => {
    const alerts: string[] = [];
    const shop = await open({
      routes: [route],
      config: { observe: { event: (event) => void (event.type === "alert" && alerts.push(event.code)) } },
    });
    shop.facilitator.respond("settle", faults.fail("insufficient_funds"));
    const { response, header } = await shop.buy();
    expect(response.status).toBe(200);
    await response.text();
    await shop.becomes("failed");
    const again = await shop.pay(header);
    expect(again.status).toBe(409);
    expect(readReceipt(again)).toBeUndefined();
    expect(shop.runs()).toBe(1);
    await expect.poll(() => alerts).toEqual(["answered_unpaid"]);
  });

  check("B04 settles later what could not be settled behind an answer", async (open) => {
    const shop = await open({
      routes: [route],
      config: { reconcileSeconds: 1, facilitatorTimeout: { settle: 300 } },
    });
    shop.facilitator.respond("settle", faults.reset());
    const { response } = await shop.buy();
    expect(response.status).toBe(200);
    await response.text();
    await shop.becomes("delivered");
    expect(shop.facilitator.charges).toHaveLength(1);
    expect(shop.runs()).toBe(1);
  });
}
