import type { ConfigError } from "@turnpike/core";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { describe, expect, it } from "vitest";
import { paid, paywall } from "../src/index.js";
import { listen, openTill } from "./till.js";

const till = openTill();

function counter() {
  const runs: string[] = [];
  return {
    runs,
    serve: async ({ method, url }: FastifyRequest, reply: FastifyReply) => {
      runs.push(`${method} ${url}`);
      return reply.header("x-goods", "goods").send("goods");
    },
  };
}

const ways: Readonly<Record<string, (app: FastifyInstance) => { price?: object }>> = {
  "by a table": (app) => {
    app.register(paywall, till.config({ routes: { "GET /x/:id": "$1", "GET /y": "$1" } }));
    return {};
  },
  "by config": (app) => {
    app.register(paywall, till.config());
    return { price: { config: { paywall: "$1" } } };
  },
  "by paid, with the plugin": (app) => {
    app.register(paywall, till.config({ routes: { "GET /other": "$1" } }));
    app.get("/other", async () => "other");
    return { price: paid(till.config(), "$1") };
  },
  "by paid alone": () => ({ price: paid(till.config(), "$1") }),
};

describe.each(Object.keys(ways))("with a price %s", (way) => {
  it("G15h a function that serves a priced path for another method does not run for OPTIONS", async () => {
    const app = till.app();
    const { runs, serve } = counter();
    const { price = {} } = ways[way]?.(app) ?? {};
    // Ahead of the priced route, behind it, and in a plugin with another name for the parameter.
    app.options("/y", serve);
    app.get("/y", price, serve);
    app.get("/x/:id", price, serve);
    app.register(async (scope) => void scope.route({ method: ["OPTIONS", "TRACE"], url: "/:name", handler: serve }), {
      prefix: "/x",
    });
    const { ask, status } = await listen(app);
    for (const path of ["/y", "/x/1"]) {
      const response = await ask(path, { method: "OPTIONS" });
      expect([response.status, response.headers.get("x-goods")], path).toEqual([204, null]);
      expect(await status(path), path).toBe(402);
    }
    expect(runs).toEqual([]);
  });

  it("G15i a function of its own for OPTIONS runs", async () => {
    const app = till.app();
    const { runs, serve } = counter();
    const { price = {} } = ways[way]?.(app) ?? {};
    app.get("/x/:id", price, async () => "goods");
    app.get("/y", price, async () => "goods");
    for (const path of ["/x/:id", "/y"]) app.options(path, serve);
    app.get("/free", async () => "free");
    const { status } = await listen(app);
    for (const path of ["/x/1", "/y"]) expect(await status(path, "OPTIONS"), path).toBe(200);
    expect(runs).toEqual(["OPTIONS /x/1", "OPTIONS /y"]);
  });

  it("G15j HEAD costs what GET costs, wherever it is registered", async () => {
    for (const first of [true, false]) {
      const app = till.app({ exposeHeadRoutes: false });
      const { runs, serve } = counter();
      const { price = {} } = ways[way]?.(app) ?? {};
      const head = () => {
        app.head("/y", serve);
        app.head("/x/:name", serve);
      };
      if (first) head();
      app.get("/y", price, serve);
      app.get("/x/:id", price, serve);
      if (!first) head();
      app.head("/free", async () => "free");
      const { status, ask } = await listen(app);
      for (const path of ["/y", "/x/1"]) {
        const response = await ask(path, { method: "HEAD" });
        expect([response.status, response.headers.get("x-goods")], path).toEqual([402, null]);
      }
      expect(await status("/free", "HEAD")).toBe(200);
      expect(runs).toEqual([]);
    }
  });
});

it("G15k a function that serves only what is free runs for OPTIONS", async () => {
  const app = till.app();
  const { runs, serve } = counter();
  await app.register(paywall, till.config({ routes: { "GET /y": "$1" } }));
  app.get("/y", async () => "goods");
  app.get("/free", serve);
  app.options("/free", serve);
  const { status } = await listen(app);
  expect(await status("/free", "OPTIONS")).toBe(200);
  expect(runs).toEqual(["OPTIONS /free"]);
});

async function problemsOf(app: FastifyInstance): Promise<string[]> {
  const error = await app.ready().then(
    () => undefined,
    (reason: ConfigError) => reason,
  );
  return (error?.problems ?? []).map(({ code, path }) => `${code} ${path}`);
}

describe("G24b a route whose options replace a part of what paid gave", () => {
  const handler = async () => "goods";
  const hook = (_: unknown, __: unknown, done: () => void) => done();

  it.each([false, true])("stops the start where the price is gone, plugin: %s", async (withPlugin) => {
    const app = till.app();
    if (withPlugin) {
      app.register(paywall, till.config({ routes: { "GET /z": "$1" } }));
      app.get("/z", handler);
    }
    const priced = paid(till.config(), "$1");
    app.get("/all", { ...priced, config: { paywallless: 1 } as object, onRequest: hook, preHandler: hook }, handler);
    app.get("/config", { ...priced, config: {} }, handler);
    app.register(async (scope) => void scope.post("/free", { ...priced, config: { paywall: "free" } }, handler), {
      prefix: "/api",
    });
    app.get("/kept", { ...priced, config: { ...priced.config } }, handler);
    expect(await problemsOf(app)).toEqual([
      "price_missing GET /all",
      "price_missing GET /config",
      "price_missing POST /api/free",
    ]);
  });

  it("stops the start where a hook of the app takes the price away", async () => {
    const app = till.app();
    app.addHook("onRoute", (route) => {
      route.config = {};
    });
    app.get("/x", paid(till.config(), "$1"), handler);
    expect(await problemsOf(app)).toEqual(["price_missing GET /x"]);
  });

  it.each([false, true])("stops the start where a plugin makes no route of them, plugin: %s", async (withPlugin) => {
    const app = till.app();
    if (withPlugin) {
      app.register(paywall, till.config({ routes: { "GET /z": "$1" } }));
      app.get("/z", handler);
    }
    async function shop(scope: FastifyInstance) {
      scope.get("/x", handler);
    }
    app.register(async (scope) => void scope.register(shop, { ...paid(till.config(), "$1"), prefix: "/inner" }));
    expect(await problemsOf(app)).toEqual(["price_missing register(shop)"]);
  });

  it("sells a plugin that hands its options to its routes", async () => {
    const app = till.app();
    const priced = paid(till.config(), "$1");
    async function shop(scope: FastifyInstance, { config }: { config: typeof priced.config }) {
      scope.get("/x", { config }, handler);
    }
    app.register(shop, priced);
    app.get("/*", handler);
    const { status, raw } = await listen(app);
    expect([await status("/x"), (await raw("//x")).status]).toEqual([402, 402]);
  });

  it("guards other paths by a price that a hook gives, or stops the start", async () => {
    const build = () => {
      const app = till.app();
      const priced = paid(till.config(), "$1");
      app.addHook("onRoute", (route) => {
        if (route.url === "/x") Object.assign(route, priced);
      });
      app.get("/x", handler);
      app.get("/*", handler);
      return app;
    };
    expect(await problemsOf(build())).toEqual(["price_missing GET /x"]);
    for (const guard of [
      (app: FastifyInstance) => app.register(paywall, till.config()),
      (app: FastifyInstance) => app.get("/y", paid(till.config(), "$1"), handler),
    ]) {
      const app = build();
      guard(app);
      const { status, raw } = await listen(app);
      expect([await status("/x"), (await raw("//x")).status]).toEqual([402, 402]);
    }
  });

  it.each([false, true])("costs what it costs while the price is there, plugin: %s", async (withPlugin) => {
    const app = till.app();
    if (withPlugin) app.register(paywall, till.config({ routes: {} }));
    const priced = paid(till.config(), "$1");
    app.get("/hooks", { ...priced, onRequest: hook, preHandler: hook }, handler);
    app.get("/config", { ...priced, config: { ...priced.config, rate: 1 } as object, onRequest: hook }, handler);
    const { status } = await listen(app);
    expect([await status("/hooks"), await status("/config")]).toEqual([402, 402]);
  });
});
