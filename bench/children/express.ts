import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import express, { type Response } from "express";
import { events, longAnswer } from "../src/long-answers.js";
import { announce, readArguments } from "../src/seller.js";
import { BODY, oursOf, pathOf } from "../src/shop.js";

const { side, count, facilitator } = readArguments();
const app = express();

if (side === "ours") {
  const { paywall } = await import("@turnpike/express");
  app.use(paywall(oursOf(count, facilitator)));
} else if (side === "official") {
  const { paymentMiddleware } = await import("@x402/express");
  const { officialRoutes, officialServer } = await import("../src/official.js");
  app.use(paymentMiddleware(officialRoutes(count), officialServer(facilitator)));
}

const stream = (res: Response, type: string, body: unknown) => {
  res.setHeader("content-type", type);
  Readable.fromWeb(body as ReadableStream).pipe(res);
};

app.get("/free", (_req, res) => void res.json(BODY));
app.get("/events", (_req, res) => stream(res, "text/event-stream", events()));
app.get("/long", (_req, res) => stream(res, "application/octet-stream", longAnswer()));
for (let i = 0; i < count; i++) app.get(pathOf(i), (_req, res) => void res.json(BODY));

const server = app.listen(0, "127.0.0.1", () => announce(server));
