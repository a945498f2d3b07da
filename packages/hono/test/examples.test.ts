import { ConfigError } from "@turnpike/core";
import { type Context, Hono, type Next } from "hono";
import { methodOverride } from "hono/method-override";
import { describe, expect, it } from "vitest";
import { paid, paywall, protect } from "../src/index.js";
import { openTill } from "./till.js";

const till = openTill();
const gate = (...keys: string[]) =>
  paywall(till.config({ routes: Object.fromEntries(keys.map((key) => [key, "$0.01"])) }));
const price = () => paid(till.config(), "$0.01");
const text = (c: Context) => c.text("goods");
function codes(app: Hono): string[] {
  try {
    paywall.check(app);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ code }) => code);
  }
}

describe("a route with an expression", () => {
  const patterns = ["/item/:id{[0-9a-f]{24}}", "/item/:id{\\d{4}-\\d{2}}", "/item/:id{(\\w)\\1}"];

  it.each(patterns)("G19s %s is approved behind its gate", (path) => {
    expect(codes(new Hono().get(path, price(), text))).toEqual([]);
    expect(codes(new Hono().use(gate("GET /item/:id")).get(path, text))).toEqual([]);
    expect(codes(new Hono().use(gate(`GET ${path}`)).get(path, text))).toEqual([]);
    expect(
      codes(protect(new Hono().get(path, text), till.config({ routes: { [`GET ${path}`]: "$1" } as const }))),
    ).toEqual([]);
  });

  it.each(patterns)("G19t %s is refused where it is served ahead of its gate or beside it", (path) => {
    expect(codes(new Hono().get("/item/*", text).get(path, price(), text))).toEqual(["gate_behind_route"]);
    expect(codes(new Hono().get(path, text).get(path, price(), text))).toEqual(["gate_behind_route"]);
    expect(codes(new Hono().get(path, text, price()))).toEqual(["gate_behind_route"]);
    expect(codes(new Hono().get(path, text).use(gate("GET /item/:id")).get("/item/:id", text))).toEqual([
      "gate_behind_route",
    ]);
    expect(codes(new Hono().use(path, price()).get("/*", text))).toEqual(["gate_bypassed"]);
    expect(codes(new Hono().use(gate(`GET ${path}`)).get("/item/:id", text))).toEqual(["price_too_narrow"]);
    const other = (c: Context) => c.text("another");
    expect(codes(new Hono().use(gate("GET /item/aa")).get(path, other).get("/item/aa", text))).toEqual(
      path.includes("1}") ? ["price_too_narrow"] : [],
    );
  });
});

it.each(["/api/**", "/api/*path", "/api/{*path}", "/(api|v1)/*"])(
  "G19u refuses a gate at %s, which no request meets",
  (path) => {
    const routes = () => new Hono().get("/api/x", text).get("/api/x/y", text);
    expect(codes(new Hono().use(path, price()).route("/", routes()))).toEqual(["gate_unreached"]);
    expect(codes(new Hono().get(path, price()).route("/", routes()))).toEqual(["gate_unreached"]);
    expect(codes(new Hono().use(path, gate("GET /api/x")).route("/", routes()))).toEqual(["gate_unreached"]);
  },
);

it("G10s lets no proxy that a minifier has made unknown stay ahead of the gate", async () => {
  let asked = 0;
  const upstream = () => {
    asked++;
    return new Response("goods");
  };
  const sources = [
    '(e,t)=>e.req.header("z")?t():o("http://a.test:1"+e.req.path)',
    "async(e,t)=>{if(e.req.header('z'))return t();return o('http://a.test:1'+e.req.path,{...e.req})}",
  ];
  for (const source of sources) {
    const proxy = (): ((c: Context, next: Next) => Promise<Response>) =>
      new Function("o", `return ${source}`)(upstream);
    const app = new Hono().all("/*", proxy()).get("/w", text);
    protect(app, till.config({ routes: { "GET /w": "$1" } }));
    expect((await app.request("/w")).status).toBe(402);
    expect(codes(new Hono().all("/*", proxy()).use(gate("GET /w")).get("/w", text))).toEqual(["gate_behind_route"]);
  }
  expect(asked).toBe(0);
});

it("G27t takes methodOverride ahead of the gate, which the request meets again", async () => {
  const app = new Hono();
  app.use(methodOverride({ app }));
  app.use(paywall(till.config({ routes: { "GET /w": "$1", "POST /w": "free" } })));
  app.get("/w", text).post("/w", (c) => c.text("posted"));
  expect(codes(app)).toEqual([]);
  expect((await app.request("/w", { method: "POST" })).status).toBe(200);
  const body = new URLSearchParams({ _method: "GET" });
  expect((await app.request("/w", { method: "POST", body })).status).toBe(402);
});
