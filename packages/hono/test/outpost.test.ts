import { type Context, Hono, type Next } from "hono";
import { expect, it } from "vitest";
import { paywall, protect } from "../src/index.js";
import { openTill } from "./till.js";

const till = openTill();
const table = () => till.config({ routes: { "GET /premium/*": "$1" } });

it("G10k what stands ahead of the gate serves no priced path, whatever it is", async () => {
  const app = new Hono();
  app.use(async (c: Context, next: Next) => {
    const found = c.req.path.startsWith("/premium") || c.req.path === "/plain";
    return found ? c.body("premium goods") : next();
  });
  app.get("/premium/:id", (c) => c.text("route")).get("/free", (c) => c.text("free"));
  protect(app, table());
  for (const path of ["/premium/x", "/premium%2fx", "/premium/"]) {
    const response = await app.request(path);
    expect(response.status, path).toBe(500);
    const body = await response.text();
    expect(body).toContain("gate_bypassed");
    expect(body).not.toContain("goods");
  }
  expect(await (await app.request("/plain")).text()).toBe("premium goods");
  expect(await (await app.request("/free")).text()).toBe("free");
});

it("G10l what stands ahead of the gate may refuse, redirect and pass on, and what it adds stays", async () => {
  const app = new Hono();
  app.use(async (c, next) => {
    const as = Number(c.req.query("as") ?? 0);
    if (as === 0) await next();
    else c.res = c.newResponse(null, as as 302);
    c.header("x-app", "yes");
  });
  app.get("/premium/:id", (c) => c.text("route"));
  protect(app, table());
  for (const status of [302, 401, 403, 404, 500]) {
    expect((await app.request(`/premium/x?as=${status}`)).status).toBe(status);
  }
  const unpaid = await app.request("/premium/x");
  expect([unpaid.status, unpaid.headers.get("x-app")]).toEqual([402, "yes"]);
});

it("G11d the check refuses a function for the whole app behind a gate below a path, and none ahead of it", () => {
  const pass = async (c: Context, next: Next) => (c.req.query("x") ? c.text("goods") : next());
  const gate = () => paywall(till.config({ routes: { "GET /premium/x": "$1" } }));
  const route = (c: Context) => c.text("route");
  const behind = new Hono().use("/premium/*", gate()).get("/premium/x", route).use(pass);
  expect(() => paywall.check(behind)).toThrow(/gate_bypassed/);
  const ahead = new Hono().use(pass).use("/premium/*", gate()).get("/premium/x", route);
  expect(() => paywall.check(ahead)).not.toThrow();
});
