import { expect } from "vitest";
import type { Casebook } from "../casebook.js";
import type { Shop } from "../shop.js";

/** Below what Node takes for a head. */
const LENGTH = 15_000;
const ROUNDS = 6;

const signs = [..."/.%;?#:@*(){}[]+,=&$!~'<>^|`\\\"\u00e9\u00ff"];
const pairs = ["/.", "/..", ";/", "//", "%2e", "%2f", "%25", "%5c", "/%2e", "..;/", "%c3", "%c3%a9", "/a", "a/"];

/** G32: what is unpaid costs no more time than its length. */
export function testLinearTime({ check }: Casebook): void {
  /** Milliseconds of this process that requests with these lines cost, the client's part included. */
  async function cost(shop: Shop, lines: readonly string[]): Promise<number> {
    const before = process.cpuUsage();
    for (let round = 0; round < ROUNDS; round++) await shop.raw(lines);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1_000;
  }

  const priced = {
    routes: [
      { path: ["paid"], price: "$0.01" },
      { id: "item", path: ["items", { param: "id" }], price: "$0.01" },
      { path: ["free"] },
    ],
  };

  /** Quadratic time is some hundred times of what a plain request costs; what a busy machine adds stays far below. */
  const most = (plain: number): number => 20 * plain + 700;

  check("G32 takes linear time for a long path of any sign", async (open) => {
    const shop = await open(priced);
    const plain = await cost(shop, [`GET /${"a".repeat(LENGTH)} HTTP/1.1`]);
    for (const unit of [...signs, ...pairs]) {
      for (const end of ["", "a"]) {
        const path = unit.repeat(Math.floor(LENGTH / unit.length));
        const spent = await cost(shop, [`GET /${path}${end} HTTP/1.1`]);
        expect(spent, `${unit}${end}`).toBeLessThan(most(plain));
      }
    }
    expect([shop.runs(), shop.runs("item")]).toEqual([0, 0]);
  });

  check("G32b takes linear time for a long query and long headers of any sign", async (open) => {
    const shop = await open(priced);
    const plain = await cost(shop, [`GET /paid?${"a".repeat(LENGTH)} HTTP/1.1`]);
    for (const unit of [...signs, ...pairs]) {
      const text = unit.repeat(Math.floor(LENGTH / unit.length));
      const request = "GET /paid HTTP/1.1";
      const requests = [[`GET /paid?${text} HTTP/1.1`]];
      for (const name of ["PAYMENT-SIGNATURE", "Accept", "Cookie", "Host"])
        requests.push([request, `${name}: ${text}`]);
      for (const lines of requests) {
        expect(await cost(shop, lines), lines.join(" ").slice(0, 60)).toBeLessThan(most(plain));
      }
    }
    expect(shop.runs()).toBe(0);
  });

  check("G32c refuses a path that no offer can carry", async (open) => {
    const shop = await open(priced);
    for (const path of [`/items/${"a".repeat(2_000)}`, `/items/${"%2e".repeat(1_000)}`]) {
      const answer = await shop.raw([`GET ${path} HTTP/1.1`]);
      expect(answer.status, path.slice(0, 20)).toBe(414);
    }
    expect(shop.runs("item")).toBe(0);
  });
}
