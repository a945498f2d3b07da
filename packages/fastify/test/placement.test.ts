import { createPaywall } from "@turnpike/core";
import { readChallenge } from "@turnpike/testing";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { paid, paywall } from "../src/index.js";
import { listen, openTill } from "./till.js";

const till = openTill();

const routes = {
  "GET /before": "$0.01",
  "GET /older/inner": "$0.01",
  "GET /older/deep/inner": "$0.01",
  "GET /younger/inner": "$0.01",
  "GET /root": "$0.01",
  "GET /late": "$0.01",
} as const;

/** Every place in a plugin tree, and the order in which Fastify comes by them. */
async function plant(app: FastifyInstance, register: (app: FastifyInstance) => unknown, runs: string[]) {
  const handler = (name: string) => async () => {
    runs.push(name);
    return name;
  };
  app.get("/before", handler("before"));
  let older: FastifyInstance | undefined;
  await app.register(
    async (scope) => {
      older = scope;
      scope.get("/inner", handler("inner"));
      await scope.register(async (deep) => void deep.get("/inner", handler("deep")), { prefix: "/deep" });
    },
    { prefix: "/older" },
  );
  await register(app);
  older?.get("/added", { config: { paywall: "$0.02" } }, handler("added"));
  await app.register(async (scope) => void scope.get("/inner", handler("younger")), { prefix: "/younger" });
  await app.register(async (scope) => void scope.get("/", handler("root")), { prefix: "/root" });
  app.get("/own", { config: { paywall: "$0.03" } }, handler("own"));
  app.get("/free", handler("free"));
  app.after(() => void app.get("/late", handler("late")));
}

const places = [
  ["/before", "10000"],
  ["/older/inner", "10000"],
  ["/older/deep/inner", "10000"],
  ["/older/added", "20000"],
  ["/younger/inner", "10000"],
  ["/root", "10000"],
  ["/root/", "10000"],
  ["/late", "10000"],
  ["/own", "30000"],
] as const;

describe("wherever a route stands", () => {
  it.each([
    ["registered on the app and awaited", (app: FastifyInstance) => app.register(paywall, till.config({ routes }))],
    [
      "registered on the app, not awaited",
      (app: FastifyInstance) => void app.register(paywall, till.config({ routes })),
    ],
    [
      "registered inside a plugin of its own",
      (app: FastifyInstance) =>
        app.register(async (scope) => {
          await scope.register(paywall, till.config({ routes }));
        }),
    ],
  ])("is priced, GET and HEAD, by a paywall %s", async (_, register) => {
    const runs: string[] = [];
    const app = till.app();
    await plant(app, register, runs);
    const { ask, status } = await listen(app);
    for (const [path, amount] of places) {
      const response = await ask(path);
      expect([response.status, readChallenge(response)?.accepts[0]?.amount], path).toEqual([402, amount]);
      expect(await status(path, "HEAD"), `HEAD ${path}`).toBe(402);
    }
    expect(runs).toEqual([]);
    expect(await status("/free")).toBe(200);
    expect(await status("/nowhere")).toBe(404);
  });

  it("sells a route that was there before the paywall", async () => {
    const app = till.app();
    await plant(app, (app) => app.register(paywall, till.config({ routes })), []);
    const { origin } = await listen(app);
    const { response, receipt } = await till.buyer.buy(`${origin}/older/deep/inner`);
    expect([response.status, await response.text(), receipt?.success]).toEqual([200, "deep", true]);
  });

  it("gives a route's own price to the nearest paywall around it", async () => {
    const app = till.app();
    const other = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";
    const handler = async () => "bought";
    await app.register(async (scope) => {
      await scope.register(paywall, till.config({ payTo: other }));
      scope.get("/inner", { config: { paywall: "$0.01" } }, handler);
    });
    await app.register(paywall, { tolls: createPaywall(till.config()) });
    app.get("/outer", { config: { paywall: "$0.01" } }, handler);
    const { ask } = await listen(app);
    expect(readChallenge(await ask("/inner"))?.accepts[0]?.payTo).toBe(other);
    expect(readChallenge(await ask("/outer"))?.accepts[0]?.payTo).not.toBe(other);
  });

  it("prices every host and version of a pattern, whatever its parameters are called", async () => {
    const app = till.app();
    await app.register(paywall, till.config({ routes: { "GET /items/:id": "$0.01" } }));
    app.get("/items/:id", async () => "one");
    app.get("/items/:item", { constraints: { host: "other.example" } }, async () => "two");
    app.get("/items/:name", { constraints: { version: "2.0.0" } }, async () => "three");
    const { ask } = await listen(app);
    for (const headers of [{}, { "accept-version": "2.x" }] as Record<string, string>[]) {
      expect((await ask("/items/7", { headers })).status).toBe(402);
    }
    const hosted = await app.inject({ url: "/items/7", headers: { host: "other.example" } });
    expect(hosted.statusCode).toBe(402);
  });
});

describe("a price on the route", () => {
  it("wins over the table, and opens a route that the table prices", async () => {
    const app = till.app();
    await app.register(paywall, till.config({ routes: { "GET /a": "$0.01", "GET /b": "$0.01", "GET /c": "free" } }));
    app.get("/a", { config: { paywall: "free" } }, async () => "a");
    app.get("/b", { config: { paywall: "$0.01" } }, async () => "b");
    app.get("/c", { config: { paywall: "$0.02" } }, async () => "c");
    app.post("/a", { config: { paywall: "$0.05" } }, async () => "post");
    const { ask, status } = await listen(app);
    expect([await status("/a"), await status("/b"), await status("/a", "POST")]).toEqual([200, 402, 402]);
    expect(readChallenge(await ask("/c"))?.accepts[0]?.amount).toBe("20000");
  });

  it("takes a price function and all options, of which the function gets Fastify's request", async () => {
    const app = till.app();
    await app.register(paywall, till.config());
    const handler = async () => "bought";
    app.get<{ Params: { n: string } }>(
      "/n/:n",
      { config: { paywall: { price: (request) => `$0.0${(request.params as { n: string }).n}`, maxPrice: "$0.05" } } },
      handler,
    );
    const { ask } = await listen(app);
    expect(readChallenge(await ask("/n/3"))?.accepts[0]?.amount).toBe("30000");
    expect(readChallenge(await ask("/n/9"))?.accepts[0]?.amount).toBe("50000");
  });

  it("is one price for all verbs of the route, and never lets OPTIONS into its handler", async () => {
    const app = till.app();
    const runs: string[] = [];
    await app.register(paywall, till.config());
    app.route({
      method: ["GET", "POST", "OPTIONS"],
      url: "/many",
      config: { paywall: "$0.01" },
      handler: async ({ method }) => runs.push(method),
    });
    app.all("/all", { config: { paywall: "$0.01" } }, async ({ method }) => runs.push(method));
    const { ask, status } = await listen(app);
    for (const path of ["/many", "/all"]) {
      expect([await status(path), await status(path, "HEAD"), await status(path, "POST")]).toEqual([402, 402, 402]);
      const options = await ask(path, { method: "OPTIONS" });
      expect([options.status, options.headers.get("allow")]).toEqual([204, expect.stringContaining("POST")]);
    }
    expect(await status("/all", "DELETE")).toBe(402);
    expect(runs).toEqual([]);
  });
});

describe("paid", () => {
  it("prices a route without the plugin, and beside other options", async () => {
    const app = till.app();
    const tolls = createPaywall(till.config());
    const seen: unknown[] = [];
    app.get("/plain", paid(tolls, "$0.01"), async ({ payment }) => payment ?? "unpaid");
    app.get(
      "/beside",
      { ...paid(tolls, "$0.02"), onRequest: async () => void seen.push("hook") },
      async () => "bought",
    );
    app.all("/all", paid(till.config(), "$0.03"), async () => "bought");
    const { origin, ask, status } = await listen(app);
    expect([await status("/plain"), await status("/plain", "HEAD"), await status("/all", "PUT")]).toEqual([
      402, 402, 402,
    ]);
    expect([await status("/all", "OPTIONS"), seen]).toEqual([204, []]);
    const { response } = await till.buyer.buy(`${origin}/plain`);
    expect(await response.json()).toMatchObject({ payer: till.buyer.address, amount: "10000" });
    // Its own `onRequest` has taken the place of the paywall's, which asks at the next stage then.
    expect(readChallenge(await ask("/beside"))?.accepts[0]?.amount).toBe("20000");
    const before = till.charges;
    expect(await (await till.buyer.buy(`${origin}/beside`)).response.text()).toBe("bought");
    expect(till.charges).toBe(before + 1);
  });

  it("is charged once where the app's paywall finds the same route", async () => {
    const app = till.app();
    const tolls = createPaywall(till.config());
    await app.register(paywall, { tolls, routes: { "GET /table": "$0.01", "GET /both": "$0.02" } });
    app.get("/table", async () => "bought");
    app.get("/own", paid(tolls, "$0.02"), async () => "bought");
    app.get("/both", paid(tolls, "$0.02"), async () => "bought");
    app.post("/table", paid(till.config(), "$0.03"), async () => "bought");
    const { origin } = await listen(app);
    for (const [path, method] of [["/table"], ["/own"], ["/both"], ["/table", "POST"]] as const) {
      const before = till.charges;
      const { response } = await till.buyer.buy(origin + path, { method: method ?? "GET" });
      expect([response.status, till.charges - before], path).toEqual([200, 1]);
    }
  });
});
