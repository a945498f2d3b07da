import { createPaywall, type PaywallConfig } from "@turnpike/core";
import { paid, paywall } from "@turnpike/hono";
import { describePayment, marked, readCode, readCount, withoutBody } from "@turnpike/shop-shared/answers";
import { readLedger } from "@turnpike/shop-shared/ledger";
import { memory } from "@turnpike/shop-shared/memory";
import { createPrices } from "@turnpike/shop-shared/prices";
import { events, streamOf, untilAborted, wait, zeros } from "@turnpike/shop-shared/streams";
import { type Context, Hono } from "hono";
import { cors } from "hono/cors";
import type { ContentfulStatusCode, StatusCode } from "hono/utils/http-status";

const queryOf = (c: Context) => new URL(c.req.url).searchParams;

export function createShop(config: PaywallConfig): Hono {
  const { counted, runs, failFirst } = memory;
  const app = new Hono();
  const tolls = createPaywall(config);
  app.use(cors({ origin: "*", exposeHeaders: ["PAYMENT-REQUIRED", "PAYMENT-RESPONSE"] }));
  app.use(paywall(tolls, createPrices(queryOf)));

  app.get("/free", (c) => c.json({ free: true }));
  app.get("/_runs", (c) => c.json(runs()));
  app.get("/_ledger", async (c) => c.json(await readLedger(tolls)));

  const get = (row: string, handler: (c: Context) => Response | Promise<Response>) =>
    app.get(row, counted(row, handler));
  get("/weather", (c) => c.json({ weather: "sunny" }));
  get("/items/:id", (c) => c.json({ id: c.req.param("id") }));
  get("/files/*", (c) => c.json({ path: c.req.path.slice("/files/".length) }));
  app.post(
    "/echo",
    counted("/echo", async (c: Context) => c.json(await c.req.json())),
  );
  get("/expensive", (c) => c.json({ expensive: true }));
  get("/dynamic", (c) => c.json({ size: Number(c.req.query("size")) }));
  get("/preview", (c) => c.json({ full: true }));
  get("/whoami", (c) => c.json(describePayment(c.var.payment)));
  get("/status/:code", (c) => {
    const code = readCode(c.req.param("code"));
    if (withoutBody(code)) return c.body(null, code as StatusCode);
    return c.json({ status: code }, code as ContentfulStatusCode);
  });
  get("/raw/:code", (c) => {
    const status = readCode(c.req.param("code"));
    return new Response(withoutBody(status) ? null : JSON.stringify({ status }), {
      status,
      headers: { "content-type": "application/json" },
    });
  });
  get("/throw", () => {
    throw new Error("This route always throws, as it is meant to.");
  });
  get("/redirect", (c) => c.redirect("/free"));
  get("/headers", (c) => {
    for (const [name, value] of marked) c.header(name, value);
    return c.json({ headers: true });
  });
  get("/slow", async (c) => {
    const ms = readCount(queryOf(c), "ms", 0);
    await wait(ms);
    return c.json({ slow: ms });
  });
  get("/never", async (c) => {
    await untilAborted(c.req.raw.signal);
    return c.body(null, 204);
  });
  get("/large", (c) => {
    c.header("Content-Type", "application/octet-stream");
    return c.body(streamOf(zeros(readCount(queryOf(c), "mb", 1))));
  });
  const stream = (c: Context) => {
    c.header("Content-Type", "text/event-stream");
    const query = queryOf(c);
    return c.body(streamOf(events(readCount(query, "events", 3), readCount(query, "ms", 10))));
  };
  get("/stream", stream);
  get("/stream-first", stream);
  get("/fail-first", (c) => {
    failFirst(c.var.payment);
    return c.json({ ok: true });
  });

  const inner = new Hono();
  inner.use(paywall(tolls, { "GET /inner": "$0.01" }));
  inner.get(
    "/inner",
    counted("/mount/inner", (c: Context) => c.json({ inner: true })),
  );
  app.route("/mount", inner);

  app.get(
    "/bound",
    paid(tolls, "$0.01"),
    counted("/bound", (c: Context) => c.json({ bound: true })),
  );

  paywall.check(app);
  return app;
}
