import type { RoutePrice } from "@turnpike/core/adapter";
import { expect } from "vitest";
import * as faults from "../../facilitator/faults.js";
import type { Casebook, Open } from "../casebook.js";
import { problemOf } from "../expectations.js";
import { hostileStore } from "../hostile-store.js";
import { paid, type Shop } from "../shop.js";
import type { RoutePlan } from "../stage.js";

const broken = (): { status: number; body: string } => ({ status: 500, body: "broke" });

/** A payment buys the goods that it was made for, once (kind 2: G04, G05, G08; I2, I3, I6). */
export function testBound({ check }: Casebook): void {
  /** Another app on the same records, facilitator and path, with its own price: the dear variant of what was bought. */
  async function variant(open: Open, first: Shop, route: RoutePlan): Promise<Shop> {
    return open({ routes: [route], config: { store: first.store, facilitator: first.facilitator.url } });
  }

  const cheap = (settle: "after" | "before", more: Partial<RoutePlan> = {}): RoutePlan => ({
    ...paid,
    on: "route",
    price: { price: "$0.01", settle },
    ...more,
  });
  const dear = (settle: "after" | "before"): RoutePlan => ({
    ...paid,
    on: "route",
    price: { price: "$50", settle, label: "the dear variant" },
  });

  async function expectBound(shop: Shop, header: string): Promise<void> {
    const crossed = await shop.pay(header);
    expect(crossed.status).toBe(409);
    expect(await problemOf(crossed)).toBe("payment_bound");
    expect(shop.runs()).toBe(0);
  }

  check("G04 runs no dear variant of a path for what is owed of the cheap one", async (open) => {
    const shop = await open({ routes: [cheap("before", { handle: broken })] });
    const { header } = await shop.buy();
    await shop.becomes("owed");
    await expectBound(await variant(open, shop, dear("before")), header);
    const own = await variant(open, shop, cheap("before"));
    expect((await own.pay(header)).status).toBe(200);
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check("G04b runs no dear variant of a path for the cheap one's payment in doubt", async (open) => {
    const streamed = cheap("after", { price: { price: "$0.01", keepBytes: 0 } });
    const shop = await open({ routes: [streamed], config: { facilitatorTimeout: { settle: 400 } } });
    shop.facilitator.respond("settle", faults.reset());
    const { header } = await shop.buy();
    await shop.becomes("unknown");
    await expectBound(await variant(open, shop, dear("after")), header);
    const own = await variant(open, shop, streamed);
    expect((await own.pay(header)).status).toBe(200);
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check("G04c gives no kept response of one variant at another", async (open) => {
    const shop = await open({ routes: [cheap("after")] });
    const { header, response } = await shop.buy();
    await response.text();
    await shop.becomes("delivered");
    await expectBound(await variant(open, shop, dear("after")), header);
    const own = await variant(open, shop, cheap("after"));
    expect((await own.pay(header)).status).toBe(200);
    expect(own.runs()).toBe(0);
  });

  check("G04d tells variants of one price apart by their labels", async (open) => {
    const labelled = (label: string, more: Partial<RoutePlan> = {}): RoutePlan =>
      cheap("before", { price: { price: "$0.01", settle: "before", label }, ...more });
    const shop = await open({ routes: [labelled("small", { handle: broken })] });
    const { header } = await shop.buy();
    expect((await shop.becomes("owed")).route).toBe("small");
    await expectBound(await variant(open, shop, labelled("large")), header);
    const same = await variant(open, shop, labelled("small"));
    expect((await same.pay(header)).status).toBe(200);
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check("G04e collects what is owed after a restart and a rise of the price", async (open) => {
    const priced = (price: string, more: Partial<RoutePlan> = {}): RoutePlan => ({
      ...paid,
      price: { price, settle: "before" } as RoutePrice,
      ...more,
    });
    const shop = await open({ routes: [priced("$0.01", { handle: broken })] });
    const { header } = await shop.buy();
    await shop.becomes("owed");
    const risen = await variant(open, shop, priced("$0.02"));
    const collected = await risen.pay(header);
    expect(collected.status).toBe(200);
    await collected.text();
    await shop.becomes("delivered");
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check(
    "G04j runs no labelled route for a payment of one without a label, though records call both alike",
    async (open) => {
      const shop = await open({ routes: [cheap("before", { handle: broken })] });
      const { header } = await shop.buy();
      const { route: label } = await shop.becomes("owed");
      const named: RoutePlan = { ...paid, on: "route", price: { price: "$50", settle: "before", label } };
      await expectBound(await variant(open, shop, named), header);
      expect((await (await variant(open, shop, cheap("before"))).pay(header)).status).toBe(200);
      expect(shop.facilitator.charges).toHaveLength(1);
    },
  );

  check("G04k runs no dear variant without a label for what is owed of a cheap one", async (open) => {
    const shop = await open({ routes: [cheap("before", { handle: broken })] });
    const { header } = await shop.buy();
    await shop.becomes("owed");
    const shown = await variant(open, shop, cheap("before", { price: { price: "$50", settle: "before" } }));
    expect((await shown.pay(header)).status).toBe(409);
    expect(shown.runs()).toBe(0);
    expect((await (await variant(open, shop, cheap("before"))).pay(header)).status).toBe(200);
  });

  for (const [id, on] of [
    ["G04l", "table"],
    ["G04m", "route"],
  ] as const) {
    check(`${id} runs no other path of a pattern for what is owed of one, priced by its ${on}`, async (open) => {
      let fails = true;
      const path: RoutePlan["path"] = ["goods", { param: "item" }];
      const handle = () => (fails ? broken() : { status: 200, body: "goods" });
      const route: RoutePlan = { id: "paid", path, on, price: { price: "$0.01", settle: "before" }, handle };
      const shop = await open({ routes: [route] });
      const { header } = await shop.buy("/goods/5");
      await shop.becomes("owed");
      fails = false;
      const crossed = await shop.pay(header, "/goods/6");
      expect([crossed.status, await problemOf(crossed)]).toEqual([409, "payment_bound"]);
      expect(shop.runs()).toBe(1);
      expect((await shop.pay(header, "/goods/5")).status).toBe(200);
      expect(shop.facilitator.charges).toHaveLength(1);
    });
  }

  check("G05 sends nothing for a payment that another process has collected meanwhile", async (open) => {
    const store = hostileStore();
    const seen: string[] = [];
    let enter = () => {};
    let leave = () => {};
    const entered = new Promise<void>((resolve) => {
      enter = resolve;
    });
    const left = new Promise<void>((resolve) => {
      leave = resolve;
    });
    const handle = async (): Promise<{ body: string }> => {
      seen.push("run");
      const run = seen.length;
      if (run === 1) {
        enter();
        await left;
      }
      return { body: `run ${run}` };
    };
    const shop = await open({ routes: [{ ...cheap("before"), handle }], config: { store } });
    const header = await shop.header();
    const first = shop.pay(header);
    await entered;
    store.lapse();
    const second = await shop.pay(header);
    expect(second.status).toBe(200);
    expect(await second.text()).toBe("run 2");
    await shop.becomes("delivered");
    leave();
    const late = await first;
    expect([409, 503]).toContain(late.status);
    expect(await late.text()).not.toContain("run 1");
    expect(shop.facilitator.charges).toHaveLength(1);
  });

  check("G08 counts the time to collect from the settlement, however often the handler fails", async (open) => {
    const shop = await open({ routes: [cheap("before", { handle: broken })] });
    const { header } = await shop.buy();
    const first = (await shop.becomes("owed")).times.settled;
    await (await shop.pay(header)).text();
    await expect.poll(async () => (await shop.records()).find(({ state }) => state === "owed")?.runs).toBe(2);
    const record = (await shop.records()).find(({ state }) => state === "owed");
    expect(first).toEqual(expect.any(Number));
    expect(record?.times.settled).toBe(first);
    expect(record?.times.owed).toBeGreaterThanOrEqual(first ?? 0);
  });
}
