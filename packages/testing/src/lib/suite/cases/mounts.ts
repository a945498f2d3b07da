import { expect } from "vitest";
import { readReceipt } from "../../client/header.js";
import type { Casebook } from "../casebook.js";
import { expectChallenge, expectShut } from "../expectations.js";
import type { Shop } from "../shop.js";
import type { RoutePlan } from "../stage.js";

const unpaid = { h: 0, v: 0, s: 0, c: 0 };
const bought = { h: 1, v: 1, s: 1, c: 1 };

/** P14 to P16, P21: routes below mounts, prefixes and catch-alls. */
export function testMounts({ check }: Casebook): void {
  async function sells(shop: Shop, path: string, id: string): Promise<void> {
    expectChallenge(await shop.get(path), path);
    expect(shop.runs(id), path).toBe(0);
    const { response } = await shop.buy(path);
    expect(response.status, path).toBe(200);
    expect(readReceipt(response)?.success, path).toBe(true);
    shop.counted(bought, id);
  }

  check("P14 prices a route inside a mounted router by its full path in the table", async (open) => {
    const shop = await open({ routes: [{ id: "inner", mount: [["mount"]], path: ["inner"], price: "$0.01" }] });
    await sells(shop, "/mount/inner", "inner");
  });

  check("P14b prices a route below a mount with a parameter", async (open) => {
    const mount = [["org", { param: "org" }]];
    const shop = await open({ routes: [{ id: "item", mount, path: ["items", { param: "id" }], price: "$0.01" }] });
    await sells(shop, "/org/acme/items/7", "item");
  });

  check("P15 prices a route in a router of a router", async (open) => {
    const shop = await open({ routes: [{ id: "deep", mount: [["a"], ["b"]], path: ["deep"], price: "$0.01" }] });
    await sells(shop, "/a/b/deep", "deep");
  });

  check("P15b keeps the price on a route wherever its router is mounted", async (open) => {
    const shop = await open({
      routes: [{ id: "deep", mount: [["a"], ["b"]], path: ["deep"], price: "$0.01", on: "route" }],
    });
    await sells(shop, "/a/b/deep", "deep");
  });

  check("P15c swallows no doubled slash at a mount", async (open) => {
    const shop = await open({ routes: [{ id: "inner", mount: [["mount"]], path: ["inner"], price: "$0.01" }] });
    for (const target of [
      "/mount//inner",
      "//mount/inner",
      "/mount///inner",
      "/mount/inner/",
      "/Mount/inner",
      "/mount/%69nner",
    ]) {
      expectShut(await shop.raw([`GET ${target} HTTP/1.1`]), target);
    }
    shop.counted(unpaid, "inner");
  });

  check("P16 prices a route under one prefix and leaves its sibling under another free", async (open) => {
    const shop = await open({
      routes: [
        { id: "dear", mount: [["dear"]], path: ["inner"], price: "$0.01" },
        { id: "open", mount: [["open"]], path: ["inner"] },
      ],
    });
    await sells(shop, "/dear/inner", "dear");
    expect((await shop.get("/open/inner")).status).toBe(200);
    expect(shop.runs("open")).toBe(1);
  });

  check("P21 prices a catch-all at every depth", async (open) => {
    const shop = await open({ routes: [{ id: "files", path: ["files", { rest: "slug" }], price: "$0.01" }] });
    for (const path of ["/files/a", "/files/a/b", "/files/a/b/c/d/e", "/files/a%2Fb/c.txt"])
      expectChallenge(await shop.get(path), path);
    await sells(shop, "/files/a/b", "files");
  });

  check("P21b prices an optional catch-all without a segment too", async (open) => {
    const shop = await open({
      routes: [{ id: "docs", path: ["docs", { rest: "slug", optional: true }], price: "$0.01" }],
    });
    for (const path of ["/docs", "/docs/a", "/docs/a/b"]) expectChallenge(await shop.get(path), path);
    await sells(shop, "/docs", "docs");
  });

  check("P21c finds a priced route beside a free catch-all", async (open) => {
    const routes: RoutePlan[] = [
      { id: "paid", path: ["shop", "paid"], price: "$0.01" },
      { id: "rest", path: ["shop", { rest: "slug" }] },
    ];
    const shop = await open({ routes });
    await sells(shop, "/shop/paid", "paid");
    expect((await shop.get("/shop/other")).status).toBe(200);
  });
}
