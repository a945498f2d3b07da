import type { ConfigError } from "@turnpike/core";
import { readChallenge } from "@turnpike/testing";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { paid, paywall } from "../src/index.js";
import { listen, openTill } from "./till.js";

const till = openTill();
const handler = async () => "bought";

/** What an app asks for each path, in atomic units; else the status. */
async function pricesOf(app: FastifyInstance, paths: readonly string[]): Promise<Record<string, string | number>> {
  const { ask } = await listen(app);
  const priced = paths.map(async (path) => {
    const response = await ask(path);
    return [path, readChallenge(response)?.accepts[0]?.amount ?? response.status];
  });
  return Object.fromEntries(await Promise.all(priced)) as Record<string, string | number>;
}

async function problemsOf(app: FastifyInstance): Promise<string[]> {
  const error = await app.ready().then(
    () => undefined,
    (reason: ConfigError) => reason,
  );
  return (error?.problems ?? []).map(({ code, path }) => `${code} ${path}`);
}

describe("G25 a section of a table", () => {
  it("prices whatever the app serves below it, early, late and in plugins", async () => {
    const app = till.app();
    app.get("/api/early", handler);
    await app.register(paywall, till.config({ routes: { "GET /api/*": "$0.01" } }));
    app.get("/api/users", handler);
    app.get("/api/items/:id", handler);
    app.get("/api/files/*", handler);
    app.get("/api/t/:h(^\\d+)h:m(^\\d+)m", handler);
    app.get("/api/opt/:id?", handler);
    app.register(
      async (scope) => {
        scope.get("/", handler);
        scope.get("/deep", handler);
      },
      { prefix: "/api/plugin" },
    );
    app.get("/apix", handler);
    app.get("/other/api/users", handler);
    const costs = ["/api/early", "/api/users", "/api/users/", "/api/items/7", "/api/files/a/b", "/api/t/1h2m"];
    costs.push("/api/opt", "/api/opt/7", "/api/plugin", "/api/plugin/", "/api/plugin/deep");
    expect(await pricesOf(app, [...costs, "/apix", "/other/api/users", "/api/nothing"])).toEqual({
      ...Object.fromEntries(costs.map((path) => [path, "10000"])),
      "/api/users/": 404,
      "/apix": 200,
      "/other/api/users": 200,
      "/api/nothing": 404,
    });
  });

  it("prices the place that it stands at, with and without a final slash", async () => {
    const app = till.app();
    await app.register(paywall, till.config({ routes: { "GET /api/*": "$0.01", "GET /files/*": "$0.02" } }));
    app.register(async (scope) => void scope.get("/", handler), { prefix: "/api" });
    app.get("/files/*", handler);
    expect(await pricesOf(app, ["/api", "/api/", "/files/", "/files/x"])).toEqual({
      "/api": "10000",
      "/api/": "10000",
      "/files/": "20000",
      "/files/x": "20000",
    });
  });

  it("gives way to a more specific entry, verb by verb, and to a route's own price", async () => {
    const app = till.app();
    const routes = {
      "GET /api/*": "$0.01",
      "GET /api/items/:id": "$0.02",
      "GET /api/items/open": "free",
      "POST /api/items/:id": "free",
      "ALL /api/v2/*": "$0.03",
      "GET /api/v2/:name": "$0.04",
    } as const;
    await app.register(paywall, till.config({ routes }));
    app.all("/api/items/:id", handler);
    app.get("/api/items/open", handler);
    app.all("/api/v2/:name", handler);
    app.get("/api/v2/:name/more", handler);
    app.get("/api/own", { config: { paywall: "$0.05" } }, handler);
    app.get("/api/paid", paid(till.config(), "$0.06"), handler);
    app.get("/api/free", { config: { paywall: "free" } }, handler);
    app.get("/api/rest", handler);
    expect(
      await pricesOf(
        app,
        ["items/7", "items/open", "v2/a", "v2/a/more", "own", "paid", "free", "rest"].map((end) => `/api/${end}`),
      ),
    ).toEqual({
      "/api/items/7": "20000",
      "/api/items/open": 200,
      "/api/v2/a": "40000",
      "/api/v2/a/more": "30000",
      "/api/own": "50000",
      "/api/paid": "60000",
      "/api/free": 200,
      "/api/rest": "10000",
    });
    const statuses = await Promise.all(
      [
        ["POST", "/api/items/7"],
        ["PUT", "/api/items/7"],
        ["POST", "/api/v2/a"],
        ["POST", "/api/rest"],
      ].map(async ([method, url]) => (await app.inject({ method: method as "POST", url: url as string })).statusCode),
    );
    expect(statuses).toEqual([200, 405, 402, 405]);
  });

  it("is asked for, or not, whatever a route states for other methods of one of its paths", async () => {
    const app = till.app();
    await app.register(paywall, till.config({ routes: { "ALL /api/*": "$0.01" } }));
    app.all("/api/:name", handler);
    app.all("/api/deep/*", handler);
    app.get("/free/:name", handler);
    app.get("/any/*", handler);
    for (const url of ["/api/x", "/api/deep/x", "/free/x", "/any/x"])
      app.post(url, paid(till.config(), "$0.02"), handler);
    expect(await pricesOf(app, ["/api/x", "/api/deep/x", "/api/y", "/free/x", "/free/y", "/any/x"])).toEqual({
      "/api/x": "10000",
      "/api/deep/x": "10000",
      "/api/y": "10000",
      "/free/x": 200,
      "/free/y": 200,
      "/any/x": 405,
    });
    for (const url of ["/api/x", "/free/x", "/any/x"])
      expect((await app.inject({ method: "POST", url })).statusCode).toBe(402);
  });

  it("prices a part of what one handler serves, by the path of each request", async () => {
    const app = till.app();
    await app.register(paywall, till.config({ routes: { "GET /premium/*": "$0.01", "GET /gold/:id/*": "$0.02" } }));
    app.all("/*", handler);
    const { raw } = await listen(app);
    for (const target of [
      "/premium/x",
      "/PREMIUM/x",
      "/premium",
      "//premium/x",
      "/x/../premium/x",
      "/premium%2fx",
      "/gold/7/x",
    ]) {
      expect((await raw(target)).status, target).toBe(402);
    }
    expect((await raw("/premium/../gold/7/x")).status).toBe(400);
    expect((await raw("/premium/x", "POST")).status).toBe(405);
    expect((await raw("/premium/x", "OPTIONS")).status).toBe(204);
    for (const target of ["/", "/premiums/x", "/gold", "/other"]) expect((await raw(target)).status, target).toBe(200);
  });

  it("never sells what its handler's own price covers for that of a part", async () => {
    const app = till.app();
    await app.register(paywall, till.config({ routes: { "GET /*": "$5", "GET /cheap/*": "$0.01" } }));
    app.get("/*", handler);
    const { raw } = await listen(app);
    const amountOf = async (target: string) => {
      const answer = await raw(target);
      const header = answer.header("payment-required");
      const headers = header === undefined ? {} : { "payment-required": header };
      return readChallenge(new Response(null, { headers }))?.accepts[0]?.amount ?? answer.status;
    };
    expect(await amountOf("/cheap/x")).toBe("10000");
    expect(await amountOf("/dear")).toBe("5000000");
    for (const target of ["/cheap/../dear", "/cheap/%2e%2e/dear", "/x/../cheap/x", "/cheap%2f..%2fdear"]) {
      expect(["5000000", 400], target).toContain(await amountOf(target));
    }
  });
});

describe("G25b a parameter of a table", () => {
  it("prices a literal route in its place, and no longer path", async () => {
    const app = till.app();
    await app.register(paywall, till.config({ routes: { "GET /city/:name": "$0.01", "GET /x/:a/y": "$0.02" } }));
    app.get("/city/berlin", handler);
    app.get("/city/berlin/map", handler);
    app.get("/city", handler);
    app.get("/x/1/y", handler);
    expect(await pricesOf(app, ["/city/berlin", "/city/berlin/map", "/city", "/x/1/y"])).toEqual({
      "/city/berlin": "10000",
      "/city/berlin/map": 200,
      "/city": 200,
      "/x/1/y": "20000",
    });
  });
});

describe("G21 a price that is narrower than its route", () => {
  it("stops the start, until an entry says what the rest costs", async () => {
    const narrow = till.app();
    await narrow.register(paywall, till.config({ routes: { "GET /w/:id": "$0.01", "GET /f/report.pdf": "$1" } }));
    narrow.get("/w/*", handler);
    narrow.get("/f/:name", handler);
    expect(await problemsOf(narrow)).toEqual([
      'price_too_narrow routes["GET /w/:id"]',
      'price_too_narrow routes["GET /f/report.pdf"]',
    ]);

    const open = till.app();
    const routes = {
      "GET /w/:id": "$0.01",
      "GET /w/*": "free",
      "GET /f/report.pdf": "$1",
      "GET /f/:name": "$0.02",
    } as const;
    await open.register(paywall, till.config({ routes }));
    open.get("/w/*", handler);
    open.get("/f/:name", handler);
    expect(await pricesOf(open, ["/w/1", "/w/1/2", "/f/report.pdf", "/f/REPORT.pdf", "/f/a"])).toEqual({
      "/w/1": "10000",
      "/w/1/2": 200,
      "/f/report.pdf": "1000000",
      "/f/REPORT.pdf": "1000000",
      "/f/a": "20000",
    });
  });

  it("G14 stops the start for one file below a file server, until its folder has a price or is opened", async () => {
    const start = async (more: Record<string, string>) => {
      const app = till.app();
      await app.register(paywall, till.config({ routes: { "GET /premium/report.html": "$1", ...more } }));
      app.get("/*", handler);
      app.get("/premium/index.html", handler);
      return problemsOf(app);
    };
    const problem = 'file_has_other_names routes["GET /premium/report.html"]';
    expect(await start({})).toEqual([problem]);
    expect(await start({ "GET /*": "free" })).toEqual([problem]);
    expect(await start({ "GET /premium/*": "$1" })).toEqual([]);
    expect(await start({ "GET /premium/*": "free" })).toEqual([]);
    expect(await start({ "GET /*": "$0.01" })).toEqual([]);
  });

  it("stops the start for a method or a section that nothing serves", async () => {
    const app = till.app();
    await app.register(
      paywall,
      till.config({ routes: { "POST /api/*": "$0.01", "GET /apis/*": "$0.01", "GET /api/*": "$0.01" } }),
    );
    app.get("/api/users", handler);
    expect(await problemsOf(app)).toEqual([
      'route_not_served routes["POST /api/*"]',
      'route_not_served routes["GET /apis/*"]',
    ]);
  });
});

describe("G26 two paywalls of one app", () => {
  it("stop the start with two prices for one route, in whatever way they are written", async () => {
    const app = till.app();
    await app.register(paywall, till.config({ routes: { "GET /a": "$0.01", "GET /b": "$0.01", "GET /c/*": "$0.01" } }));
    await app.register(async (scope) => {
      await scope.register(
        paywall,
        till.config({ routes: { "GET /a": "$0.01", "GET /b": "$0.02", "GET /c/d": "$0.03" } }),
      );
    });
    const payTo = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";
    for (const url of ["/a", "/b", "/c/d"]) app.get(url, handler);
    expect(await problemsOf(app)).toEqual(["priced_twice GET /b", "priced_twice GET /c/d"]);

    const paid = till.app();
    for (const to of [payTo, undefined]) {
      await paid.register(paywall, till.config({ ...(to && { payTo: to }), routes: { "GET /e": "$0.01" } }));
    }
    paid.get("/e", handler);
    expect(await problemsOf(paid)).toEqual(["priced_twice GET /e"]);
  });
});

it("G25 prices what a parameter covers of a wider route, and of one beside it", async () => {
  const app = till.app();
  await app.register(paywall, till.config({ routes: { "GET /:section/:page": "$0.01" } }));
  app.get("/:section/:page", async () => "page");
  app.get("/premium/*", async () => "file");
  const { status } = await listen(app);
  for (const path of ["/a/b", "/premium/index.html", "/./premium/index.html"]) {
    expect(await status(path), path).toBe(402);
  }
  expect(await status("/premium/a/b")).toBe(200);
});
