import type { PaywallEvent } from "@turnpike/core";
import type { PaywallConfig, RoutePrice } from "@turnpike/core/adapter";
import { expect } from "vitest";
import * as faults from "../../facilitator/faults.js";
import type { Casebook } from "../casebook.js";
import type { Path } from "../harness.js";
import type { RoutePlan } from "../stage.js";

/** Records, events, hooks and messages call a route by its pattern, never by a path that a client chose (G41). */
export function testRouteNames({ check, harness }: Casebook): void {
  const nameOf = (path: Path, price: string): string =>
    harness.pattern ? `GET ${harness.pattern(path)}` : `GET (${price})`;

  /** Collects every name that the seller is told. */
  function listen() {
    const names = new Set<string>();
    const event = (event: PaywallEvent): void => {
      if (event.type === "payment") names.add(event.payment.route);
      if (event.type === "refused") names.add(event.route);
    };
    const hear = ({ route }: { route: string }): void => {
      names.add(route);
    };
    const error = (_: string, facts?: Readonly<Record<string, unknown>>): void => {
      if (facts && "route" in facts) names.add(String(facts.route));
    };
    const config: Partial<PaywallConfig> = {
      observe: { event },
      hooks: { beforeVerify: hear, afterVerify: hear, beforeSettle: hear, afterSettle: hear },
      logger: { info: () => {}, warn: () => {}, error },
    };
    return { names, config };
  }

  const mount: Path = ["v1", { param: "tenant" }];
  const path: Path = ["goods", { param: "item" }];

  for (const [id, on] of [
    ["G41", "table"],
    ["G41b", "route"],
  ] as const) {
    check(`${id} calls a mounted route by its full pattern everywhere, priced by its ${on}`, async (open) => {
      const { names, config } = listen();
      const shop = await open({ routes: [{ path, mount: [mount], price: "$0.01", on }], config });
      const name = nameOf([...mount, ...path], "0.01 USDC");
      for (const item of ["5", "6"]) {
        const unpaid = await shop.get(`/v1/acme-${item}/goods/${item}`);
        const { detail } = (await unpaid.json()) as { detail: string };
        expect(detail).toBe(`${harness.pattern ? name : "This request"} costs 0.01 USDC on Base Sepolia.`);
        expect((await shop.buy(`/v1/acme-${item}/goods/${item}`)).response.status).toBe(200);
      }
      shop.facilitator.respond("verify", faults.invalid("insufficient_funds"));
      expect((await shop.buy("/v1/acme-7/goods/7")).response.status).toBe(402);
      expect((await shop.records()).map(({ route }) => route)).toEqual([name, name]);
      await expect.poll(() => [...names]).toEqual([name]);
    });
  }

  check("G41c calls a route by its pattern in the log of what fails", async (open) => {
    const { names, config } = listen();
    const price = () => Promise.reject(new Error("no price today"));
    const shop = await open({ routes: [{ path, mount: [mount], price, on: "route" }], config });
    for (const item of ["5", "6"]) expect((await shop.get(`/v1/acme/goods/${item}`)).status).toBe(500);
    expect([...names]).toEqual([nameOf([...mount, ...path], "price function")]);
  });

  check("G41d names the whole path of a table that is mounted below a path", async (open) => {
    const { names, config } = listen();
    const shop = await open({ routes: [{ path: ["v1", "weather"], price: "$0.01" }], gate: { below: ["v1"] }, config });
    expect((await shop.buy("/v1/weather")).response.status).toBe(200);
    await expect.poll(() => [...names]).toEqual([nameOf(["v1", "weather"], "0.01 USDC")]);
  });

  check("G41e takes the seller's own label for the name", async (open) => {
    for (const on of ["table", "route"] as const) {
      const { names, config } = listen();
      const price = { price: "$0.01", label: "one item" } satisfies RoutePrice;
      const route: RoutePlan = { path, price, on };
      const shop = await open({ routes: [route], config });
      const unpaid = (await (await shop.get("/goods/5")).json()) as { detail: string };
      expect(unpaid.detail).toBe("one item costs 0.01 USDC on Base Sepolia.");
      expect((await shop.buy("/goods/5")).response.status).toBe(200);
      await expect.poll(() => [...names]).toEqual(["one item"]);
    }
  });
}
