import { posix } from "node:path";
import { expect } from "vitest";
import type { Casebook } from "../casebook.js";
import type { StageRequest } from "../harness.js";
import type { ShopPlan } from "../shop.js";

/** Ways to write `/premium/F` that some reader of paths resolves to it. */
const dotForms = [
  "/x/../premium/F",
  "/./premium/F",
  "/%2e/premium/F",
  "/x/%2e%2e/premium/F",
  "/x//../premium/F",
  "/.%2fpremium/F",
  "/x%2F..%2Fpremium%2FF",
  "\\..\\premium\\F",
  "/free%5c..%5cpremium/F",
  "/free/..%5c..%5cpremium/F",
  "//premium/F",
  "/premium%2FF",
  "/%70remium/F",
  "/premium//F",
  "/premium/./F",
  "/premium/x/../F",
];

/** P05, P06: handlers that resolve paths by themselves, as static files and proxies do. */
export function testOwnPaths({ check }: Casebook): void {
  /** A free catch-all that resolves the path in its own way, beside the priced route whose bytes it could reach. */
  function plan(resolve: (path: string) => string, leaks: string[]): ShopPlan {
    const serve = ({ url }: StageRequest) => {
      if (!/^\/premium\/F\b/i.test(resolve(url.split("?")[0] ?? ""))) return { status: 404, body: "none" };
      leaks.push(url);
      return { body: "premium bytes" };
    };
    return {
      routes: [
        {
          id: "premium",
          path: ["premium", { rest: "file" }],
          price: "$0.01",
          handle: () => ({ body: "premium bytes" }),
        },
        { id: "static", path: [{ rest: "path" }], handle: serve },
      ],
    };
  }

  check("P05 gives no paid file to a path that a static handler would resolve to it", async (open) => {
    const leaks: string[] = [];
    const shop = await open(plan((path) => posix.normalize(decode(path).replaceAll("\\", "/")), leaks));
    for (const target of dotForms) {
      const answer = await shop.raw([`GET ${target} HTTP/1.1`]);
      expect(answer.body.toString(), target).not.toContain("premium bytes");
      expect(answer.status, target).toBeLessThan(500);
    }
    expect(leaks).toEqual([]);
    shop.counted({ h: 0, v: 0, s: 0, c: 0 }, "premium");
  });

  check("P05b leaves other paths to the static handler", async (open) => {
    const shop = await open(plan((path) => path, []));
    expect((await shop.get("/other/file.txt")).status).toBe(404);
    expect(shop.runs("static")).toBe(1);
    const { response } = await shop.buy("/premium/F");
    expect(await response.text()).toBe("premium bytes");
    shop.counted({ h: 1, v: 1, s: 1, c: 1 }, "premium");
  });

  check("P06 lets no spelling of a paid path through to the upstream of a proxy", async (open) => {
    const leaks: string[] = [];
    const upstream = (path: string): string =>
      new URL(`http://upstream.example/${decode(path)}`).pathname.replace(/\/+/g, "/");
    const shop = await open(plan(upstream, leaks));
    for (const target of [
      ...dotForms,
      "/x/.%09./premium/F",
      "/pre%09mium/F",
      "/x/.\t./premium/F",
      "/%252e%252e/premium/F",
    ]) {
      const answer = await shop.raw([`GET ${target} HTTP/1.1`]);
      expect(answer.body.toString(), target).not.toContain("premium bytes");
    }
    expect(leaks).toEqual([]);
    shop.counted({ h: 0, v: 0, s: 0, c: 0 }, "premium");
  });
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
