import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import Fastify, { type FastifyReply } from "fastify";
import { events, longAnswer } from "../src/long-answers.js";
import { announce, readArguments } from "../src/seller.js";
import { BODY, oursOf, pathOf } from "../src/shop.js";

const { side, count, facilitator } = readArguments();
const app = Fastify();

if (side === "ours") {
  const { paywall } = await import("@turnpike/fastify");
  await app.register(paywall, oursOf(count, facilitator));
} else if (side === "official") {
  throw new Error("There is no official package for Fastify");
}

const stream = (reply: FastifyReply, type: string, body: unknown) =>
  reply.type(type).send(Readable.fromWeb(body as ReadableStream));

app.get("/free", async () => BODY);
app.get("/events", (_request, reply) => stream(reply, "text/event-stream", events()));
app.get("/long", (_request, reply) => stream(reply, "application/octet-stream", longAnswer()));
for (let i = 0; i < count; i++) app.get(pathOf(i), async () => BODY);

await app.listen({ port: 0, host: "127.0.0.1" });
announce(app.server);
