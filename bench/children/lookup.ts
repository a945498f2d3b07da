import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import express from "express";
import Fastify from "fastify";
import { Hono } from "hono";
import { answer } from "../src/conversation.js";
import { createMeter, type Effort, type Meter } from "../src/measure.js";
import { oursOf, pathOf } from "../src/shop.js";

/** Hands one request for a free route to an app, without a socket; the handler does nothing. */
type Ask = (path: string) => unknown;

let served = 0;

/** Express spends so much on a request that ours would drown in it; so the middleware is called by itself. */
async function makeExpress(variant: string, count: number): Promise<Ask> {
  const app = express();
  let request: express.Request | undefined;
  let response: express.Response | undefined;
  app.use((req, res, next) => {
    request = req;
    response = res;
    next();
  });
  const middleware = await makeMiddleware(variant, count);
  app.use(middleware);
  app.get("/free/:id", () => {});
  for (const path of allPaths(count)) app.get(path, () => {});
  const made = makeExchange("/free/0");
  app(made.request as express.Request, made.response as express.Response);
  const [req, res] = [request as express.Request, response as express.Response];
  const next = () => void served++;
  return (path) => {
    req.url = path;
    return middleware(req, res, next);
  };
}

async function makeMiddleware(variant: string, count: number): Promise<express.RequestHandler> {
  if (variant === "ours") {
    const { paywall } = await import("@turnpike/express");
    return paywall(oursOf(count, undefined));
  }
  if (variant === "official") {
    const { paymentMiddleware } = await import("@x402/express");
    const { officialRoutes, officialServer } = await import("../src/official.js");
    return paymentMiddleware(officialRoutes(count), officialServer(undefined));
  }
  return (_req, _res, next) => next();
}

async function makeHono(variant: string, count: number): Promise<Ask> {
  const app = new Hono();
  if (variant === "empty") app.use((_c, next) => next());
  if (variant === "ours") {
    const { paywall } = await import("@turnpike/hono");
    app.use(paywall(oursOf(count, undefined)));
  }
  if (variant === "official") {
    const { paymentMiddleware } = await import("@x402/hono");
    const { officialRoutes, officialServer } = await import("../src/official.js");
    app.use(paymentMiddleware(officialRoutes(count), officialServer(undefined)));
  }
  const response = new Response(null, { status: 204 });
  app.get("/free/:id", () => {
    served++;
    return response;
  });
  for (const path of allPaths(count)) app.get(path, () => response);
  const fixed = new Request("http://127.0.0.1/free/0");
  return (path) => app.fetch(path === "/free/0" ? fixed : new Request(`http://127.0.0.1${path}`));
}

async function makeFastify(variant: string, count: number): Promise<Ask> {
  const app = Fastify();
  if (variant === "empty") app.addHook("onRequest", (_request, _reply, done) => done());
  if (variant === "ours") {
    const { paywall } = await import("@turnpike/fastify");
    await app.register(paywall, oursOf(count, undefined));
  }
  app.get("/free/:id", (_request, reply) => {
    served++;
    reply.hijack();
  });
  for (const path of allPaths(count)) app.get(path, () => {});
  await app.ready();
  const { request, response } = makeExchange("/");
  return (path) => {
    request.url = path;
    app.routing(request, response);
  };
}

const allPaths = (count: number) => [...Array.from({ length: count }, (_, i) => pathOf(i)), "/events", "/long"];

function makeExchange(path: string) {
  const request = new IncomingMessage(new Socket());
  request.method = "GET";
  request.url = path;
  request.headers = { host: "127.0.0.1", accept: "*/*" };
  return { request, response: new ServerResponse(request) };
}

const [framework = "", variant = "", count = ""] = process.argv.slice(2);
const make = { express: makeExpress, hono: makeHono, fastify: makeFastify }[framework];
if (!make) throw new Error(`Which framework is "${framework}"?`);
const ask = await make(variant, Number(count));

let id = 0;
const paths: Readonly<Record<string, () => string>> = {
  "one path": () => "/free/0",
  "ever new paths": () => `/free/${++id}`,
};
let meter: Meter | undefined;

answer({
  warmUp: async ({ kind, effort }: { kind: string; effort: Effort }) => {
    const path = paths[kind] ?? (() => "/");
    const before = served;
    ask(path());
    if (served === before) throw new Error("A free request was not served");
    meter = createMeter(() => ask(path()), effort);
    await meter.warmUp();
  },
  round: () => meter?.round(),
});
