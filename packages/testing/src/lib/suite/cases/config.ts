import { expect } from "vitest";
import type { Casebook } from "../casebook.js";
import { seller } from "../shop.js";

/** Configurations that cannot mean what they say (C01, C02, C04 to C07, C09). */
export function testConfig({ check }: Casebook): void {
  check("C07 stops the start for a bad table, with every problem in one error", async (open) => {
    const start = open({
      routes: [
        { id: "zero", path: ["zero"], price: "$0" },
        { id: "fine", path: ["fine"], price: "$0.0000001" },
        { id: "good", path: ["good"], price: "$0.01" },
      ],
      config: { payTo: "0x0000000000000000000000000000000000000000" },
    });
    const error = (await start.then(
      () => undefined,
      (reason: unknown) => reason,
    )) as { name?: string; code?: string; problems?: { code: string; path: string; message: string }[] } | undefined;
    expect(error).toMatchObject({ name: "ConfigError", code: "invalid_config" });
    const text = JSON.stringify(error?.problems);
    expect(error?.problems?.length).toBeGreaterThanOrEqual(3);
    for (const word of ["zero", "fine", "payTo"]) expect(text).toContain(word);
    expect(text).not.toContain("/good");
  });

  check("C07b stops the start for every price that is not exact", async (open) => {
    const prices = [
      "0.01",
      "$",
      "$-1",
      "$1,000",
      "$.5",
      "$5.",
      "$1e-3",
      "$１",
      "$0.0000009",
      "1 NOPE",
      "",
      "$NaN",
      "$ 1",
      "$01",
      "$1.0000019",
    ];
    for (const price of prices) {
      await expect(open({ routes: [{ path: ["paid"], price }] }), price).rejects.toMatchObject({ name: "ConfigError" });
    }
    for (const price of [
      10_000,
      0,
      -0,
      Number.NaN,
      null,
      {},
      { amount: 5, asset: "USDC" },
      { amount: "0.5", asset: "USDC" },
    ]) {
      const routes = [{ path: ["paid"], price: { price: price as never } }];
      await expect(open({ routes }), String(price)).rejects.toMatchObject({ name: "ConfigError" });
    }
  });

  check("C04 never sells a dear path at the price of a cheaper pattern that covers it", async (open) => {
    const routes = [
      { id: "cheap", path: ["o", { param: "id" }], price: "$0.01" },
      { id: "dear", path: ["o", "dear"], price: "$5" },
    ];
    const shop = await open({ routes }).catch((error: unknown) => {
      expect(error).toMatchObject({ name: "ConfigError" });
    });
    if (!shop) return;
    const { receipt, challenge } = await shop.buy("/o/dear");
    expect(receipt?.success).toBe(true);
    expect(challenge.accepts[0]?.amount).toBe(shop.runs("dear") === 1 ? "5000000" : "10000");
    expect(shop.runs("dear") + shop.runs("cheap")).toBe(1);
  });

  check("C05 stops the start without anybody to pay, and without a network", async (open) => {
    for (const config of [{ payTo: undefined }, { network: undefined }, { network: [] }, { facilitator: [] }]) {
      await expect(open({ config: config as object }), JSON.stringify(config)).rejects.toMatchObject({
        name: "ConfigError",
      });
    }
  });

  check("C06 stops the start for an address that nobody can be paid at", async (open) => {
    const addresses = [
      "",
      "0x0000000000000000000000000000000000000000",
      seller.replace("B", "b"),
      "0x1234",
      "So11111111111111111111111111111111111111112",
    ];
    for (const payTo of addresses) {
      await expect(open({ config: { payTo } }), payTo).rejects.toMatchObject({ name: "ConfigError" });
    }
  });

  check("C09 stops the start for a main network without a facilitator, and for an unknown network", async (open) => {
    const main = { network: "base", facilitator: undefined } as object;
    await expect(open({ config: main })).rejects.toMatchObject({ name: "ConfigError" });
    const misspelt = { network: "base-sepholia" } as object;
    await expect(open({ config: misspelt })).rejects.toMatchObject({ name: "ConfigError" });
    await expect(open({ config: { facilitator: "http://facilitator.example" } })).rejects.toMatchObject({
      name: "ConfigError",
    });
  });

  check("C02 stops the start for a verb that does not exist", async (open) => {
    const unserved = [{ verb: "GETT", path: ["paid"], price: "$0.01" }];
    await expect(open({ unserved })).rejects.toMatchObject({ name: "ConfigError" });
  });

  check("C01 finds a pattern that no route of the app serves, and names it", async (open) => {
    const unserved = [{ verb: "GET", path: ["nowhere"], price: "$0.01" }];
    await expect(open({ unserved })).rejects.toThrow(/nowhere/);
  });
}
