import { faults } from "@turnpike/testing";
import { describe, expect, it, vi } from "vitest";
import { openTill } from "./till.js";

const till = openTill();
const charged = async (path: string, init?: RequestInit) => {
  const before = till.charges;
  const purchase = await till.buy(path, init);
  return { ...purchase, charges: till.charges - before };
};

describe("a paid route handler", () => {
  it("runs once it is paid, with its parameters and the payment", async () => {
    const { response, receipt, challenge, charges } = await charged("/real/items/7");
    expect(challenge.resource.url).toBe(`${till.origin}/real/items/7`);
    expect(await response.json()).toEqual({ premium: "7", payer: receipt?.payer });
    expect([response.status, receipt?.success, charges]).toEqual([200, true, 1]);
    expect(response.headers.get("cache-control")).toContain("private");
  });

  it("costs for HEAD, which Next derives from GET, and says nothing to OPTIONS", async () => {
    const before = till.runs("items");
    expect((await till.get("/real/items/7", { method: "HEAD" })).status).toBe(402);
    const options = await till.get("/real/items/7", { method: "OPTIONS" });
    expect([options.status, options.headers.get("allow")]).toEqual([204, "GET, HEAD, OPTIONS"]);
    expect(till.runs("items")).toBe(before);
    const { response, charges } = await charged("/real/items/7", { method: "HEAD" });
    expect([response.status, await response.text(), charges, till.runs("items") - before]).toEqual([200, "", 1, 1]);
  });

  it("runs on the edge runtime", async () => {
    expect((await till.get("/real/edge")).status).toBe(402);
    const { response, challenge, charges } = await charged("/real/edge");
    expect(challenge.resource.url).toBe(`${till.origin}/real/edge`);
    expect(await response.json()).toMatchObject({ premium: true, edge: "string" });
    expect(charges).toBe(1);
  });

  it("streams a large answer once it is settled", async () => {
    const { response, charges } = await charged("/real/does/stream");
    expect(charges).toBe(1);
    let size = 0;
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) size += chunk.length;
    expect(size).toBe(64 << 20);
  });

  it("keeps a NextResponse as it is", async () => {
    const { response } = await charged("/real/does/next");
    expect([response.status, response.headers.get("x-next")]).toEqual([201, "1"]);
    expect(response.headers.getSetCookie()).toEqual([expect.stringContaining("session=premium")]);
    expect(await response.json()).toEqual({ next: true });
  });
});

describe("what a handler throws for Next", () => {
  it.each([
    ["redirect", "GET", 307, "/real/free?a=1;b=2"],
    ["permanent", "GET", 308, "/real/free"],
    ["redirect", "POST", 307, "/real/free?a=1;b=2"],
    ["moved", "GET", 307, "http://shop.example/free"],
  ])("%s in answer to %s is charged, and keeps the handler's cookies", async (what, method, status, location) => {
    const { response, receipt, charges } = await charged(`/real/does/${what}`, { method });
    expect([response.status, response.headers.get("location"), charges]).toEqual([status, location, 1]);
    expect(receipt?.success).toBe(true);
    expect(response.headers.getSetCookie()).toEqual([expect.stringContaining("session=premium")]);
  });

  it("a redirect in answer to a form leads to a GET", async () => {
    const body = new URLSearchParams({ a: "1" });
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const { response, charges } = await charged("/real/does/redirect", { method: "POST", headers, body: String(body) });
    expect([response.status, charges]).toEqual([303, 1]);
  });

  it.each([
    ["notfound", 404],
    ["forbidden", 403],
    ["unauthorized", 401],
    ["throw", 500],
    ["nothing", 500],
  ])("%s is answered by Next, uncharged", async (what, status) => {
    const { response, receipt, charges } = await charged(`/real/does/${what}`);
    expect([response.status, receipt, charges]).toEqual([status, undefined, 0]);
    expect(await response.text()).toBe("");
  });
});

describe("an answer that was settled before", () => {
  it.each([
    ["throw", 500],
    ["notfound", 404],
  ])("carries the receipt of what is owed after %s", async (what, status) => {
    const { response, receipt, charges } = await charged(`/real/before/${what}`);
    expect([response.status, receipt?.success, charges]).toEqual([status, true, 1]);
  });
});

describe("an answer that is not sent after all", () => {
  it("leaks neither the handler's body nor the cookies that it has set", async () => {
    till.facilitator.respond("settle", faults.fail("insufficient_funds"));
    const { response, charges } = await charged("/real/does/next");
    expect([response.status, charges]).toEqual([402, 0]);
    expect(response.headers.getSetCookie()).toEqual([]);
    expect(response.headers.get("x-next")).toBeNull();
    expect(await response.text()).not.toContain('next":true');
  });
});

describe("a client that leaves before the answer", () => {
  it("is not charged, and the handler hears of it", async () => {
    const settles = till.facilitator.settles;
    const runs = till.runs("does");
    const client = new AbortController();
    const bought = till.buy("/real/does/never", { signal: client.signal });
    await vi.waitUntil(() => till.runs("does") > runs);
    client.abort();
    await expect(bought).rejects.toThrow();
    await vi.waitUntil(() => till.runs("aborted") === 1);
    expect(await (await till.get("/real/free")).json()).toEqual({ free: true });
    expect(till.facilitator.settles).toBe(settles);
  });
});

describe("a route that Next could prerender or keep", () => {
  it("runs for each request that pays, and for no other", async () => {
    const before = till.runs("only");
    for (const run of [1, 2]) {
      expect((await till.get("/real/only")).status).toBe(402);
      const { response, charges } = await charged("/real/only");
      expect([await response.json(), charges]).toEqual([{ premium: before + run }, 1]);
    }
    expect((await till.get("/real/only")).status).toBe(402);
  });

  it("is not kept by revalidate and generateStaticParams", async () => {
    for (const path of ["/real/revalidated/1", "/real/revalidated/2"]) {
      expect((await charged(path)).response.status).toBe(200);
      const answer = await till.get(path);
      expect([answer.status, (await answer.text()).includes("premium")]).toEqual([402, false]);
    }
  });

  it.each(["/real/static", "/real/forced/1"])(
    "G64 says so if it is forced to be static, since no payment can reach it: %s",
    async (path) => {
      const header = await till.pay("/real/only");
      const before = till.charges;
      for (const headers of [{}, { "payment-signature": header }]) {
        const answer = await till.get(path, { headers });
        const problem = (await answer.json()) as { code: string; detail: string };
        expect([answer.status, problem.code]).toEqual([500, "static_route"]);
        expect(problem.detail).toContain('dynamic = "force-static"');
      }
      expect([till.charges - before, till.runs("static")]).toEqual([0, 0]);
    },
  );
});

describe("a route file with a table of verbs", () => {
  it("prices what it lists, opens what is free, and refuses the rest", async () => {
    const before = till.runs("verbs");
    expect((await till.get("/real/verbs")).status).toBe(402);
    expect((await till.get("/real/verbs", { method: "HEAD" })).status).toBe(402);
    const put = await till.get("/real/verbs", { method: "PUT" });
    expect([put.status, put.headers.get("allow")]).toEqual([405, expect.stringMatching(/GET.*POST/)]);
    expect((await put.json()) as object).toMatchObject({ code: "verb_not_listed" });
    expect(till.runs("verbs")).toBe(before);
    expect(await (await till.get("/real/verbs", { method: "POST" })).json()).toMatchObject({ premium: "POST" });
    expect((await charged("/real/verbs")).charges).toBe(1);
  });
});

describe("a page behind paidProxy", () => {
  it.each(["/article/one", "/article/fixed", "/ssr", "/ssg", "/premium.txt"])("is sold: %s", async (path) => {
    const { response, receipt, charges } = await charged(path);
    expect([response.status, receipt?.success, charges]).toEqual([200, true, 1]);
    expect(await response.text()).toContain("premium");
    expect(response.headers.get("cache-control")).toBe("private");
  });

  it.each(["/article/one", "/article/fixed", "/ssr", "/premium.txt"])(
    "G31 tells caches that a payment makes another response, beside what Next tells them: %s",
    async (path) => {
      const { response } = await charged(path);
      const vary = (response.headers.get("vary") ?? "").toLowerCase().split(/ *, */);
      expect(vary).toContain("payment-signature");
      expect(vary.includes("rsc")).toBe(path.startsWith("/article"));
      expect(vary).toEqual([...new Set(vary)]);
      const free = (await till.get("/open")).headers.get("vary") ?? "";
      expect(free.toLowerCase()).not.toContain("payment-signature");
    },
  );

  it.each(["/ssr", "/fr/ssr", "/fr/article/one", "/alias/7", "/premium.txt"])(
    "G64 is offered under the URL that the client asked, its locale included: %s",
    async (path) => {
      const { challenge, response } = await charged(path);
      expect([challenge.resource.url, response.status]).toEqual([
        till.origin + path,
        path.includes("fr/art") ? 404 : 200,
      ]);
    },
  );

  it("costs nothing for OPTIONS, which runs nothing", async () => {
    const before = till.runs("article");
    expect((await till.get("/article/one", { method: "OPTIONS" })).status).toBe(204);
    expect(till.runs("article")).toBe(before);
  });

  it("is charged and owed even if it fails, since a proxy does not see it", async () => {
    const { response, receipt, header, charges } = await charged("/article/broken");
    expect([response.status, receipt?.success, charges]).toEqual([500, true, 1]);
    const before = till.charges;
    const again = () => till.get("/article/broken", { headers: { "payment-signature": header } });
    await vi.waitUntil(async () => (await again()).status === 500);
    expect(till.charges).toBe(before);
  });

  it("gives the page again for the same payment, a few times, and for no other page", async () => {
    const { header } = await charged("/article/two");
    const headers = { "payment-signature": header };
    const before = till.charges;
    await vi.waitUntil(async () => (await till.get("/article/two", { headers })).status === 200);
    expect((await till.get("/article/three", { headers })).status).toBeGreaterThanOrEqual(400);
    await vi.waitUntil(async () => (await till.get("/article/two", { headers })).status >= 400);
    expect(till.charges).toBe(before);
  });
});
