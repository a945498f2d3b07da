import type { RoutePrice } from "@turnpike/core/adapter";
import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import * as faults from "../../facilitator/faults.js";
import type { Casebook } from "../casebook.js";
import { problemOf } from "../expectations.js";
import { paid, type Shop } from "../shop.js";
import type { RoutePlan } from "../stage.js";

/** More than the buffers of a connection hold: it cannot have left before the client reads it. */
const SIZE = 24 * 1024 * 1024;
const large: RoutePlan = {
  ...paid,
  price: { price: "$0.01", holdBytes: 2 * SIZE, keepBytes: 2 * SIZE },
  handle: () => ({ headers: [["content-type", "application/x-goods"]], body: new Uint8Array(SIZE).fill(7) }),
};
const day = 24 * 3_600_000;

/** What is owed is collected once, by its buyer, at the price that was paid (kind 2: G04, G05; I3, I4). */
export function testCollection({ check }: Casebook): void {
  /** Asks with a payment, and leaves once the response has begun. */
  async function breakOff(shop: Shop, header: string): Promise<void> {
    const leaving = new AbortController();
    const response = await shop.pay(header, "/paid", { signal: leaving.signal });
    expect(response.status).toBe(200);
    const [record] = await shop.records();
    expect(record?.state).not.toBe("delivered");
    leaving.abort();
  }

  async function collectWhole(shop: Shop, header: string): Promise<void> {
    const collected = await shop.pay(header);
    expect(collected.status).toBe(200);
    const [record] = await shop.records();
    expect(record?.state).toBe("owed");
    expect(readReceipt(collected)).toEqual(record?.receipt);
    expect((await collected.arrayBuffer()).byteLength).toBe(SIZE);
    await shop.becomes("delivered");
    expect(shop.facilitator.charges).toHaveLength(1);
  }

  check("G05b owes a kept response until its last byte has left, however often its client breaks off", async (open) => {
    const shop = await open({ routes: [large] });
    const header = await shop.header();
    await breakOff(shop, header);
    expect(await shop.becomes("owed")).toMatchObject({ kept: true, reason: "delivery_failed" });
    for (let times = 0; times < 4; times++) await breakOff(shop, header);
    await collectWhole(shop, header);
    expect(shop.runs()).toBe(1);
  });

  check("G05c owes the kept response to a payment that was in doubt until its last byte has left", async (open) => {
    const shop = await open({ routes: [large] });
    const header = await shop.header();
    shop.facilitator.respond("settle", faults.reset());
    await (await shop.pay(header)).arrayBuffer();
    await shop.becomes("unknown");
    await breakOff(shop, header);
    await collectWhole(shop, header);
    expect(shop.runs()).toBe(1);
  });

  check("G05d gives what was owed out for as long as it can be collected", async (open) => {
    const plan: RoutePlan = {
      ...large,
      price: { ...(large.price as object), collectSeconds: 48 * 3_600 } as RoutePrice,
    };
    const shop = await open({ routes: [plan] });
    const header = await shop.header();
    await breakOff(shop, header);
    const { id, times } = await shop.becomes("owed");
    expect((await shop.store.answer(id))?.expiresAt).toBe((times.settled ?? 0) + 2 * day);
    await collectWhole(shop, header);
    expect((await shop.store.answer(id))?.expiresAt).toBe((times.settled ?? 0) + 2 * day);
    // A stranger who shows the payment may have collected it.
    expect((await (await shop.pay(header)).arrayBuffer()).byteLength).toBe(SIZE);
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check("G05e keeps what another run of the handler has made of what was owed as long", async (open) => {
    let fails = true;
    const handle = () => ({ status: fails ? 500 : 200, body: "the goods" });
    const shop = await open({ routes: [{ ...paid, price: { price: "$0.01", settle: "before" }, handle }] });
    const { header } = await shop.buy();
    const { id, times } = await shop.becomes("owed");
    fails = false;
    expect(await (await shop.pay(header)).text()).toBe("the goods");
    await shop.becomes("delivered");
    expect((await shop.store.answer(id))?.expiresAt).toBe((times.settled ?? 0) + day);
  });

  check("G05f gives what was never owed out until the payment's window ends", async (open) => {
    const shop = await open();
    const { response } = await shop.buy();
    await response.text();
    const { id, validBefore = 0 } = await shop.becomes("delivered");
    expect((await shop.store.answer(id))?.expiresAt).toBe(validBefore * 1000);
  });

  /** A route whose price follows something else than the request. */
  const market = (price: () => string, settle: "after" | "before", more: Partial<RoutePlan> = {}): RoutePlan => ({
    ...paid,
    price: { price, settle, keepBytes: 0 } as RoutePrice,
    ...more,
  });

  async function expectRepriced(shop: Shop, header: string): Promise<void> {
    const refused = await shop.pay(header);
    expect(refused.status).toBe(409);
    expect(refused.headers.get("payment-required")).toBeNull();
    expect(readReceipt(refused)).toMatchObject({ success: true });
    expect(await refused.clone().text()).not.toMatch(/sign a new|new payment/i);
    expect(await problemOf(refused)).toBe("price_changed");
  }

  check("G04f asks nobody to pay again for what is owed where a price function asks more by now", async (open) => {
    let cents = 10;
    let fails = true;
    const handle = () => ({ status: fails ? 500 : 200, body: "the goods" });
    const shop = await open({ routes: [market(() => `$0.${cents}`, "before", { handle })] });
    const { header } = await shop.buy();
    await shop.becomes("owed");
    fails = false;
    cents = 11;
    await expectRepriced(shop, header);
    expect(shop.runs()).toBe(1);
    cents = 10;
    expect(await (await shop.pay(header)).text()).toBe("the goods");
    await shop.becomes("delivered");
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  for (const settle of ["after", "before"] as const) {
    const id = settle === "after" ? "G04g" : "G04h";
    check(`${id} finds out what became of a payment in doubt at any price (${settle})`, async (open) => {
      let cents = 10;
      const shop = await open({ routes: [market(() => `$0.${cents}`, settle)], chain: true });
      const header = await shop.header();
      shop.facilitator.respond("settle", faults.resetAfterAccept());
      expect((await shop.pay(header)).status).toBe(503);
      await shop.becomes("unknown");
      cents = 11;
      await expectRepriced(shop, header);
      await shop.becomes("owed");
      cents = 10;
      expect((await shop.pay(header)).status).toBe(200);
      expect(shop.facilitator.charges).toHaveLength(1);
    });
  }

  check("G04i invites nobody to pay again for what is owed and cannot be collected any more", async (open) => {
    const price = { price: "$0.01", settle: "before", collectSeconds: 0 } as const;
    const shop = await open({ routes: [{ ...paid, price, handle: () => ({ status: 500, body: "broke" }) }] });
    const { header } = await shop.buy();
    const { times } = await shop.becomes("owed");
    await expect.poll(() => Date.now()).toBeGreaterThan(times.settled ?? 0);
    const refused = await shop.pay(header);
    expect(refused.status).toBe(409);
    expect(readReceipt(refused)).toMatchObject({ success: true });
    const text = await refused.clone().text();
    expect(text).not.toMatch(/sign a new|send exactly/i);
    expect(text).toMatch(/ask the seller for a refund/i);
    expect(await problemOf(refused)).toBe("payment_used");
    expect(shop.runs()).toBe(1);
  });
}
