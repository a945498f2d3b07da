import { ConfigError } from "@turnpike/core";
import { Hono } from "hono";
import { logger } from "hono/logger";
import { serveStatic } from "hono/serve-static";
import { describe, expect, it } from "vitest";
import { paywall } from "../src/index.js";
import { openTill } from "./till.js";

const till = openTill();
const gate = (...patterns: string[]) =>
  paywall(till.config({ routes: Object.fromEntries(patterns.map((pattern) => [`GET ${pattern}`, "$0.01"])) }));
const items = () => new Hono().get("/items/:id", (c) => c.text(c.req.param("id")));

/** Apps that serve `/api/items/7`, with the paywall somewhere below the root. */
const apps: [name: string, open: (pattern: string) => Hono][] = [
  ["basePath", (pattern) => new Hono().basePath("/api").use(gate(pattern)).route("/", items())],
  ["route", (pattern) => new Hono().route("/api", new Hono().use(gate(pattern)).route("/", items()))],
  ["use below a path", (pattern) => new Hono().use("/api/*", gate(pattern)).route("/api", items())],
  ["use below a parameter", (pattern) => new Hono().use("/:root/*", gate(pattern)).route("/api", items())],
  [
    "basePath and use",
    (pattern) => {
      const app = new Hono();
      app.basePath("/").use("/api/*", gate(pattern)).route("/api", items());
      return app;
    },
  ],
];

describe.each(apps)("a paywall placed by %s", (_, open) => {
  it.each(["/api/items/:id", "/items/:id", "/items/*", "/api/*"])(
    "prices %s as a path in full, and below it",
    async (pattern) => {
      const app = open(pattern);
      expect((await app.request("/api/items/7")).status).toBe(402);
      const { response } = await till.buy(app, "/api/items/7");
      expect(await response.text()).toBe("7");
      expect(() => paywall.check(app)).not.toThrow();
    },
  );
});

describe("a mounted app", () => {
  it("is priced by its own paywall as it sees its paths", async () => {
    const inner = new Hono().use(gate("/items/:id")).route("/", items());
    const app = new Hono().mount("/org/:org", inner.fetch);
    expect((await app.request("/org/acme/items/7")).status).toBe(402);
    expect(await (await till.buy(app, "/org/acme/items/7")).response.text()).toBe("7");
  });

  it("is priced by a paywall around it with full paths", async () => {
    const routes = { "GET /org/:org/items/:id": "$0.01", "ALL /org/:org/*": "free" } as const;
    const app = new Hono().use(paywall(till.config({ routes }))).mount("/org/:org", items().fetch);
    expect((await app.request("/org/acme/items/7")).status).toBe(402);
    expect(() => paywall.check(app)).not.toThrow();
  });
});

describe("one paywall in two places", () => {
  it("prices the paths below each, and nothing besides", async () => {
    const shared = gate("/items/:id");
    const app = new Hono();
    app.use("/a/*", shared).use("/b/*", shared);
    for (const base of ["/a", "/b", "/c"]) app.route(base, items());
    expect((await app.request("/a/items/7")).status).toBe(402);
    expect((await app.request("/b/items/7")).status).toBe(402);
    expect((await app.request("/c/items/7")).status).toBe(200);
  });

  it("keeps no verdict of one app for another that matches differently", async () => {
    const shared = gate("/:id");
    const one = new Hono()
      .basePath("/a")
      .use(shared)
      .get("/:id", (c) => c.text("a"));
    const other = new Hono().use(shared).get("/a/:id", (c) => c.text("free"));
    expect((await other.request("/a/7")).status).toBe(200);
    expect((await one.request("/a/7")).status).toBe(402);
  });
});

describe("check", () => {
  it("names each pattern and verb that no route of the app serves", () => {
    const routes = {
      "GET /itmes/:id": "$0.01",
      "POST /items/:id": "$0.01",
      "GET /items/:id": "$0.01",
      "GET /deep/*": "$0.01",
    } as const;
    const app = new Hono()
      .use(logger())
      .use(paywall(till.config({ routes })))
      .route("/", items());
    let error: unknown;
    try {
      paywall.check(app);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(ConfigError);
    const { problems } = error as ConfigError;
    expect(problems.map(({ path }) => path)).toEqual([
      'routes["GET /itmes/:id"]',
      'routes["POST /items/:id"]',
      'routes["GET /deep/*"]',
    ]);
    expect(problems.map(({ code }) => code)).toEqual(Array(3).fill("route_not_served"));
  });

  it("knows patterns that are wider than the route", () => {
    const app = new Hono();
    app.use(gate("/files/*", "/r/:id{[0-9]+}", "/city/:name"));
    app
      .get("/files/:a/:b", (c) => c.text(""))
      .get("/r/:id{\\d+}", (c) => c.text(""))
      .get("/city/berlin", (c) => c.text(""));
    expect(() => paywall.check(app)).not.toThrow();
  });

  it("G21 names routes that are wider than their price, or cross it, until a free entry opens the rest", () => {
    const app = new Hono();
    app.use(gate("/items/special", "/x/:a/z", "/o/one"));
    app
      .get("/items/:id", (c) => c.text(""))
      .get("/x/y/:b", (c) => c.text(""))
      .on(["GET"], "/o*", (c) => c.text(""));
    let codes: string[] = [];
    try {
      paywall.check(app);
    } catch (error) {
      codes = (error as ConfigError).problems.map(({ code }) => code);
    }
    expect(codes).toEqual(["price_too_narrow", "price_too_narrow", "price_too_narrow"]);
    const opened = new Hono().use(
      paywall(till.config({ routes: { "GET /items/special": "$1", "GET /items/:id": "free" } })),
    );
    opened.get("/items/:id", (c) => c.text(""));
    expect(() => paywall.check(opened)).not.toThrow();
  });

  it("counts static files and mounts below a path as served, and middleware for everything not", () => {
    const files = serveStatic({ getContent: async () => null });
    expect(() => paywall.check(new Hono().use(gate("/static/premium/*")).use("/static/*", files))).not.toThrow();
    expect(() => paywall.check(new Hono().use(gate("/static/premium/*")).use(logger()))).toThrow(/static\/premium/);
  });

  it("finds a paywall in a sub-app that handles its errors itself", () => {
    const sub = new Hono().onError((_, c) => c.text("", 500)).use(gate("/nothing"));
    expect(() => paywall.check(new Hono().route("/sub", sub))).toThrow(/nothing/);
  });
});
