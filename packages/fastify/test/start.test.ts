import { ConfigError, createPaywall } from "@turnpike/core";
import { type FastifyInstance, type FastifyRequest, fastify } from "fastify";
import { describe, expect, expectTypeOf, it } from "vitest";
import registered, { type FastifyPaywallOptions, type Payment, paid, paywall } from "../src/index.js";
import { listen, openTill } from "./till.js";

const till = openTill();

/** What stops the start of an app. */
async function problems(app: FastifyInstance): Promise<Record<string, string>> {
  const error: unknown = await app.ready().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return Object.fromEntries((error as ConfigError).problems.map(({ path, code }) => [path, code]));
}

const handler = async () => "served";

describe("the start", () => {
  it("stops with every problem in one error: configuration, table, routes of any place", async () => {
    const app = till.app();
    app.get("/earlier", { config: { paywall: "$1,000" as "$1" } }, handler);
    await app.register(async (scope) => void scope.get("/inner", { config: { paywall: "1 NOPE" } }, handler));
    const routes = { "GETT /x": "$0.01", "GET /y": "$0", "GET /z/*/z": "$0.01" } as const;
    void app.register(paywall, till.config({ routes }));
    app.get("/y", { config: { paywall: { price: "$0.01", tollgate: 1 } as never } }, handler);
    expect(await problems(app)).toEqual({
      'routes["GETT /x"]': "invalid_route",
      'routes["GET /y"].price': "invalid_price",
      'routes["GET /z/*/z"]': "invalid_route",
      "GET /earlier.price": "invalid_price",
      "GET /inner.price": "invalid_price",
      "GET /y.tollgate": "unknown_option",
    });
  });

  it("stops for a configuration that cannot work", async () => {
    const app = till.app();
    app.register(paywall, { ...till.config({ routes: { "GET /x": "$0" } }), payTo: "0x12", netwrok: "base" } as never);
    app.get("/x", handler);
    expect(await problems(app)).toMatchObject({ netwrok: "unknown_option", payTo: "invalid_pay_to" });
  });

  it("stops for every pattern that no route serves, with the route that was meant", async () => {
    const app = till.app();
    const routes = {
      "GET /items/:item": "$0.01",
      "GET /weather": "$0.01",
      "GET /nowhere": "$0.01",
      "POST /items/:id": "$0.01",
      "ALL /files/*": "$0.01",
      "GET /gone": "free",
    } as const;
    await app.register(paywall, till.config({ routes }));
    app.get("/items/:id", handler);
    app.post("/files/*", handler);
    app.register(async (scope) => void scope.get("/weather", handler), { prefix: "/api" });
    const error = await app.ready().then(undefined, (reason: ConfigError) => reason);
    expect((error as ConfigError).problems.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'route_not_served routes["POST /items/:item"]',
      'route_not_served routes["GET /weather"]',
      'route_not_served routes["GET /nowhere"]',
      'route_not_served routes["GET /gone"]',
    ]);
    expect((error as ConfigError).message).toContain('did you mean "/api/weather"');
  });

  it("stops for half of a route with an optional parameter, which would price the other half or open it", async () => {
    const app = till.app();
    await app.register(paywall, till.config({ routes: { "GET /a/:id": "$0.01", "GET /b/:id?": "$0.01" } }));
    app.get("/a/:id?", handler);
    app.get("/b/:id?", handler);
    expect(await problems(app)).toEqual({ 'routes["GET /a/:id"]': "split_route" });
  });

  it("stops for two different prices of one route, whether in the table or on the route", async () => {
    const app = till.app();
    app.get("/a", { config: { paywall: "$0.02" } }, handler);
    const routes = { "GET /a": "$0.01", "GET /b": "$0.01", "GET /c/:x": "$0.01", "GET /c/:y": "$0.02" } as const;
    await app.register(paywall, till.config({ routes }));
    app.get("/b", paid(till.config(), "$0.02"), handler);
    app.get("/c/:id", handler);
    expect(await problems(app)).toMatchObject({ 'routes["GET /c/:y"]': "invalid_route" });

    const other = till.app();
    await other.register(paywall, till.config({ routes: { "GET /a": "$0.01", "GET /b": "$0.01" } }));
    other.get("/a", { config: { paywall: "$0.02" } }, handler);
    other.get("/b", paid(till.config(), "$0.02"), handler);
    expect(await problems(other)).toEqual({ 'routes["GET /a"]': "priced_twice", 'routes["GET /b"]': "priced_twice" });
  });

  it("stops for a paywall that protects nothing, and for options beside an engine", async () => {
    const idle = till.app();
    await idle.register(paywall, till.config());
    idle.get("/x", handler);
    expect(await problems(idle)).toEqual({ routes: "missing_routes" });

    const mixed = till.app();
    const options = { tolls: createPaywall(till.config()), payTo: "0x1", prefix: "/ignored" } as FastifyPaywallOptions;
    await mixed.register(paywall, options);
    expect(await problems(mixed)).toEqual({ payTo: "unknown_option" });
  });

  it("serves nothing once it has been stopped", async () => {
    const app = till.app();
    let runs = 0;
    await app.register(paywall, till.config({ routes: { "GET /nowhere": "$0.01" } }));
    app.get("/x", async () => ++runs);
    await expect(app.ready()).rejects.toThrow(/nowhere/);
    expect((await app.inject("/x")).statusCode).toBe(500);
    expect(runs).toBe(0);
  });

  it("reads the table of the engine, and takes patterns that overlap", async () => {
    const app = till.app();
    const routes = { "GET /o/:id": "$0.01", "GET /o/dear": "$5", "GET /o/*": "$0.02" } as const;
    await app.register(registered, { tolls: createPaywall(till.config({ routes })), prefix: "/ignored" });
    for (const url of ["/o/:id", "/o/dear", "/o/*"]) app.get(url, handler);
    const { origin } = await listen(app);
    const amounts = ["/o/dear", "/o/x", "/o/x/y"].map(async (path) => {
      const { challenge } = await till.buyer.buy(origin + path);
      return challenge.accepts[0]?.amount;
    });
    expect(await Promise.all(amounts)).toEqual(["5000000", "10000", "20000"]);
  });
});

describe("without Fastify's word on earlier routes", () => {
  it("still prices them, and denies what it cannot price", async () => {
    const app = till.app();
    let runs = 0;
    const run = async () => ++runs;
    const key = Object.getOwnPropertySymbols(app).find(({ description }) => description === "fastify.404");
    const part = Reflect.get(app, key as symbol) as object;
    Object.defineProperty(app, key as symbol, { value: part });
    const { setContext } = part as { setContext: unknown };
    Object.assign(part, { setContext: undefined });
    app.get("/good", { config: { paywall: "$0.01" } }, run);
    app.get("/bad", { config: { paywall: "$0" } }, run);
    await app.register(paywall, till.config({ routes: { "GET /later": "$0.01" } }));
    app.get("/later", run);
    Object.assign(part, { setContext });
    const { status, ask } = await listen(app);
    expect([await status("/good"), await status("/later"), await status("/bad")]).toEqual([402, 402, 500]);
    expect(await (await ask("/bad")).text()).not.toContain("$0");
    expect(runs).toBe(0);
  });
});

describe("types", () => {
  it("give the handler its payment, and the route its price", () => {
    expectTypeOf<FastifyRequest["payment"]>().toEqualTypeOf<Payment | undefined>();
    const app = till.app();
    // Only compiled: servers of any kind take the plugin and the piece for a route.
    const compile = async () => {
      const secure = fastify({ http2: true });
      await secure.register(paywall, till.config());
      secure.get("/x", paid(till.config(), "$0.01"), async ({ payment }) => payment?.payer);
    };
    expect(compile).toBeInstanceOf(Function);
    app.get(
      "/t",
      { ...paid(till.config(), "$0.01"), schema: {}, bodyLimit: 10 },
      async ({ payment }) => payment?.amount,
    );
    // @ts-expect-error a number is no price
    app.get("/n", { config: { paywall: 0.01 } }, handler);
  });
});
