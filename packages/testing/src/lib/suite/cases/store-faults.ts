import type { StoredPayment } from "@turnpike/core";
import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import type { Casebook } from "../casebook.js";
import { expectRetryLater, expectSilentAbout, problemOf } from "../expectations.js";
import { type HostileStore, hostileStore } from "../hostile-store.js";
import { paid } from "../shop.js";

const always = (): boolean => true;
const writing =
  (state: StoredPayment["state"]) =>
  (record: unknown): boolean =>
    (record as StoredPayment).state === state;

/** A store that fails, denies: nothing is sold that could not be written down (R16, R17, D23, D24). */
export function testStoreFaults({ check }: Casebook): void {
  check("R16 denies before any work when the store cannot be read or written", async (open) => {
    for (const operation of ["read", "insert"] as const) {
      const store = hostileStore();
      const shop = await open({ config: { store } });
      store.fail(operation, always);
      const { response } = await shop.buy();
      expectRetryLater(response, operation);
      await expectSilentAbout("s3cr3t-", response, operation);
      expect(await problemOf(response)).toBe("store_unavailable");
      shop.counted({ h: 0, v: operation === "read" ? 0 : 1, s: 0, c: 0 });
    }
  });

  check("D23 sends no settlement that could not be written down", async (open) => {
    const store = hostileStore();
    const shop = await open({ config: { store } });
    store.fail("replace", writing("settling"));
    const { response } = await shop.buy();
    expectRetryLater(response);
    shop.counted({ h: 1, v: 1, s: 0, c: 0 });
  });

  check("R17 sends no settlement for a claim that the store has lost", async (open) => {
    const store = hostileStore();
    const handle = (): { body: string } => {
      store.forget();
      return { body: "the goods" };
    };
    const shop = await open({ routes: [{ ...paid, handle }], config: { store } });
    const { response } = await shop.buy();
    expectRetryLater(response);
    expect(await response.text()).not.toContain("the goods");
    shop.counted({ h: 1, v: 1, s: 0, c: 0 });
  });

  check("D24 delivers what was settled though the store failed to hear of it, and charges no more", async (open) => {
    const store: HostileStore = hostileStore();
    const shop = await open({ config: { store } });
    store.fail("replace", writing("settled"));
    const { response, header, receipt } = await shop.buy();
    expect(response.status).toBe(200);
    expect(receipt).toMatchObject({ success: true });
    await response.text();
    const during = await shop.pay(header);
    expect([200, 409, 503]).toContain(during.status);
    store.fail("replace");
    expect(shop.facilitator.charges).toHaveLength(1);
    expect(shop.runs()).toBe(1);
  });

  check("D24b keeps the receipt of a charge whose delivery could not be written down", async (open) => {
    const store = hostileStore();
    const shop = await open({ config: { store } });
    store.fail("replace", writing("delivered"));
    const { response, header, receipt } = await shop.buy();
    expect(response.status).toBe(200);
    await response.text();
    store.fail("replace");
    await expect.poll(async () => (await shop.pay(header)).status, { interval: 500 }).toBe(200);
    const again = await shop.pay(header);
    expect(readReceipt(again)).toEqual(receipt);
    expect(shop.facilitator.charges).toHaveLength(1);
    expect(shop.runs()).toBe(1);
  });
}
