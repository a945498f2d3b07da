import { Readable } from "node:stream";
import cors from "@fastify/cors";
import { createPaywall, type PaywallConfig } from "@turnpike/core";
import paywall from "@turnpike/fastify";
import { describePayment, marked, readCode, readCount, withoutBody } from "@turnpike/shop-shared/answers";
import { readLedger } from "@turnpike/shop-shared/ledger";
import { memory } from "@turnpike/shop-shared/memory";
import { createPrices } from "@turnpike/shop-shared/prices";
import { events, wait, zeros } from "@turnpike/shop-shared/streams";
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";

const queryOf = (request: FastifyRequest) => new URLSearchParams(request.url.split("?")[1]);
const paramOf = (request: FastifyRequest, name: string) => (request.params as Record<string, string>)[name] ?? "";

export async function createShop(config: PaywallConfig): Promise<FastifyInstance> {
  const { counted, runs, failFirst } = memory;
  const app = fastify();
  const tolls = createPaywall(config);
  await app.register(cors, { origin: "*", exposedHeaders: ["PAYMENT-REQUIRED", "PAYMENT-RESPONSE"] });
  await app.register(paywall, { tolls, routes: createPrices(queryOf) });

  app.get("/free", () => ({ free: true }));
  app.get("/_runs", () => runs());
  app.get("/_ledger", () => readLedger(tolls));

  const get = (row: string, handler: (request: FastifyRequest, reply: FastifyReply) => unknown) =>
    app.get(row, counted(row, handler));
  get("/weather", () => ({ weather: "sunny" }));
  get("/items/:id", (request) => ({ id: paramOf(request, "id") }));
  get("/files/*", (request) => ({ path: paramOf(request, "*") }));
  app.post(
    "/echo",
    counted("/echo", (request: FastifyRequest) => request.body),
  );
  get("/expensive", () => ({ expensive: true }));
  get("/dynamic", (request) => ({ size: Number(queryOf(request).get("size")) }));
  get("/preview", () => ({ full: true }));
  get("/whoami", (request) => describePayment(request.payment));
  get("/status/:code", (request, reply) => {
    const code = readCode(paramOf(request, "code"));
    return reply.code(code).send(withoutBody(code) ? undefined : { status: code });
  });
  get("/raw/:code", (request, reply) => {
    const code = readCode(paramOf(request, "code"));
    reply.hijack();
    reply.raw.writeHead(code, { "content-type": "application/json" });
    reply.raw.end(withoutBody(code) ? undefined : JSON.stringify({ status: code }));
  });
  get("/throw", () => {
    throw new Error("This route always throws, as it is meant to.");
  });
  get("/redirect", (_request, reply) => reply.redirect("/free"));
  get("/headers", (_request, reply) => {
    for (const [name, value] of marked) reply.header(name, value);
    return { headers: true };
  });
  get("/slow", async (request) => {
    const ms = readCount(queryOf(request), "ms", 0);
    await wait(ms);
    return { slow: ms };
  });
  get("/never", (_request, reply) => new Promise((resolve) => reply.raw.once("close", resolve)));
  get("/large", (request, reply) =>
    reply.type("application/octet-stream").send(Readable.from(zeros(readCount(queryOf(request), "mb", 1)))),
  );
  const stream = (request: FastifyRequest, reply: FastifyReply) => {
    const query = queryOf(request);
    const pieces = events(readCount(query, "events", 3), readCount(query, "ms", 10));
    return reply.type("text/event-stream").send(Readable.from(pieces));
  };
  get("/stream", stream);
  get("/stream-first", stream);
  get("/fail-first", (request) => {
    failFirst(request.payment);
    return { ok: true };
  });

  await app.register(
    async (inner) => {
      const handler = counted("/mount/inner", () => ({ inner: true }));
      inner.get("/inner", { config: { paywall: "$0.01" } }, handler);
    },
    { prefix: "/mount" },
  );

  app.get(
    "/bound",
    { config: { paywall: "$0.01" } },
    counted("/bound", () => ({ bound: true })),
  );

  await app.ready();
  return app;
}
