import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveStatic } from "@hono/node-server/serve-static";
import { ConfigError } from "@turnpike/core";
import { type Context, Hono, type Next } from "hono";
import { basicAuth } from "hono/basic-auth";
import { bearerAuth } from "hono/bearer-auth";
import { bodyLimit } from "hono/body-limit";
import { compress } from "hono/compress";
import { cors } from "hono/cors";
import { logger } from "hono/logger";
import { LinearRouter } from "hono/router/linear-router";
import { PatternRouter } from "hono/router/pattern-router";
import { RegExpRouter } from "hono/router/reg-exp-router";
import { TrieRouter } from "hono/router/trie-router";
import { secureHeaders } from "hono/secure-headers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Price, paid, paywall, protect } from "../src/index.js";
import { openTill } from "./till.js";

const till = openTill();
const table = (...keys: string[]) => Object.fromEntries(keys.map((key) => [key, "$0.01" as const]));
const gate = (...keys: string[]) => paywall(till.config({ routes: table(...keys) }));
const price = () => paid(till.config(), "$0.01");
const text = (c: Context) => c.text("goods");
/** What the check names, as `code path`. */
function problems(app: Hono): string[] {
  try {
    paywall.check(app);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ code, path }) => `${code} ${path}`);
  }
}

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "turnpike-"));
  mkdirSync(join(folder, "premium"));
  for (const name of ["F", "index.html"]) writeFileSync(join(folder, "premium", name), "goods");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What `app.mount` registers, as minifiers leave it. */
const minified = {
  async: "async(e,t)=>{let n=await o(r?r(e.req.raw):i(e),...a(e));if(n)return n;await t()}",
  short: "async(e,t)=>await o(i(e.req.raw),...a(e))||t()",
  renamed: "async function s($,_){const x=await o(i($.req.raw),...a($));return x||void await _()}",
  lowered: "function(e,t){return u(this,void 0,void 0,function*(){let n=yield o(i(e.req.raw),a(e));return n||t()})}",
};
function mountMinified(app: Hono, path: string, source: string): Hono {
  const respond = () => new Response("goods");
  const make = new Function("o", "r", "i", "a", "u", `return ${source}`);
  return app.use(
    path,
    make(respond, undefined, respond, () => [], respond),
  );
}

describe("check", () => {
  it("G19f approves no mounted app ahead of its gate that a minifier has made unknown", async () => {
    for (const [name, source] of Object.entries(minified)) {
      const app = mountMinified(new Hono(), "/weather/*", source);
      const guarded = app.use(gate("GET /weather/*")).get("/weather/:city", text);
      expect(problems(guarded), name).toEqual(['gate_behind_route routes["GET /weather/*"]']);
      const priced = mountMinified(new Hono(), "/weather/*", source);
      priced.use("/weather/*", price()).get("/weather/:city", text);
      expect(problems(priced)[0], name).toMatch(/^gate_behind_route /);
    }
    const { lowered: _, ...direct } = minified;
    for (const [name, source] of Object.entries(direct)) {
      const root = mountMinified(new Hono(), "*", source).use(gate("GET /weather")).get("/weather", text);
      expect(problems(root), name).toEqual(['gate_behind_route routes["GET /weather"]']);
      const behind = mountMinified(new Hono().use("/weather/*", price()).get("/weather/:city", text), "*", source);
      expect(problems(behind)[0], name).toMatch(/^gate_bypassed /);
      const late = mountMinified(new Hono(), "*", source).get("/weather", text);
      protect(late, till.config(), table("GET /weather"));
      expect((await late.request("/weather")).status, name).toBe(402);
    }
  });

  it("G19g takes middleware below a path ahead of the gate for what it is", () => {
    const auth = async (c: Context, next: Next) => {
      if (c.req.header("x-user") === undefined) return c.text("who?", 401);
      return next();
    };
    const direct = async (_: Context, next: Next) => next();
    const app = new Hono()
      .use("/api/*", cors())
      .use("/api/*", logger())
      .use("/api/*", bodyLimit({ maxSize: 1000 }))
      .use("/api/*", secureHeaders())
      .use("/api/*", basicAuth({ username: "a", password: "b" }))
      .use("/api/*", bearerAuth({ token: "t" }))
      .use("/api/*", compress())
      .use("/api/*", auth)
      .use("/api/*", async (_, next) => void (await next()))
      .use("/api/*", (_, next) => next())
      .use("/api/*", async (c, next) => direct(c, next));
    const guarded = new Hono().route("/", app).use(gate("ALL /api/*")).get("/api/x", text);
    expect(problems(guarded)).toEqual([]);
    app.use("/api/*", price()).get("/api/x", text);
    expect(problems(app)).toEqual([]);
  });

  it("G19h refuses a free route ahead of a paid() for many paths, whatever is sold behind, unless a table says so", async () => {
    const free = () => new Hono().get("/premium/health", text);
    const wide = () => new Hono().get("/premium/:f", text);
    for (const app of [free(), wide()]) {
      app.use("/premium/*", price()).all("/premium/*", text).get("/premium/x/y", text);
      expect(problems(app)[0]).toMatch(/^gate_behind_route paid\(\) at GET \/premium\//);
    }
    const opened = new Hono().use(paywall(till.config({ routes: { "GET /premium/health": "free" } })));
    opened.route("/", free()).use("/premium/*", price()).get("/premium/:f", text);
    expect(problems(opened)).toEqual([]);
    expect((await opened.request("/premium/health")).status).toBe(200);
    expect((await opened.request("/premium/other")).status).toBe(402);
  });

  it("G19 refuses apps whose routes are served ahead of their gate, or beside it", () => {
    const sub = new Hono().get("/weather", text);
    const where = 'routes["GET /weather"]';
    const below = 'routes["GET /api/weather"]';
    expect(problems(new Hono().get("/weather", text).use(gate("GET /weather")))).toEqual([
      `gate_behind_route ${where}`,
    ]);
    expect(problems(new Hono().route("/api", sub).use(gate("GET /api/weather")))).toEqual([
      `gate_behind_route ${below}`,
    ]);
    expect(problems(new Hono().use("/v1/*", gate("GET /weather")).get("/weather", text))).toEqual([
      `gate_misses_path ${where}`,
    ]);
    expect(problems(new Hono().all("/*", text).use(gate("GET /weather")).get("/weather", text))).toEqual([
      `gate_behind_route ${where}`,
    ]);
    expect(problems(new Hono().mount("/weather", () => new Response("")).use(gate("GET /weather")))).toEqual([
      `gate_behind_route ${where}`,
    ]);
  });

  it("G19 refuses a handler ahead of paid(), and a paid() that nothing stands behind", () => {
    expect(problems(new Hono().get("/x", text, price()))).toEqual(["gate_behind_route paid() at GET /x"]);
    expect(problems(new Hono().get("/x", text).get("/x", price(), text))).toEqual([
      "gate_behind_route paid() at GET /x",
    ]);
    expect(problems(new Hono().get("/x", price()))).toEqual(["route_not_served paid() at GET /x"]);
    expect(problems(new Hono().use("/x/*", price()).get("/y", text))).toContain("route_not_served paid() at GET /x/x");
  });

  it("G20 refuses an app without a gate, and names a table that was made and never given to it", () => {
    const app = new Hono().get("/mislaid", text);
    const unused = gate("GET /mislaid");
    expect(unused).toBeTypeOf("function");
    expect(problems(app)).toEqual(['gate_missing routes["GET /mislaid"]']);
    expect(problems(new Hono().get("/other", text))).toEqual(["gate_missing app"]);
  });

  it("G26 refuses two prices for one route, and takes one price twice", () => {
    const two = (second: Price) => new Hono().use(gate("GET /x")).get("/x", paid(till.config(), second), text);
    expect(problems(two("$0.02"))).toEqual(["priced_twice paid() at GET /x"]);
    expect(problems(two("$0.01"))).toEqual([]);
  });

  it("takes middleware ahead of the gate, and leaves the app open for more routes", async () => {
    const app = new Hono()
      .use(
        logger(() => {}),
        cors(),
      )
      .use(gate("GET /x", "GET /y"));
    app.get("/x", text);
    expect(problems(app)).toEqual(['route_not_served routes["GET /y"]']);
    app.get("/y", text);
    expect(problems(app)).toEqual([]);
    expect((await app.request("/y")).status).toBe(402);
  });

  it("asks each of Hono's routers", () => {
    for (const router of [new LinearRouter(), new PatternRouter(), new RegExpRouter(), new TrieRouter()]) {
      const open = () => new Hono({ router: new (router.constructor as new () => TrieRouter<never>)() });
      expect(problems(open().use(gate("GET /items/:id")).get("/items/:id", text)), router.name).toEqual([]);
      expect(problems(open().get("/items/:id", text).use(gate("GET /items/:id"))), router.name).toHaveLength(1);
    }
  });
});

describe("a gate below a path", () => {
  const proxy = (c: Context) => c.text(`upstream ${c.req.path}`);
  const passing = async (_: Context, next: Next) => next();
  const gates = { table: () => gate("GET /*"), paid: price };

  it("G11 is refused where something behind it serves the same path under another spelling", async () => {
    for (const [name, make] of Object.entries(gates)) {
      const apps = [
        new Hono().use("/premium/*", make()).all("/*", proxy),
        new Hono().use("/premium/*", make()).get("/:a/:b", proxy),
        new Hono().route("/premium", new Hono().use(make())).all("*", proxy),
        new Hono().use("/premium/*", make()).use("/*", serveStatic({ root: folder })),
        new Hono().get("/premium/*", make(), passing).all("/*", proxy),
      ];
      for (const [at, app] of apps.entries()) {
        expect(problems(app).join(), `${name} ${at}`).toMatch(/gate_bypassed/);
        const response = await app.request("/premium/F");
        expect([response.status, await response.text()], `${name} ${at}`).toEqual([
          500,
          expect.stringContaining("gate_bypassed"),
        ]);
      }
    }
  });

  it("G11 is refused where the not-found handler could serve it, and not where that only says so", () => {
    const app = () => new Hono().use("/premium/*", price()).get("/premium/:file", text);
    expect(problems(app().notFound((c) => fetch(`http://127.0.0.1:9${c.req.path}`)))).toEqual([
      "gate_bypassed paid() at GET /premium/x",
    ]);
    expect(problems(app().notFound(async (c) => c.text(c.req.path)))).toHaveLength(1);
    expect(problems(app())).toEqual([]);
    expect(problems(app().notFound((c) => c.json({ error: "none" }, 404)))).toEqual([]);
    expect(problems(app().notFound(async (c) => c.html("none", 404)))).toEqual([]);
  });

  it("is taken where only its own routes serve what it prices", async () => {
    const app = new Hono().use("/premium/*", price()).get("/premium/:file", text).get("/docs/*", text);
    expect(problems(app)).toEqual([]);
    expect((await app.request("/premium/F")).status).toBe(402);
    expect((await app.request("/docs/F")).status).toBe(200);
  });
});

describe("protect", () => {
  const app = () =>
    new Hono()
      .use(cors())
      .get("/weather", text)
      .notFound((c) => c.text("own not found", 404))
      .onError((_, c) => c.text("own error", 500));

  it("guards routes that are there, and those that come later, under every spelling", async () => {
    const guarded = protect(app(), till.config(), table("GET /weather", "GET /premium/*"));
    guarded.all("/*", (c) => c.text(c.req.path));
    expect(problems(guarded)).toEqual([]);
    for (const path of ["/weather", "/premium/F", "//premium/F", "/premium%2fF", "/PREMIUM/F", "/%2570remium/F"]) {
      const response = await guarded.request(path);
      expect([response.status, response.headers.get("access-control-allow-origin")], path).toEqual([402, "*"]);
    }
    expect(await (await guarded.request("/other")).text()).toBe("/other");
    expect(await (await till.buy(guarded, "/weather")).response.text()).toBe("goods");
  });

  it("guards what is not found, and keeps the app's own handlers and environment", async () => {
    const guarded = app().get("/broken", () => Promise.reject(new Error("boom")));
    guarded.get("/env", (c) => c.json(c.env));
    protect(guarded, till.config(), table("GET /weather"));
    expect(await (await guarded.request("/none")).text()).toBe("own not found");
    expect(await (await guarded.request("/broken")).text()).toBe("own error");
    expect(await (await guarded.request("/env", {}, { key: "value" })).json()).toEqual({ key: "value" });
    const proxying = protect(new Hono().notFound(text), till.config(), table("GET /weather"));
    expect((await proxying.request("/weather")).status).not.toBe(200);
  });

  it("goes with the app into others, and holds for each router and for apps that share one", async () => {
    for (const router of [new LinearRouter(), new PatternRouter(), new RegExpRouter(), new TrieRouter(), undefined]) {
      const inner = new Hono(router ? { router: router as TrieRouter<never> } : {}).get("/weather", text);
      const versioned = inner.basePath("/v1").get("/report", text);
      protect(inner, till.config(), table("GET /weather", "GET /v1/report"));
      for (const path of ["/weather", "/v1/report"]) {
        expect((await inner.request(path)).status, router?.name).toBe(402);
        expect((await versioned.request(path)).status, router?.name).toBe(402);
        expect((await new Hono().route("/api", inner).request(`/api${path}`)).status, router?.name).toBe(402);
      }
    }
  });

  it("G27 finds a misspelt path by itself, says so in the log, and refuses priced routes until it is put right", async () => {
    const lines: string[] = [];
    const log = { debug() {}, info() {}, warn() {}, error: (message: string) => void lines.push(message) };
    const guarded = new Hono().get("/weather", text);
    protect(guarded, till.config({ logger: log }), table("GET /wether", "GET /weather"));
    const response = await guarded.request("/weather");
    expect([response.status, await response.json()]).toEqual([
      500,
      expect.objectContaining({ code: "route_not_served" }),
    ]);
    await guarded.request("/weather");
    expect(lines.filter((line) => line.includes("/wether"))).toHaveLength(1);
  });
});
