import { createPaywall, type Paywall } from "@turnpike/core";
import { type Context, Hono, type Next } from "hono";
import { expect, it } from "vitest";
import { paid, paywall, protect } from "../src/index.js";
import { openTill } from "./till.js";

const till = openTill();
const goods = "premium bytes";
const passing = async (_: Context, next: Next) => next();
/** What a proxy's upstream makes of the path. */
const upstream = (c: Context) => {
  const path = decodeURIComponent(new URL(c.req.url).pathname.replaceAll("%25", "%")).replace(/[\\/]+/g, "/");
  return /^\/premium\//i.test(new URL(path, "http://a").pathname) ? c.text(goods) : c.text("none", 404);
};
const section = { "GET /premium/*": "$0.01" } as const;

/** Parts that an app may be made of, in any order. */
const parts: Record<string, (app: Hono, tolls: Paywall) => unknown> = {
  table: (app, tolls) => app.use(paywall(tolls, section)),
  tableBelow: (app, tolls) => app.use("/premium/*", paywall(tolls, section)),
  paidBelow: (app, tolls) => app.use("/premium/*", paid(tolls, "$0.01")),
  subApp: (app, tolls) => app.route("/premium", new Hono().use(paywall(tolls, { "GET /*": "$0.01" }))),
  paidRoute: (app, tolls) => app.get("/premium/*", paid(tolls, "$0.01"), passing),
  protected: (app, tolls) => protect(app, tolls, section),
  route: (app) => app.get("/premium/:file", (c) => c.text(goods)),
  wideRoute: (app) => app.get("/:folder/:file", upstream),
  catchAll: (app) => app.all("/*", upstream),
  proxyBelow: (app) => app.all("/premium/*", upstream),
  mounted: (app) => app.mount("/premium", () => new Response(goods)),
  notFound: (app) => app.notFound(upstream),
  middleware: (app) => app.use(passing),
  free: (app) => app.get("/free", (c) => c.text("free")),
};
const gates = new Set(["table", "tableBelow", "paidBelow", "subApp", "paidRoute", "protected"]);
const targets = [
  "/premium/F",
  "//premium/F",
  "/premium%2fF",
  "/PREMIUM/F",
  "/%2570remium/F",
  "/premium//F",
  "/premium/",
];

it("what the check approves gives nothing away, under any spelling, whatever three parts the app is made of", async () => {
  const names = Object.keys(parts);
  const tolls = createPaywall(till.config());
  let approved = 0;
  for (const a of names) {
    for (const b of names) {
      for (const c of names) {
        if (new Set([a, b, c]).size < 3 || ![a, b, c].some((name) => gates.has(name))) continue;
        const app = new Hono();
        for (const name of [a, b, c]) parts[name]?.(app, tolls);
        try {
          paywall.check(app);
        } catch (error) {
          expect(error).toMatchObject({ name: "ConfigError" });
          continue;
        }
        approved++;
        for (const target of targets) {
          const body = await (await app.request(new Request(`http://localhost${target}`))).text();
          expect(body, `${a} ${b} ${c} ${target}`).not.toBe(goods);
        }
      }
    }
  }
  expect(approved).toBeGreaterThan(20);
});
