import type { Server } from "node:http";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { events, longAnswer } from "../src/long-answers.js";
import { announce, readArguments } from "../src/seller.js";
import { BODY, oursOf, pathOf } from "../src/shop.js";

const { side, count, facilitator } = readArguments();
const app = new Hono();

if (side === "ours") {
  const { paywall } = await import("@turnpike/hono");
  app.use(paywall(oursOf(count, facilitator)));
} else if (side === "official") {
  const { paymentMiddleware } = await import("@x402/hono");
  const { officialRoutes, officialServer } = await import("../src/official.js");
  app.use(paymentMiddleware(officialRoutes(count), officialServer(facilitator)));
}

app.get("/free", (c) => c.json(BODY));
app.get("/events", (c) => c.body(events(), 200, { "content-type": "text/event-stream" }));
app.get("/long", (c) => c.body(longAnswer(), 200, { "content-type": "application/octet-stream" }));
for (let i = 0; i < count; i++) app.get(pathOf(i), (c) => c.json(BODY));

const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () => announce(server)) as Server;
