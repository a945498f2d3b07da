import { readChallenge } from "@turnpike/testing";
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from "fastify";
import { describe, expect, it } from "vitest";
import { type FastifyPaywallOptions, paid, paywall } from "../src/index.js";
import { listen, openTill } from "./till.js";

const till = openTill();

/** What is served by path behind the app: a folder, or another server. Its own paths are decoded, resolved and joined. */
function upstream() {
  const runs: string[] = [];
  return {
    runs,
    serve: async (request: FastifyRequest, reply: FastifyReply) => {
      runs.push(`${request.method} ${request.raw.url}`);
      return reply.code(200).send("goods");
    },
  };
}

/** Readings of one priced path, as file servers and proxies resolve them. */
const spellings = [
  "//premium/x",
  "///premium//x",
  "/x/../premium/x",
  "/x/%2e%2e/premium/x",
  "/./premium/x",
  "/premium%2fx",
  "/%2fpremium/x",
  "/%70remium%2Fx",
  "/a%5c..%5cpremium/x",
  "/%252570remium%252fx",
  "/;/premium/x",
  "//premium;v=1/x",
  "http://evil.example//premium/x",
];
const methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY"];
const table = { "GET /premium/*": "$0.01" } as const;

const settings: Record<string, FastifyServerOptions> = {
  "no option": {},
  "routerOptions, all of them": {
    routerOptions: {
      ignoreDuplicateSlashes: true,
      ignoreTrailingSlash: true,
      caseSensitive: false,
      maxParamLength: 5,
      ...({ useSemicolonDelimiter: true } as object),
    },
  },
  "the options of Fastify 4, exposeHeadRoutes off": {
    exposeHeadRoutes: false,
    ...({ ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, maxParamLength: 5 } as object),
  },
  rewriteUrl: { rewriteUrl: ({ url = "/" }) => url.replace("/old", "") },
};

type Serve = ReturnType<typeof upstream>["serve"];

/** Every way to serve what no route of its own serves. */
const fallbacks: Record<string, (app: FastifyInstance, serve: Serve) => unknown> = {
  "a not-found handler": (app, serve) => app.setNotFoundHandler(serve),
  "a not-found handler with hooks of its own": (app, serve) =>
    app.setNotFoundHandler({ preHandler: async () => {}, preValidation: async () => {} }, serve),
  "a not-found handler below a prefix": (app, serve) =>
    app.register(async (scope) => scope.setNotFoundHandler(serve), { prefix: "/" }),
  "a hook behind the paywall": (app, serve) =>
    app.addHook("onRequest", async (request, reply) => {
      if (request.is404) await serve(request, reply);
    }),
  "a catch-all route": (app, serve) => app.all("/*", serve),
  "a catch-all of any form": (app, serve) =>
    app.route({ method: ["GET", "HEAD", "POST", "DELETE"], url: "*", handler: serve }),
  "a proxy below a prefix that it strips": (app, serve) =>
    app.register(async (scope) => void scope.all("/*", serve), { prefix: "/x" }),
};

async function open(
  fallback: string,
  options: FastifyServerOptions = {},
  routes: FastifyPaywallOptions = till.config({ routes: table }),
) {
  const app = till.app(options);
  const { runs, serve } = upstream();
  await app.register(paywall, routes);
  app.get("/premium/*", serve);
  await fallbacks[fallback]?.(app, serve);
  return { app, runs, ...(await listen(app)) };
}

describe.each(Object.keys(fallbacks))("G12 behind %s", (fallback) => {
  it.each(Object.keys(settings))("no reading of a priced path is served unpaid: %s", async (setting) => {
    const { raw, runs } = await open(fallback, settings[setting]);
    for (const target of spellings) {
      for (const method of methods) await raw(target, method);
    }
    expect(runs).toEqual([]);
  });
});

describe("G12b the not-found handler", () => {
  it("is asked the price of what the path may be taken for, and sold by it", async () => {
    const { origin, ask, runs } = await open("a not-found handler");
    expect(readChallenge(await ask("//premium/x"))?.accepts[0]?.amount).toBe("10000");
    const { response, receipt } = await till.buyer.buy(`${origin}//premium/x`);
    expect([response.status, await response.text(), receipt?.success]).toEqual([200, "goods", true]);
    expect(runs).toEqual(["GET //premium/x"]);
  });

  it("stays free for what has no price, with every method", async () => {
    const { ask, runs } = await open("a not-found handler");
    for (const path of ["/", "/other", "/other//x", "/premiums/x", "/a/../b", "/x;y"]) {
      expect((await ask(path)).status, path).toBe(200);
      expect((await ask(path, { method: "POST" })).status, path).toBe(200);
    }
    expect(runs).toHaveLength(12);
  });

  it("refuses a method that is not listed, and answers OPTIONS without running", async () => {
    const { raw, runs } = await open("a not-found handler");
    expect((await raw("//premium/x", "POST")).status).toBe(405);
    expect((await raw("/premium/x", "DELETE")).status).toBe(405);
    expect((await raw("//premium/x", "OPTIONS")).status).toBe(204);
    expect(runs).toEqual([]);
  });

  it("costs what a route states for itself, and refuses methods that the route does not serve", async () => {
    const app = till.app();
    const { runs, serve } = upstream();
    await app.register(paywall, till.config());
    app.get("/premium/:name", { config: { paywall: "$0.02" } }, serve);
    app.post("/premium/:name", serve);
    app.setNotFoundHandler(serve);
    const { raw } = await listen(app);
    expect([(await raw("//premium/x")).status, (await raw("//premium/x", "PUT")).status]).toEqual([402, 405]);
    expect(runs).toEqual([]);
    expect((await raw("//premium/x", "POST")).status).toBe(200);
  });

  it("may have a price of its own", async () => {
    const app = till.app();
    const { runs, serve } = upstream();
    await app.register(paywall, till.config({ routes: { "GET /x": "$0.01" } }));
    app.get("/x", serve);
    app.setNotFoundHandler({ config: { paywall: "$0.07" } } as object, serve);
    const { ask } = await listen(app);
    expect(readChallenge(await ask("/anything"))?.accepts[0]?.amount).toBe("70000");
    expect(runs).toEqual([]);
  });

  it("is not reached through reply.callNotFound() in a hook ahead of the paywall", async () => {
    const app = till.app();
    const { runs, serve } = upstream();
    app.addHook("onRequest", (request, reply, next) => {
      if (request.headers["x-unknown"]) reply.callNotFound();
      else next();
    });
    await app.register(paywall, till.config({ routes: table }));
    for (const url of ["/premium/*", "/free"]) app.get(url, serve);
    app.setNotFoundHandler(serve);
    const { ask } = await listen(app);
    const headers = { "x-unknown": "1" };
    expect((await ask("/premium/x", { headers })).status).toBe(402);
    expect((await ask("/free", { headers })).status).toBe(200);
    expect(runs).toEqual(["GET /free"]);
  });

  it("answers a paid route that calls it, without a second payment and without a charge for its 404", async () => {
    const app = till.app();
    await app.register(paywall, till.config({ routes: { "GET /gold/:name": "$0.01" } }));
    app.get("/gold/:name", (_request, reply) => void reply.callNotFound());
    app.setNotFoundHandler(async (_request, reply) => reply.code(404).send("gone"));
    const { origin } = await listen(app);
    const before = till.charges;
    const { response } = await till.buyer.buy(`${origin}/gold/x`);
    expect([response.status, await response.text(), till.charges - before]).toEqual([404, "gone", 0]);
  });

  it("of Fastify itself says 404, and nothing behind the paywall serves the path in its place", async () => {
    const { raw, runs } = await open("a hook behind the paywall");
    const answer = await raw("//premium/x");
    expect([answer.status, JSON.parse(answer.body.toString())]).toEqual([
      404,
      { statusCode: 404, error: "Not Found", message: "Route GET://premium/x not found" },
    ]);
    expect((await raw("/other")).status).toBe(200);
    expect(runs).toEqual(["GET /other"]);
  });
});

describe("G12c what Fastify cannot route", () => {
  it("costs what its path may be taken for, if the app's frameworkErrors serves it", async () => {
    const { runs, serve } = upstream();
    const app = till.app({
      frameworkErrors: (_error, request, reply) => void serve(request as FastifyRequest, reply as FastifyReply),
      routerOptions: { maxParamLength: 5 },
    });
    await app.register(paywall, till.config({ routes: { "GET /premium/*": "$0.01", "GET /items/:id": "$0.02" } }));
    for (const url of ["/premium/*", "/items/:id"]) app.get(url, serve);
    const { raw } = await listen(app);
    for (const target of ["/premium/%zz", "/premium/x%", "/items/longer-than-five"]) {
      expect((await raw(target)).status, target).toBe(402);
    }
    expect(runs).toEqual([]);
    expect((await raw("/other/%zz")).status).toBe(200);
  });

  it("is not served for a method of the app's own that is not listed, nor under a constraint that does not hold", async () => {
    const { runs, serve } = upstream();
    const app = till.app();
    app.addHttpMethod("PROPFIND");
    await app.register(paywall, till.config({ routes: table }));
    app.get("/premium/*", { constraints: { host: "shop.example" } }, serve);
    app.route({ method: ["GET", "PROPFIND"] as never, url: "/*", handler: serve });
    const { raw } = await listen(app);
    expect([(await raw("/premium/x")).status, (await raw("/premium/x", "PROPFIND")).status]).toEqual([402, 405]);
    expect((await raw("//premium/x", "PROPFIND")).status).toBe(405);
    expect(runs).toEqual([]);
  });
});

describe.each(Object.keys(fallbacks))("G12d beside a route that paid prices, without the plugin: %s", (fallback) => {
  it("no reading of its path is served unpaid", async () => {
    const app = till.app();
    const { runs, serve } = upstream();
    app.register(async (scope) => void scope.get("/*", paid(till.config(), "$0.01"), serve), { prefix: "/premium" });
    await app.after();
    await fallbacks[fallback]?.(app, serve);
    const { origin, raw } = await listen(app);
    for (const target of ["/premium/x", ...spellings]) {
      for (const method of ["GET", "HEAD", "POST", "OPTIONS"]) await raw(target, method);
    }
    expect(runs).toEqual([]);
    expect((await raw("/other")).status).toBeLessThan(405);
    const { response } = await till.buyer.buy(`${origin}/premium/x`);
    expect([response.status, await response.text()]).toEqual([200, "goods"]);
  });
});

it("G12e a price function is asked once for each request, whatever stages it comes by", async () => {
  let asked = 0;
  // Of the four requests of two purchases the last two of each pair have the same price, and any further asking has not.
  const price = () => `$0.0${Math.floor(asked++ / 2) + 1}` as const;
  const app = till.app();
  await app.register(paywall, till.config());
  app.get("/paid", paid(till.config(), price), async () => "bought");
  app.get("/gone", { config: { paywall: price } }, (_request, reply) => void reply.callNotFound());
  app.setNotFoundHandler(async (_request, reply) => reply.code(404).send("gone"));
  const { origin } = await listen(app);
  expect((await till.buyer.buy(`${origin}/paid`)).response.status).toBe(200);
  expect(asked).toBe(2);
  expect((await till.buyer.buy(`${origin}/gone`)).response.status).toBe(404);
  expect(asked).toBe(4);
});
