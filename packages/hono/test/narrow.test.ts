import { serveStatic } from "@hono/node-server/serve-static";
import type { ConfigError } from "@turnpike/core";
import { type Context, Hono, type MiddlewareHandler, type Next } from "hono";
import { cors } from "hono/cors";
import { logger } from "hono/logger";
import { describe, expect, it } from "vitest";
import { paid, paywall, protect, type RouteTable } from "../src/index.js";
import { openTill } from "./till.js";

const till = openTill();
const gate = (routes: RouteTable<Context>) => paywall(till.config({ routes }));
const text = (c: Context) => c.text("goods");
const some = async (c: Context, next: Next) => (c.req.header("x-pass") ? next() : c.text("goods"));
const passing = async (_: Context, next: Next) => next();
const both = [passing, text] as MiddlewareHandler[];
const report = () => new Hono().get("/report", text);
const yoga = () => new Response("goods");

function codes(app: Hono): string[] {
  try {
    paywall.check(app);
    return [];
  } catch (error) {
    return (error as ConfigError).problems.map(({ code, path }) => `${code} ${path}`);
  }
}

describe("check refuses a price that is narrower than", () => {
  it("G21d a mounted app, or a function below a path, which serves everything there", async () => {
    const apps: Record<string, (app: Hono) => Hono> = {
      mounted: (app) => app.mount("/graphql", yoga),
      handler: (app) => app.use("/graphql/*", async (_c, _next) => new Response("goods")),
      some: (app) => app.use("/graphql/*", some),
      behindMiddleware: (app) => app.use("/graphql/*", passing, logger()).mount("/graphql", yoga),
      route: (app) => app.post("/graphql/*", some),
      wholeApp: (app) => app.all("/*", text),
    };
    for (const [name, build] of Object.entries(apps)) {
      for (const key of ["POST /graphql", "ALL /graphql"]) {
        const expected = [`price_too_narrow routes["${key}"]`];
        expect(codes(build(new Hono().use(gate({ [key]: "$1" } as const)))), name).toEqual(expected);
        const guarded = protect(build(new Hono()), till.config(), { [key]: "$1" } as const);
        expect(codes(guarded), name).toEqual(expected);
        expect((await guarded.request("/graphql", { method: "POST" })).status, name).toBe(500);
      }
      const whole = build(new Hono().use(gate({ "POST /graphql/*": "$1", "ALL /*": "free" })));
      expect(codes(whole), name).toEqual([]);
      expect((await whole.request("/graphql", { method: "POST" })).status, name).toBe(402);
      const opened = build(new Hono().use(gate({ "POST /graphql": "$1", "ALL /*": "free" })));
      expect(codes(opened), name).toEqual([]);
      expect((await opened.request("/graphql", { method: "POST" })).status, name).toBe(402);
    }
    expect(codes(new Hono().use(gate({ "GET /w/:id": "$1" })).all("/w/*", some))).toHaveLength(1);
  });

  it("G21e a sub-app or a list of paths, of which another one is free", () => {
    const sub = report();
    const apps: Record<string, (app: Hono) => Hono> = {
      list: (app) => app.on("GET", ["/api/report", "/v1/report"], text),
      listOfMethods: (app) => app.on(["GET", "POST"], ["/v2/report", "/api/report"], ...both),
      subApp: (app) => app.route("/api", sub).get("/other", passing, text).route("/v1", sub),
      nested: (app) => app.route("/v1", new Hono().route("/deep", sub)).route("/api", sub),
      base: (app) => {
        app.basePath("/api").get("/report", text);
        app.get("/other", (c) => text(c));
        app.basePath("/v1").get("/report", text);
        return app;
      },
      ownErrors: (app) => {
        const own = report().onError((_, c) => c.text("", 500));
        return app.route("/api", own).route("/v1", own);
      },
    };
    for (const [name, build] of Object.entries(apps)) {
      for (const key of ["GET /api/report", "GET /api/*"]) {
        const app = build(new Hono().use(gate({ [key]: "$1" } as const)));
        expect(codes(app), `${name} ${key}`).toEqual([`price_too_narrow routes["${key}"]`]);
      }
      const opened = gate({ "GET /api/report": "$1", "GET /:version/report": "free", "GET /v1/deep/report": "free" });
      expect(codes(build(new Hono().use(opened))).filter((code) => code.startsWith("price"))).toEqual([]);
    }
  });

  it("G21f nothing else: middleware, what says that nothing is found, a handler that other paths have too", async () => {
    const none = (c: Context) => c.text("none", 404);
    const app = new Hono()
      .use(gate({ "ALL /api/report": "$1", "GET /city/:name": "$1", "GET /files/*": "$1" }))
      .use("/api/*", cors(), logger(), passing)
      .use("/city/*", passing)
      .get("/about", text)
      .get("/api/report", passing, text)
      .get("/city/berlin", passing, text)
      .all("/city/*", none)
      .use("/files/*", serveStatic({ root: "." }))
      .all("/*", none);
    expect(codes(app)).toEqual([]);
    for (const path of ["/api/report", "/city/berlin", "/files/x"]) {
      expect((await app.request(path)).status, path).toBe(402);
    }
    expect((await app.request("/about")).status).toBe(200);
  });
});

it("G15h check refuses a paid handler that OPTIONS has in a registration of its own", () => {
  const price = () => paid(till.config(), "$1");
  const own = (c: Context) => c.body(null, 204);
  const refused = ["gate_bypassed paid() at OPTIONS /x"];
  expect(codes(new Hono().get("/x", price(), text).options("/x", text))).toEqual(refused);
  expect(codes(new Hono().options("/x", passing, text).get("/x", price(), text))).toEqual(refused);
  expect(codes(new Hono().get("/x", price(), some).options("/x", some))).toEqual(refused);
  expect(codes(new Hono().options("/x", own).get("/x", price(), text))).toEqual([]);
  expect(codes(new Hono().get("/x", price(), passing, text).options("/x", passing, own))).toEqual([]);
  expect(codes(new Hono().on(["GET", "OPTIONS"], "/x", price(), text))).toEqual([]);
  expect(
    codes(
      new Hono()
        .use(gate({ "GET /x": "$1" }))
        .get("/x", text)
        .options("/x", text),
    ),
  ).toEqual([]);
});

it("G11b check refuses a paid route whose handler passes requests on to what other spellings reach, as the first request does", async () => {
  const price = () => paid(till.config(), "$1");
  const files = serveStatic({ root: "." });
  const apps = [
    new Hono().get("/premium/:f", price(), passing).use("/*", files),
    new Hono().get("/premium/x", price(), passing).use("/*", files),
    new Hono().get("/premium/:f", price(), passing).all("/*", text),
    new Hono().get("/premium/:f", price()).use("/*", files),
  ];
  for (const app of apps) {
    expect(codes(app)).toEqual(["gate_bypassed paid() at GET /premium/x"]);
    expect((await app.request("/premium/x")).status).toBe(500);
  }
  const right = new Hono().get("/premium/:f", price(), passing, text).use("/*", files);
  expect(codes(right)).toEqual([]);
  expect((await right.request("/premium/x")).status).toBe(402);
});

it("G14p an expression with more alternatives than examples are made of counts as one that takes any value", async () => {
  const names = Array.from({ length: 80 }, (_, at) => `c${at}`);
  const route = `/:name{${names.join("|")}}`;
  const some = Object.fromEntries(names.slice(0, 70).map((name) => [`GET /${name}`, "$1" as const]));
  const found = codes(new Hono().use(gate(some)).get(route, text));
  expect(new Set(found.map((problem) => problem.split(" ")[0]))).toEqual(new Set(["price_too_narrow"]));
  const whole = new Hono().use(gate({ "GET /:name": "$1" })).get(route, text);
  expect(codes(whole)).toEqual([]);
  expect((await whole.request("/c75")).status).toBe(402);
});
