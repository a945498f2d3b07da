import { expect } from "vitest";
import { readChallenge } from "../../client/header.js";
import type { Casebook } from "../casebook.js";
import { expectChallenge, problemOf, resourceOf } from "../expectations.js";
import { seller, usdc } from "../shop.js";

const unpaid = { h: 0, v: 0, s: 0, c: 0 };
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8";

/** The unpaid response (conformance rows 1 to 13, H06 to H10, H17, D04, D41). */
export function testChallenge({ check }: Casebook): void {
  check("W01 answers an unpaid request with the whole challenge in its header", async (open) => {
    const shop = await open({
      routes: [{ path: ["paid"], price: { price: "$0.01", description: "Paid", mimeType: "text/plain" } }],
    });
    const required = expectChallenge(await shop.get());
    expect(required.x402Version).toBe(2);
    expect(required.resource).toMatchObject({
      url: `${shop.origin}/paid`,
      description: "Paid",
      mimeType: "text/plain",
    });
    expect(required.accepts).toHaveLength(1);
    const [offer] = required.accepts;
    expect(offer).toMatchObject({
      scheme: "exact",
      network: "eip155:84532",
      amount: "10000",
      extra: { name: "USDC", version: "2" },
    });
    expect(offer?.asset.toLowerCase()).toBe(usdc.toLowerCase());
    expect(offer?.payTo.toLowerCase()).toBe(seller.toLowerCase());
    expect(offer?.maxTimeoutSeconds).toBeGreaterThan(0);
    expect(offer?.extra).not.toHaveProperty("paymentFlow", "upfront");
    shop.counted(unpaid);
  });

  check("W02 says in the body what to do, with a stable code", async (open) => {
    const shop = await open();
    const response = await shop.get();
    expect(await problemOf(response)).toBe("payment_required");
    shop.counted(unpaid);
  });

  check("W12 writes the header in standard base64 with padding, of UTF-8 text", async (open) => {
    const price = { price: "$0.01", description: "Zürich ✓ 🌤" };
    const shop = await open({ routes: [{ path: ["paid"], price }] });
    const header = (await shop.get()).headers.get("payment-required") ?? "";
    expect(Buffer.from(header, "base64").toString("base64")).toBe(header);
    expect((await shop.challenge()).resource.description).toBe(price.description);
  });

  check("W09 sends a route's preview as the body, and the challenge with it", async (open) => {
    const shop = await open({
      routes: [{ path: ["paid"], price: { price: "$0.01", preview: { preview: "first lines" } } }],
    });
    const response = await shop.get();
    expectChallenge(response);
    expect(response.headers.get("content-type")).toMatch(/^application\/json\b/);
    expect(await response.json()).toEqual({ preview: "first lines" });
    shop.counted(unpaid);
  });

  check("W13 gives a browser a page, escaped, with the challenge in its header", async (open) => {
    const description = `<script>alert("1")</script>&'`;
    const shop = await open({ routes: [{ path: ["paid"], price: { price: "$0.01", description } }] });
    const response = await shop.get("/paid?<script>=1", { headers: { accept: browser } });
    expect(expectChallenge(response).resource.description).toBe(description);
    expect(response.headers.get("content-type")).toMatch(/^text\/html\b/);
    const page = await response.text();
    expect(page).not.toMatch(/<script/i);
    expect(page).toContain("&lt;script&gt;");
    expect(page).toContain("0.01");
    expect(page.length).toBeLessThan(50_000);
    shop.counted(unpaid);
  });

  check("H17 sends JSON unless HTML is preferred", async (open) => {
    const shop = await open();
    const agent = "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130 Safari/537.36";
    const cases: [string[], RegExp][] = [
      [[], /json/],
      [["Accept: */*"], /json/],
      [["Accept: application/json", agent], /json/],
      [["Accept: text/html;q=0.5, application/json"], /json/],
      [["Accept: application/problem+json, text/html;q=0.9"], /json/],
      [["Accept: text/html;q=0, */*"], /json/],
      [[agent], /json/],
      [["Accept: */*", agent], /json/],
      [["Accept: text/html"], /html/],
      [[`Accept: ${browser}`, agent], /html/],
      [["Accept: ;;q=,,"], /json/],
    ];
    for (const [lines, type] of cases) {
      const answer = await shop.raw(["GET /paid HTTP/1.1", ...lines]);
      expect(answer.status, lines.join()).toBe(402);
      expect(answer.header("content-type"), lines.join()).toMatch(type);
    }
    shop.counted(unpaid);
  });

  check("D04 is no oracle for entity tags", async (open) => {
    const headers = [["etag", '"shop"']] as const;
    const shop = await open({
      routes: [{ path: ["paid"], price: "$0.01", handle: () => ({ headers, body: "paid" }) }],
    });
    const tags = { "if-none-match": '"shop"', "if-modified-since": new Date().toUTCString() };
    expectChallenge(await shop.get("/paid", { headers: tags }));
    expectChallenge(await shop.get("/paid", { headers: { "if-none-match": "*", range: "bytes=0-1" } }));
    shop.counted(unpaid);
  });

  check("D41 forbids every cache to keep an unpaid answer", async (open) => {
    const shop = await open();
    for (const accept of ["*/*", browser]) {
      const response = await shop.get("/paid", { headers: { accept } });
      expect(response.headers.get("cache-control")).toMatch(/\bno-store\b/);
      expect(response.headers.get("vary")).toMatch(/\bPAYMENT-SIGNATURE\b/i);
      expect(response.headers.get("etag")).toBeNull();
    }
  });

  check("D42 lets browsers read the challenge, whatever the app exposes itself", async (open) => {
    const shop = await open({ appHeaders: [["Access-Control-Expose-Headers", "X-App"]] });
    for (const answer of [await shop.get(), await shop.pay("!!!")]) {
      const exposed = (answer.headers.get("access-control-expose-headers") ?? "").toLowerCase().split(/ *, */);
      expect(exposed).toEqual(expect.arrayContaining(["x-app", "payment-required", "payment-response"]));
    }
  });

  check("D42b lets browsers read the challenge where the app exposes nothing", async (open) => {
    const shop = await open();
    for (const answer of [await shop.get(), await shop.pay("!!!")]) {
      expect(answer.headers.get("access-control-expose-headers")).toMatch(/payment-required/i);
    }
  });
}

/** Whose URL the challenge names, and how large it may grow. */
export function testResource({ check }: Casebook): void {
  check("H06 names the configured origin, whatever the Host says", async (open) => {
    const shop = await open({ config: (facilitator) => ({ facilitator, origin: "https://api.example.com" }) });
    const hosts = [
      "evil.example",
      'a" onload=',
      "evil.example/path?",
      "user@evil.example",
      "[::1]:1",
      "",
      "evil.example:99999",
    ];
    for (const host of hosts) {
      const answer = await shop.raw(["GET /paid HTTP/1.1", `Host: ${host}`]);
      expect([400, 402], host).toContain(answer.status);
      if (answer.status === 402) expect(resourceOf(answer), host).toBe("https://api.example.com/paid");
      expect(answer.bytes.toString("latin1"), host).not.toMatch(/evil|onload/);
    }
    const twice = await shop.raw(["GET /paid HTTP/1.1", "Host: a.example", "Host: evil.example"]);
    expect([400, 402]).toContain(twice.status);
    expect(resourceOf(twice) ?? "").not.toContain("evil");
    shop.counted(unpaid);
  });

  check("H06b answers malformed hosts without an error of its own, and without repeating them", async (open) => {
    const shop = await open();
    for (const host of ['a" onload=', "a.example/path?", "user@a.example", "<script>", "a.example:99999", "", "a b"]) {
      const answer = await shop.raw(["GET /paid HTTP/1.1", `Host: ${host}`]);
      expect([400, 402], host).toContain(answer.status);
      const url = resourceOf(answer);
      if (url === undefined) continue;
      expect(URL.canParse(url), host).toBe(true);
      expect(url, host).toMatch(/^https?:\/\/[^@"<>\s]*\/paid$/);
    }
    shop.counted(unpaid);
  });

  check("H07 does not believe forwarding headers that nobody told it to trust", async (open) => {
    const shop = await open();
    const forwarded = {
      "x-forwarded-host": "evil.example",
      "x-forwarded-proto": "gopher",
      "x-forwarded-port": "666",
      "x-forwarded-prefix": "/evil",
      "x-original-url": "/evil",
      "x-rewrite-url": "/evil",
      forwarded: "host=evil.example;proto=gopher",
    };
    const required = expectChallenge(await shop.get("/paid", { headers: forwarded }));
    expect(required.resource.url).toBe(`${shop.origin}/paid`);
    shop.counted(unpaid);
  });

  check("H08 stays readable under a query of 12 KB", async (open) => {
    const shop = await open();
    const response = await shop.get(`/paid?q=${"x".repeat(12_000)}`);
    expect(expectChallenge(response).resource.url.length).toBeLessThan(1_200);
    expect(response.headers.get("payment-required")?.length).toBeLessThanOrEqual(4_096);
    shop.counted(unpaid);
  });

  check("H09 keeps the offers of nine networks within 4 KB", async (open) => {
    const network = [
      "base-sepolia",
      "base",
      "ethereum",
      "sepolia",
      "polygon",
      "arbitrum",
      "optimism",
      "avalanche",
      "avalanche-fuji",
    ] as const;
    const shop = await open({ config: { network } });
    const response = await shop.get();
    const required = expectChallenge(response);
    expect(required.accepts.map(({ network }) => network)).toEqual([
      ...new Set(required.accepts.map(({ network }) => network)),
    ]);
    expect(required.accepts).toHaveLength(9);
    expect(required.accepts[0]?.network).toBe("eip155:84532");
    for (const { network } of required.accepts) expect(network).toMatch(/^eip155:\d+$/);
    expect(response.headers.get("payment-required")?.length).toBeLessThanOrEqual(4_096);
  });

  check("H09b takes payment on any of the offered networks", async (open) => {
    const shop = await open({ config: { network: ["base-sepolia", "avalanche-fuji"] } });
    const { receipt } = await shop.buy("/paid", { offer: 1 });
    expect(receipt?.network).toBe("eip155:43113");
    shop.counted({ h: 1, v: 1, s: 1, c: 1 });
  });

  check(
    "H10 carries a description with markup and emoji unchanged, and caps or refuses one that is too long",
    async (open) => {
      const description = `a "quoted" <b>café</b> 🌤\\`;
      const shop = await open({ routes: [{ path: ["paid"], price: { price: "$0.01", description } }] });
      expect((await shop.challenge()).resource.description).toBe(description);
      for (const text of ["long ".repeat(2_000), "a\r\nSet-Cookie: evil=1"]) {
        const other = await open({ routes: [{ path: ["paid"], price: { price: "$0.01", description: text } }] }).catch(
          () => undefined,
        );
        if (!other) continue;
        const response = await other.get();
        expect(readChallenge(response)?.resource.description?.length).toBeLessThanOrEqual(500);
        expect(response.headers.get("set-cookie")).toBeNull();
      }
    },
  );
}
