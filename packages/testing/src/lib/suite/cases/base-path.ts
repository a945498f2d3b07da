import { expect } from "vitest";
import type { Casebook } from "../casebook.js";
import { expectChallenge, problemOf } from "../expectations.js";
import type { ShopPlan } from "../shop.js";

const origins = [
  "https://api.example.com",
  "https://example.com/shop",
  "https://example.com/a/b-c.d/~e",
  "http://localhost:8080/v1",
];
const behind = (origin: string, more: Partial<ShopPlan> = {}): ShopPlan => ({
  ...more,
  config: (facilitator) => ({ facilitator, origin }),
});

/** G64: an app that its clients know by another path than its own, since a proxy in between strips a part of it. */
export function testBasePath({ check }: Casebook): void {
  check("G64 names the path that the client asked in every offer, by the path of `origin`", async (open) => {
    for (const origin of origins) {
      const shop = await open(
        behind(origin, {
          routes: [
            { path: ["paid"], price: "$0.01" },
            { path: ["items", { param: "id" }], price: "$0.01", mount: [["v1"]] },
            { path: ["own"], price: "$0.01", on: "route" },
          ],
        }),
      );
      for (const path of ["/paid", "/v1/items/7", "/own"]) {
        const { resource } = expectChallenge(await shop.get(`${path}?q=1`), origin + path);
        expect(resource.url).toBe(origin + path);
      }
    }
  });

  check("G64b takes a payment that names that URL, and one that names none", async (open) => {
    for (const origin of origins) {
      const shop = await open(behind(origin));
      const { response, receipt } = await shop.buy();
      expect([response.status, receipt?.success], origin).toEqual([200, true]);
      const silent = await shop.buy("/paid", { tamper: ({ resource: _, ...payload }) => payload });
      expect(silent.response.status, origin).toBe(200);
      shop.counted({ h: 2, v: 2, s: 2, c: 2 });
    }
  });

  check("G64c refuses a payment that names another path, be it the one without the prefix", async (open) => {
    const shop = await open(behind("https://example.com/shop"));
    for (const path of ["/paid", "/shop", "/shop/paid/x", "/shop/shop/paid", "/SHOP/paid", "/other/paid"]) {
      const url = `https://example.com${path}`;
      const header = await shop.header("/paid", { tamper: (payload) => ({ ...payload, resource: { url } }) });
      const response = await shop.pay(header);
      expect(response.status, url).toBe(402);
      expect(await problemOf(response), url).toBe("resource_mismatch");
    }
    shop.counted({ h: 0, v: 0, s: 0, c: 0 });
  });

  check("G64d gives the response of a payment again, whatever prefix stands ahead of its path", async (open) => {
    const shop = await open(behind("https://example.com/shop"));
    const { header, response } = await shop.buy();
    expect(response.status).toBe(200);
    await shop.becomes("delivered");
    expect((await shop.pay(header)).status).toBe(200);
    shop.counted({ h: 1, v: 1, s: 1, c: 1 });
  });
}
