import { expect } from "vitest";
import type { Casebook } from "../casebook.js";
import { paid } from "../shop.js";

/** What a handler may say to the caches in front of its server, by their own names. */
const fields = [
  "CDN-Cache-Control",
  "Cloudflare-CDN-Cache-Control",
  "Vercel-CDN-Cache-Control",
  "Netlify-CDN-Cache-Control",
  "Akamai-Cache-Control",
  "Some-New-Cache-Control",
  "X-LiteSpeed-Cache-Control",
  "X-LiteSpeed-Tag",
  "Surrogate-Control",
  "Surrogate-Key",
  "Edge-Control",
  "Edge-Cache-Tag",
  "Cache-Tag",
  "Netlify-Cache-Tag",
  "X-Accel-Expires",
] as const;
/** What sounds like it and says something else. */
const others = [
  ["x-accel-buffering", "no"],
  ["x-accel-redirect", "/files/1"],
  ["x-cache", "HIT"],
  ["clear-site-data", '"cache"'],
  ["expires", "0"],
] as const;

const exposed = (response: Response): string[] =>
  (response.headers.get("access-control-expose-headers") ?? "").toLowerCase().split(/ *, */);

/** Paid responses in shared caches (G30), and pages of other origins (G62). */
export function testCachesAndOrigins({ check }: Casebook): void {
  check("G30 leaves no field on a paid response by which a shared cache keeps it", async (open) => {
    const headers = [...fields.map((name) => [name, "public, max-age=600"] as const), ...others];
    const shop = await open({ routes: [{ ...paid, handle: () => ({ headers, body: "paid" }) }] });
    const { response, header } = await shop.buy();
    await response.arrayBuffer();
    await shop.becomes("delivered");
    const again = await shop.pay(header);
    expect(again.status).toBe(200);
    for (const answer of [response, again]) {
      const names = [...answer.headers.keys()];
      expect(names.filter((name) => fields.some((field) => field.toLowerCase() === name))).toEqual([]);
      for (const [name, value] of others) expect(answer.headers.get(name)).toBe(value);
      expect(answer.headers.get("cache-control")).toMatch(/\bprivate\b/);
    }
  });

  check("G30b leaves them on a free response", async (open) => {
    const headers = fields.map((name) => [name, "max-age=600"] as const);
    const shop = await open({ routes: [paid, { path: ["free"], handle: () => ({ headers, body: "free" }) }] });
    const response = await shop.get("/free");
    for (const name of fields) expect(response.headers.get(name)).toBe("max-age=600");
  });

  check(
    "G62 names the payment fields to pages of other origins, beside a * that names nothing to some",
    async (open) => {
      const origin = ["access-control-allow-origin", "https://page.example"] as const;
      const credentials = ["access-control-allow-credentials", "true"] as const;
      const all = ["access-control-expose-headers", "*"] as const;
      const named = ["*", "payment-required", "payment-response"];
      for (const appHeaders of [
        [origin, credentials, all],
        [origin, all],
      ]) {
        const shop = await open({ appHeaders });
        const unpaid = await shop.get();
        await unpaid.arrayBuffer();
        expect(exposed(unpaid)).toEqual(named);
        const { response, header } = await shop.buy();
        expect(response.status).toBe(200);
        // A handler's own Response may have left the app's fields behind, free as well.
        const ours = expect.arrayContaining(["payment-required", "payment-response"]);
        expect(exposed(response)).toEqual(ours);
        await response.arrayBuffer();
        await shop.becomes("delivered");
        expect(exposed(await shop.pay(header))).toEqual(ours);
      }
    },
  );

  check("G62b names them beside a * of the handler's own", async (open) => {
    const headers = [["access-control-expose-headers", "*"]] as const;
    const shop = await open({ routes: [{ ...paid, handle: () => ({ headers, body: "paid" }) }] });
    const { response, header } = await shop.buy();
    expect(exposed(response)).toEqual(["*", "payment-required", "payment-response"]);
    await response.arrayBuffer();
    await shop.becomes("delivered");
    expect(exposed(await shop.pay(header))).toEqual(["*", "payment-required", "payment-response"]);
  });
}
