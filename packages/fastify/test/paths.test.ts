import { connect, constants } from "node:http2";
import { createPaywall } from "@turnpike/core";
import { readChallenge } from "@turnpike/testing";
import { type FastifyInstance, type FastifyServerOptions, fastify } from "fastify";
import { describe, expect, it } from "vitest";
import { paid, paywall } from "../src/index.js";
import { listen, openTill } from "./till.js";

const till = openTill();

const spellings = [
  "/paid",
  "/PAID",
  "/Paid",
  "/paid/",
  "/paid//",
  "//paid",
  "///paid",
  "/paid;x",
  "/paid;a=1?b=2",
  "/paid%20",
  "/paid%2F",
  "/%70aid",
  "/%2570aid",
  "/./paid",
  "/x/../paid",
  "/%2e/paid",
  "/old/paid",
  "/paid?x=1",
  "/paid#x",
  "http://evil.example/paid",
  "http://evil.example//Paid/;x",
];

/** Fastify takes it; its types do not name it. */
const semicolons: object = { useSemicolonDelimiter: true };

const settings: Record<string, FastifyServerOptions> = {
  "no option": {},
  ignoreDuplicateSlashes: { routerOptions: { ignoreDuplicateSlashes: true } },
  ignoreTrailingSlash: { routerOptions: { ignoreTrailingSlash: true } },
  "caseSensitive: false": { routerOptions: { caseSensitive: false } },
  useSemicolonDelimiter: { routerOptions: semicolons },
  rewriteUrl: { rewriteUrl: ({ url = "/" }) => url.replace("/old", "").replace(/^\/PAID$/, "/paid") },
  "all of them": {
    routerOptions: {
      ignoreDuplicateSlashes: true,
      ignoreTrailingSlash: true,
      caseSensitive: false,
      ...semicolons,
    },
    rewriteUrl: ({ url = "/" }) => url.replace("/old", ""),
  },
};

const forms: Record<string, (app: FastifyInstance, run: () => Promise<string>) => unknown> = {
  table: async (app, run) => {
    await app.register(paywall, till.config({ routes: { "GET /paid": "$0.01" } }));
    app.get("/paid", run);
  },
  "the route's config": async (app, run) => {
    await app.register(paywall, { tolls: createPaywall(till.config()) });
    app.get("/paid", { config: { paywall: "$0.01" } }, run);
  },
  paid: (app, run) => app.get("/paid", paid(till.config(), "$0.01"), run),
};

describe.each(Object.keys(forms))("P11 with the price in %s", (form) => {
  it.each(Object.keys(settings))("no spelling of a path runs its handler unpaid: %s", async (setting) => {
    const app = till.app(settings[setting]);
    let runs = 0;
    await forms[form]?.(app, async () => `${++runs}`);
    const { raw } = await listen(app);
    const statuses = new Map<string, number>();
    for (const method of ["GET", "HEAD"]) {
      for (const target of spellings) {
        const { status } = await raw(target, method);
        expect([400, 402, 404], `${method} ${target}`).toContain(status);
        statuses.set(`${method} ${target}`, status);
      }
    }
    expect(runs).toBe(0);
    expect([statuses.get("GET /paid"), statuses.get("HEAD /%70aid"), statuses.get("GET /%2570aid")]).toEqual([
      402, 402, 404,
    ]);
    if (setting === "all of them") {
      for (const target of ["/PAID", "/paid//", "//paid", "/paid;x", "/old/paid"]) {
        expect(statuses.get(`GET ${target}`), target).toBe(402);
      }
    }
  });
});

describe("a table's pattern", () => {
  it("prices the route however the app's router spells it", async () => {
    const app = till.app({ routerOptions: { caseSensitive: false, ignoreTrailingSlash: true } });
    await app.register(
      paywall,
      till.config({ routes: { "GET /Reports/:id/": "$0.01", "GET /t/:h(^\\d+)h:m(^\\d+)m": "$0.02" } }),
    );
    app.get("/reports/:name", async () => "report");
    app.get("/t/:hour(^\\d+)h:minute(^\\d+)m", async () => "time");
    const { ask, status } = await listen(app);
    expect([await status("/REPORTS/7/"), await status("/reports/7")]).toEqual([402, 402]);
    expect(readChallenge(await ask("/t/10h30m"))?.accepts[0]?.amount).toBe("20000");
  });

  it("prices a catch-all of every form, and an optional parameter with and without", async () => {
    const app = till.app();
    await app.register(paywall, till.config({ routes: { "GET /*": "$0.01", "GET /o/:id?": "$0.02" } }));
    app.get("*", async () => "all");
    app.get("/o/:id?", async () => "optional");
    const { ask } = await listen(app);
    for (const [path, amount] of [
      ["/", "10000"],
      ["/a/b", "10000"],
      ["/o", "20000"],
      ["/o/7", "20000"],
    ]) {
      expect(readChallenge(await ask(path as string))?.accepts[0]?.amount, path).toBe(amount);
    }
  });

  it("answers 405 with Allow for verbs that it leaves out, whatever their parameters are called there", async () => {
    const app = till.app();
    const runs: string[] = [];
    const run = async ({ method }: { method: string }) => `${runs.push(method)}`;
    const routes = { "GET /items/:id": "$0.01", "PUT /items/:id": "free", "GET /all": "$0.01" } as const;
    await app.register(paywall, till.config({ routes }));
    app.get("/items/:id", run);
    app.route({ method: ["POST", "PUT", "DELETE"], url: "/items/:item", handler: run });
    app.all("/all", run);
    const { ask, status } = await listen(app);
    for (const [path, method] of [
      ["/items/7", "POST"],
      ["/items/7", "DELETE"],
      ["/all", "POST"],
      ["/all", "PATCH"],
      ["/all", "QUERY"],
    ] as const) {
      const response = await ask(path, { method });
      expect([response.status, response.headers.get("allow")], path).toEqual([
        405,
        expect.stringContaining("GET, HEAD"),
      ]);
      expect(await response.json()).toMatchObject({ code: "verb_not_listed" });
    }
    expect([await status("/items/7"), await status("/items/7", "HEAD")]).toEqual([402, 402]);
    expect(runs).toEqual([]);
    expect([await status("/items/7", "PUT"), await status("/items/7", "PATCH")]).toEqual([200, 405]);
    expect(runs).toEqual(["PUT"]);
  });
});

describe("a handler that reads the path for itself", () => {
  async function open() {
    const app = till.app();
    const runs: string[] = [];
    const run = async ({ url, method }: { url: string; method: string }) => `${runs.push(`${method} ${url}`)}`;
    const routes = { "GET /premium/*": "$0.01", "GET /gold/:id": "$0.02", "GET /cheap/*": "$0.03" } as const;
    await app.register(paywall, till.config({ routes }));
    for (const url of ["/premium/*", "/gold/:id", "/cheap/*", "/files/:name"]) app.get(url, run);
    app.get("/premium/free/:name", { config: { paywall: "free" } }, run);
    app.all("/*", run);
    return { ...(await listen(app)), runs };
  }

  it("costs what any reading of the path costs", async () => {
    const { raw, runs } = await open();
    for (const target of [
      "/x/../premium/F",
      "//premium/F",
      "/%2e/premium/F",
      "/x%2F..%2Fpremium%2FF",
      "/free%5c..%5cpremium/F",
      "/premium;v=1/F",
      "/files/..%2fpremium%2fF",
      "/files/%2e%2e%2fgold%2f7",
      "/Premium/F",
      "http://evil.example//premium/F",
    ]) {
      expect((await raw(target)).status, target).toBe(402);
    }
    expect((await raw("//premium/F", "POST")).status).toBe(405);
    expect((await raw("//premium/F", "OPTIONS")).status).toBe(204);
    expect(runs).toEqual([]);
  });

  it("is refused a path that two prices may be meant by", async () => {
    const { raw, runs } = await open();
    const answer = await raw("/cheap/../gold/7");
    expect([answer.status, JSON.parse(answer.body.toString()).code]).toEqual([400, "ambiguous_path"]);
    expect(runs).toEqual([]);
  });

  it("serves what is free, whatever its characters", async () => {
    const { raw, runs } = await open();
    const targets = ["/premium/free/caf%C3%A9", "/files/a%20b", "/other//x", "/other/../y", "/a;b", "/OTHER"];
    for (const target of targets) expect((await raw(target)).status, target).toBe(200);
    expect(runs).toHaveLength(targets.length);
  });
});

it("OPTIONS of the app's own is free", async () => {
  const app = till.app();
  await app.register(paywall, till.config({ routes: { "ALL /x": "$0.01" } }));
  app.get("/x", async () => "dear");
  app.options("/x", async (_, reply) => reply.code(204).header("x-own", "1").send());
  const { ask } = await listen(app);
  const response = await ask("/x", { method: "OPTIONS" });
  expect([response.status, response.headers.get("x-own")]).toEqual([204, "1"]);
});

it("asks payment over HTTP/2, and offers the address that the client has asked", async () => {
  const app = fastify({ http2: true });
  await app.register(paywall, till.config({ routes: { "GET /paid": "$0.01" } }));
  app.get("/paid", async () => "dear");
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  const session = connect(origin);
  try {
    const stream = session.request({ ":path": "/paid" });
    const headers = await new Promise<Record<string, unknown>>((resolve) => stream.on("response", resolve));
    stream.resume();
    const challenge = readChallenge(
      new Response(null, { headers: { "payment-required": `${headers["payment-required"]}` } }),
    );
    expect([headers[constants.HTTP2_HEADER_STATUS], challenge?.resource.url]).toEqual([402, `${origin}/paid`]);
  } finally {
    session.close();
    await app.close();
  }
});
