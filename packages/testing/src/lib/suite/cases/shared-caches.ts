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

  for (const hook of ["beforeVerify", "afterVerify", "beforeSettle"] as const) {
    const id = { beforeVerify: "G30c", afterVerify: "G30d", beforeSettle: "G30e" }[hook];
    check(`${id} lets no shared cache keep what a hook has granted (${hook})`, async (open) => {
      const headers = [
        ["content-type", "text/plain"],
        ["cache-control", "public, max-age=600, s-maxage=900"],
        ...fields.map((name) => [name, "max-age=600"] as const),
        ...others,
      ] as const;
      let status = 200;
      const handle = () => ({ status, headers, body: "granted" });
      const shop = await open({
        routes: [{ ...paid, handle }],
        config: { hooks: { [hook]: () => ({ grant: true }) } },
      });
      const { response } = await shop.buy();
      expect(response.status).toBe(200);
      expect(await response.text()).toBe("granted");
      const names = [...response.headers.keys()];
      expect(names.filter((name) => fields.some((field) => field.toLowerCase() === name))).toEqual([]);
      for (const [name, value] of others) expect(response.headers.get(name)).toBe(value);
      expect(response.headers.get("cache-control")).toBe("private, max-age=600");
      expect(response.headers.get("vary")).toMatch(/\bpayment-signature\b/i);
      expect(response.headers.get("payment-response")).toBeNull();
      // An error is no goods.
      status = 404;
      const missing = (await shop.buy()).response;
      expect(missing.headers.get("cache-control")).toContain("public");
      expect(shop.facilitator.charges).toHaveLength(0);
    });
  }

  check("G30f streams what a hook has granted, as it comes", async (open) => {
    let goOn = () => {};
    const more = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    async function* parts(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("one ");
      await more;
      yield Buffer.from("two");
    }
    const handle = () => ({ headers: [["cache-control", "public"]] as const, body: parts() });
    const shop = await open({
      routes: [{ ...paid, handle }],
      config: { hooks: { afterVerify: () => ({ grant: true }) } },
    });
    const { response } = await shop.buy();
    expect(response.headers.get("cache-control")).toBe("private");
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toBe("one ");
    goOn();
    expect((await reader?.read())?.value).toBe("two");
    expect((await reader?.read())?.done).toBe(true);
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
