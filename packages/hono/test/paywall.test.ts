import { createPaywall, type Payment, type RouteTable } from "@turnpike/core";
import { faults, readChallenge } from "@turnpike/testing";
import { type Context, Hono, type Next } from "hono";
import { cors } from "hono/cors";
import { HTTPException } from "hono/http-exception";
import { describe, expect, expectTypeOf, it } from "vitest";
import { paid, paywall, protect } from "../src/index.js";
import { openTill } from "./till.js";

const till = openTill();
const gate = (...keys: string[]) =>
  paywall(till.config({ routes: Object.fromEntries(keys.map((key) => [key, "$0.01"])) }));

/** An app with this table, and a counter of handler runs. */
function open(routes: RouteTable<Context> = { "GET /paid": "$0.01" }) {
  const app = new Hono();
  const runs = { count: 0 };
  app.use(paywall(till.config({ routes })));
  app.all("*", async (_, next) => {
    runs.count++;
    await next();
  });
  return { app, runs };
}

describe("paywall", () => {
  it("asks payment for a priced route, runs it once paid, and leaves others alone", async () => {
    const { app, runs } = open();
    app.get("/paid", (c) => c.text("bought"));
    app.get("/free", (c) => c.text("free"));
    expect((await app.request("/paid")).status).toBe(402);
    expect(runs.count).toBe(0);
    const { response, receipt } = await till.buy(app, "/paid");
    expect([response.status, await response.text(), receipt?.success]).toEqual([200, "bought", true]);
    expect(await (await app.request("/free")).text()).toBe("free");
  });

  it("takes an engine, and its table beside it", async () => {
    const app = new Hono();
    app.use(paywall(createPaywall(till.config()), { "GET /paid": "$0.02" }));
    app.get("/paid", (c) => c.text("bought"));
    expect(readChallenge(await app.request("/paid"))?.accepts[0]?.amount).toBe("20000");
  });

  it("refuses a table that cannot mean what it says, with every problem at once", () => {
    const routes = {
      "GET /t/{*path}": "$0.01",
      "GET /r/:id(\\d+)": "$0.01",
      "FETCH /x": "$0.01",
      "GET /y": "$0.0000001",
    } as const;
    expect(() => paywall(till.config({ routes }))).toThrow(/4 problem/);
  });

  it("charges HEAD as GET, and lets OPTIONS pass without running a handler for every verb", async () => {
    const { app } = open({ "GET /paid": "$0.01", "GET /all": "$0.01", "GET /own": "$0.01" });
    let ran = 0;
    app.get("/paid", (c) => c.text(`${++ran}`));
    app.all("/all", (c) => c.text(`${++ran}`));
    app.options("/own", (c) => c.body(null, 204, { "x-own": "1" }));
    const sub = new Hono().onError((_, c) => c.text("sub", 500));
    sub.all("/below", (c) => c.text(`${++ran}`));
    app.route("/all", sub);
    expect((await app.request("/paid", { method: "HEAD" })).status).toBe(402);
    expect((await app.request("/all", { method: "OPTIONS" })).status).toBe(204);
    expect((await app.request("/own", { method: "OPTIONS" })).headers.get("x-own")).toBe("1");
    expect((await app.request("/paid", { method: "OPTIONS" })).status).toBe(204);
    expect(ran).toBe(0);
    const { response } = await till.buy(app, "/paid", { method: "HEAD" });
    expect([response.status, await response.text(), ran]).toEqual([200, "", 1]);
  });

  it("answers 405 for a verb that the table leaves out", async () => {
    const { app, runs } = open({ "GET /all": "$0.01", "POST /all": "free" });
    app.all("/all", (c) => c.text(c.req.method));
    for (const method of ["PUT", "PATCH", "DELETE", "PURGE"]) {
      const response = await app.request("/all", { method });
      expect([response.status, response.headers.get("allow")]).toEqual([405, expect.stringContaining("GET")]);
    }
    expect(runs.count).toBe(0);
    expect(await (await app.request("/all", { method: "POST" })).text()).toBe("POST");
  });

  it("shows a price function the parameters of the route that will answer", async () => {
    const { app } = open({ "GET /items/:id": (c) => `$0.0${c.req.param("id")}` });
    app.get("/items/:item/*", async (c, next) => {
      c.header("x-item", c.req.param("item"));
      await next();
    });
    app.get("/items/:id", (c) => c.text(c.req.param("id")));
    expect(readChallenge(await app.request("/items/3"))?.accepts[0]?.amount).toBe("30000");
    const { response } = await till.buy(app, "/items/3");
    expect([await response.text(), response.headers.get("x-item")]).toEqual(["3", "3"]);
  });

  it("is asked once however often it stands before a route", async () => {
    const { app, runs } = open();
    app.use(paywall(till.config({ routes: { "GET /paid": "$0.01" } })));
    app.get("/paid", paid(till.config(), "$0.01"), (c) => c.text("bought"));
    const before = till.charges;
    const { response } = await till.buy(app, "/paid");
    expect([response.status, runs.count, till.charges - before]).toEqual([200, 1, 1]);
  });
});

describe("OPTIONS", () => {
  const preflight = { method: "OPTIONS", headers: { origin: "https://a.example" } };

  it("gives nothing that a handler with a second argument, or a mounted app, answers to every verb", async () => {
    const apps = {
      table: new Hono().use(gate("GET /x")).all("/x", async (c, _next) => c.text("secret")),
      route: new Hono().all("/x", paid(till.config(), "$0.01"), async (c, _next) => c.text("secret")),
      redirect: new Hono().use(gate("GET /x")).all("/x", async (c, _next) => c.redirect("/secret")),
      mounted: new Hono().use(gate("GET /x")).mount("/", () => new Response("secret", { headers: { "x-own": "1" } })),
    };
    for (const [name, app] of Object.entries(apps)) {
      const response = await app.request("/x", preflight);
      expect([response.status, await response.text()], name).toEqual([204, ""]);
      expect(Object.fromEntries(response.headers), name).toEqual({ allow: "OPTIONS" });
      expect((await app.request("/x")).status, name).toBe(402);
    }
  });

  it("does no work of a route, however that is registered", async () => {
    let ran = 0;
    const work = (c: Context) => {
      ran++;
      return c.body(null, 201, { location: "/made", "x-work": "done" });
    };
    const passing = async (c: Context, next: Next) => {
      ran++;
      c.header("x-work", "done");
      await next();
    };
    const price = () => paid(till.config(), "$0.01");
    const inner = new Hono().all("/", work).all("/x", work);
    const apps = {
      "a handler that takes next": new Hono().all("/x", price(), async (c, _next) => work(c)),
      "several handlers": new Hono().all("/x", price(), passing, work),
      "every method by name": new Hono()
        .on(["GET", "POST", "OPTIONS-LIKE"], "/x", price(), work)
        .all("/x", price(), work),
      "a mounted app": new Hono().use("/x/*", price()).mount("/x", inner.fetch),
      "a mounted app behind a table": new Hono().use(gate("GET /x/*")).mount("/x", inner.fetch),
      "middleware for the whole app": new Hono().use(price()).all("/x", passing, work),
      "a sub-app": new Hono().route("/x", new Hono().use(price()).all("/", work)),
      "a sub-app with its own errors": new Hono().route(
        "/x",
        new Hono().onError((_, c) => c.text("")).all("/", price(), work),
      ),
      "what is not found": new Hono().use(gate("GET /x")).notFound(work),
    };
    for (const [name, app] of Object.entries(apps)) {
      const response = await app.request("/x", preflight);
      expect([response.status, await response.text()], name).toEqual([204, ""]);
      expect(Object.fromEntries(response.headers), name).toEqual({ allow: "OPTIONS" });
    }
    expect(ran).toBe(0);
  });

  it("runs a route for OPTIONS with the middleware for the whole app, and nothing between them", async () => {
    let ran = 0;
    const app = new Hono()
      .use(gate("GET /x"))
      .use(async (c, next) => {
        c.header("x-app", "1");
        await next();
      })
      .all("/x", async (_, next) => {
        ran++;
        await next();
      })
      .options("/x", (c) => c.body(null, 204, { "x-own": "1" }));
    const response = await app.request("/x", preflight);
    expect([response.status, response.headers.get("x-app"), response.headers.get("x-own"), ran]).toEqual([
      204,
      "1",
      "1",
      0,
    ]);
  });

  it("G15c runs no handler that is registered for other methods too, by name or by hand", async () => {
    let ran = 0;
    const work = (c: Context) => c.text(`${++ran}`);
    const price = () => paid(till.config(), "$0.01");
    const sub = new Hono().onError((_, c) => c.text("")).on(["GET", "OPTIONS"], "/x", work);
    const passing = async (_: Context, next: Next) => next();
    const apps = {
      "a paid route": new Hono().on(["GET", "OPTIONS"], "/x", price(), work),
      "a paid path": new Hono().use("/x", price()).on(["GET", "OPTIONS"], "/x", passing, work),
      "a table": new Hono().use(gate("GET /x")).on(["GET", "POST", "OPTIONS"], "/x", work),
      "a table for every method": new Hono().use(gate("ALL /x")).get("/x", work).options("/x", work),
      "a sub-app": new Hono().use(gate("GET /a/x")).route("/a", sub),
      "an app that was given": protect(new Hono(), till.config(), { "GET /x": "$0.01" }).on(
        ["GET", "OPTIONS"],
        "/x",
        work,
      ),
    };
    for (const [name, app] of Object.entries(apps)) {
      paywall.check(app);
      const response = await app.request(name === "a sub-app" ? "/a/x" : "/x", preflight);
      expect([response.status, await response.text()], name).toEqual([204, ""]);
    }
    const unchecked = new Hono().on(["GET", "OPTIONS"], "/x", price(), work);
    expect((await unchecked.request("/x", preflight)).status).toBe(204);
    const behind = new Hono().use(gate("GET /x")).on(["GET", "OPTIONS"], "/x", work);
    expect((await behind.request("/x")).status).toBe(402);
    expect((await behind.request("/x", preflight)).status).toBe(204);
    expect(ran).toBe(0);
  });

  it("runs a route for OPTIONS whose middleware other methods have too, or that CORS responds to", async () => {
    const passing = async (c: Context, next: Next) => {
      c.header("x-seen", "1");
      await next();
    };
    const app = new Hono()
      .use(gate("GET /x", "GET /y"))
      .get("/x", passing, (c) => c.text("goods"))
      .options("/x", passing, (c) => c.body(null, 204, { "x-own": "1" }));
    const shared = cors();
    app
      .use("/z", shared)
      .options("/y", shared)
      .get("/y", (c) => c.text("goods"));
    paywall.check(app);
    const { headers } = await app.request("/x", preflight);
    expect([headers.get("x-own"), headers.get("x-seen")]).toEqual(["1", "1"]);
    expect((await app.request("/y", preflight)).headers.get("access-control-allow-origin")).toBe("*");
  });

  it("is answered by CORS ahead of the paywall, with the fields that a browser asks for", async () => {
    const app = new Hono().use(cors()).all("/x", paid(till.config(), "$0.01"), (c) => c.text("secret"));
    const response = await app.request("/x", preflight);
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
  });

  it("is answered by middleware behind the paywall", async () => {
    const app = new Hono()
      .use(gate("GET /x"))
      .use(cors())
      .get("/x", (c) => c.text("secret"));
    const response = await app.request("/x", preflight);
    expect([response.status, response.headers.get("access-control-allow-origin")]).toEqual([204, "*"]);
  });
});

describe("paid", () => {
  it("prices the route it stands on, wherever that is mounted, and shows the payment", async () => {
    const app = new Hono();
    const inner = new Hono();
    let seen: Payment | undefined;
    inner.get("/bound", paid(till.config(), "$0.01"), (c) => {
      seen = c.var.payment;
      expectTypeOf(c.var.payment).toEqualTypeOf<Payment | undefined>();
      return c.json({ bound: true });
    });
    app.route("/a", new Hono().route("/b", inner));
    expect((await app.request("/a/b/bound")).status).toBe(402);
    const { response } = await till.buy(app, "/a/b/bound");
    expect(await response.json()).toEqual({ bound: true });
    expect(seen).toMatchObject({ payer: till.payer, amount: "10000", network: "eip155:84532", scheme: "exact" });
    expect(seen?.receipt?.success).toBe(true);
  });

  it("answers a preflight itself where the route serves every verb", async () => {
    const app = new Hono();
    let ran = 0;
    app.all("/bound", paid(till.config(), "$0.01"), (c) => c.text(`${++ran}`));
    expect((await app.request("/bound", { method: "OPTIONS" })).status).toBe(204);
    expect(ran).toBe(0);
    expect((await app.request("/bound", { method: "PUT" })).status).toBe(402);
  });
});

describe("an uncharged answer", () => {
  it.each([
    [
      "throws",
      () => {
        throw new Error("boom");
      },
    ],
    ["rejects", async () => Promise.reject(new Error("boom"))],
    [
      "throws an exception with a friendly status",
      () => {
        throw new HTTPException(200 as 400, { message: "fine" });
      },
    ],
  ])("is that of a handler that %s, whatever the app makes of it", async (_, handler) => {
    const { app } = open();
    app.get("/paid", handler as unknown as () => Response);
    app.onError((_, c) => c.text("sorry", 200));
    const before = till.charges;
    const { response, receipt } = await till.buy(app, "/paid");
    expect([response.status, await response.text(), receipt]).toEqual([200, "sorry", undefined]);
    expect(till.charges).toBe(before);
  });

  it("is that of a sub-app that handles its errors itself", async () => {
    const { app } = open({ "GET /sub/paid": "$0.01" });
    const sub = new Hono().onError((_, c) => c.text("sub says sorry", 200));
    sub.get("/paid", () => {
      throw new Error("boom");
    });
    app.route("/sub", sub);
    const before = till.charges;
    const { response } = await till.buy(app, "/sub/paid");
    expect([await response.text(), till.charges]).toEqual(["sub says sorry", before]);
  });

  it.each([400, 404, 451, 500, 503])("has status %i, by any call", async (status) => {
    const { app } = open({ "GET /json": "$0.01", "GET /status": "$0.01", "GET /raw": "$0.01" });
    app.get("/json", (c) => c.json({ status }, status as 400));
    app.get("/status", (c) => {
      c.status(status as 400);
      return c.body("status");
    });
    app.get("/raw", () => new Response("raw", { status }));
    const before = till.charges;
    for (const path of ["/json", "/status", "/raw"]) {
      expect((await till.buy(app, path)).response.status).toBe(status);
    }
    expect(till.charges).toBe(before);
  });

  it("is that of a path that the app does not serve", async () => {
    const { app } = open({ "GET /nothing": "$0.01" });
    app.notFound((c) => c.text("nothing here", 404));
    const before = till.charges;
    const { response } = await till.buy(app, "/nothing");
    expect([response.status, await response.text(), till.charges]).toEqual([404, "nothing here", before]);
  });
});

describe("an answer that was settled before", () => {
  it.each([
    ["throws", () => Promise.reject(new Error("boom"))],
    [
      "breaks before its first byte",
      () => new Response(new ReadableStream({ pull: () => Promise.reject(new Error("boom")) })),
    ],
  ])("carries the receipt of what is owed if its handler %s", async (_, handler) => {
    const { app } = open({ "GET /paid": { price: "$0.01", settle: "before" } });
    app.get("/paid", handler as unknown as () => Response);
    app.onError((_, c) => c.text("sorry", 500));
    const { response, receipt } = await till.buy(app, "/paid");
    expect([response.status, await response.text(), receipt?.success]).toEqual([500, "sorry", true]);
  });
});

describe("a charged answer", () => {
  it.each([204, 205, 301, 302, 304, 307])("has status %i", async (status) => {
    const { app } = open();
    app.get("/paid", () => new Response(null, { status, headers: { location: "/free" } }));
    const before = till.charges;
    const { response, receipt } = await till.buy(app, "/paid");
    expect([response.status, receipt?.success, till.charges - before]).toEqual([status, true, 1]);
  });

  it("keeps what the handler and middlewares around the paywall have set", async () => {
    const app = new Hono();
    app.use(cors({ origin: "https://app.example", exposeHeaders: ["x-app"] }));
    app.use(async (c, next) => {
      c.header("x-before", "1");
      await next();
      c.header("x-after", "1");
    });
    app.use(paywall(till.config({ routes: { "GET /paid": "$0.01" } })));
    app.get("/paid", (c) => {
      c.header("set-cookie", "a=1", { append: true });
      c.header("set-cookie", "b=2", { append: true });
      return c.redirect("/free");
    });
    const { response } = await till.buy(app, "/paid", { headers: { origin: "https://app.example" } });
    expect([response.status, response.headers.get("location")]).toEqual([302, "/free"]);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect([response.headers.get("x-before"), response.headers.get("x-after")]).toEqual(["1", "1"]);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(response.headers.get("access-control-expose-headers")).toMatch(/x-app.*PAYMENT-RESPONSE/);
    expect(response.headers.get("vary")).toContain("Origin");
  });
});

describe("an answer of the engine's", () => {
  it("keeps the headers of middlewares around the paywall, but for its own", async () => {
    const app = new Hono();
    app.use(cors({ origin: "https://app.example", exposeHeaders: ["x-app"] }));
    app.use(async (c, next) => {
      c.header("x-before", "1");
      c.header("cache-control", "public, max-age=60");
      await next();
      c.header("x-after", "1");
    });
    app.use(paywall(till.config({ routes: { "GET /paid": "$0.01" } })));
    const response = await app.request("/paid", { headers: { origin: "https://app.example" } });
    expect(response.status).toBe(402);
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect(response.headers.get("access-control-expose-headers")).toMatch(/x-app.*PAYMENT-REQUIRED/);
    expect([response.headers.get("x-before"), response.headers.get("x-after")]).toEqual(["1", "1"]);
    expect(response.headers.get("cache-control")).toContain("no-store");
  });

  it("in place of the handler's leaks none of its headers, and keeps the app's", async () => {
    const app = new Hono();
    app.use(cors());
    app.use(paywall(till.config({ routes: { "GET /paid": "$0.01" } })));
    app.get("/paid", (c) => {
      c.header("x-secret", "1");
      return c.json({ secret: true }, 200, { "set-cookie": "a=1", etag: '"x"' });
    });
    till.facilitator.respond("settle", faults.fail("insufficient_funds"));
    const { response } = await till.buy(app, "/paid");
    expect(response.status).toBe(402);
    expect(await response.text()).not.toContain("secret");
    for (const name of ["x-secret", "set-cookie", "etag"]) expect(response.headers.get(name), name).toBeNull();
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
  });
});
