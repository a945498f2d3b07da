import { once } from "node:events";
import { type ClientHttp2Stream, connect, type Http2ServerResponse, type IncomingHttpHeaders } from "node:http2";
import { memoryStore } from "@turnpike/core";
import { decodeHeader, payer, startFacilitator, type TestFacilitator } from "@turnpike/testing";
import { fastify } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { paywall } from "../src/index.js";

const buyer = payer();
let facilitator: TestFacilitator;
beforeAll(async () => {
  facilitator = await startFacilitator();
});
afterAll(() => facilitator.close());

/** How a handler writes to its HTTP/2 stream itself. */
const ways: Record<string, (stream: Http2ServerResponse["stream"]) => void> = {
  respond: (stream) => {
    stream.respond({ ":status": 200 });
    stream.end("goods");
  },
  respondWithFile: (stream) => stream.respondWithFile(new URL(import.meta.url).pathname, { ":status": 200 }),
  pushStream: (stream) =>
    stream.pushStream({ ":path": "/goods" }, (_, pushed) => {
      pushed.respond({ ":status": 200 });
      pushed.end("goods");
    }),
  additionalHeaders: (stream) => stream.additionalHeaders({ ":status": 103, "x-goods": "goods" }),
};

async function open(way: keyof typeof ways, settle: "after" | "before" | "background") {
  const refusals: string[] = [];
  const app = fastify({ http2: true, forceCloseConnections: true });
  await app.register(paywall, {
    payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
    network: "base-sepolia",
    facilitator: facilitator.url,
    store: memoryStore(),
  });
  app.get("/goods", { config: { paywall: { price: "$0.01", settle } } }, (_, reply) => {
    reply.hijack();
    try {
      ways[way]?.((reply.raw as unknown as Http2ServerResponse).stream);
    } catch (error) {
      refusals.push((error as { code: string }).code);
    }
  });
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  const session = connect(origin);
  let pushed = 0;
  session.on("stream", (stream) => {
    pushed++;
    stream.on("error", () => {});
  });
  return {
    refusals,
    pushed: () => pushed,
    async ask(headers: Record<string, string> = {}) {
      const stream: ClientHttp2Stream = session.request({ ":path": "/goods", ...headers });
      const hints: unknown[] = [];
      stream.on("headers", (more) => hints.push(more));
      const [head] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status": number }];
      let body = "";
      for await (const chunk of stream) body += chunk;
      return { head, body, hints };
    },
    async close() {
      session.destroy();
      await app.close();
    },
  };
}

describe("a handler that writes to its HTTP/2 stream", () => {
  it("sends nothing while its response is held, and nothing is charged", async () => {
    for (const settle of ["after", "background"] as const) {
      for (const way of Object.keys(ways)) {
        const what = `${way}, ${settle}`;
        const shop = await open(way, settle);
        try {
          const { head } = await shop.ask();
          expect(head[":status"], what).toBe(402);
          const charged = facilitator.charges.length;
          const header = await buyer.header(decodeHeader(String(head["payment-required"])) as never);
          const answer = await shop.ask({ "payment-signature": header });
          expect(answer.head[":status"], what).toBe(500);
          expect(JSON.parse(answer.body), what).toMatchObject({ code: "connection_taken_over" });
          expect(shop.refusals, what).toEqual(["connection_taken_over"]);
          expect(answer.hints, what).toEqual([]);
          expect(shop.pushed(), what).toBe(0);
          expect(facilitator.charges.length, what).toBe(charged);
        } finally {
          await shop.close();
        }
      }
    }
  });

  it("sends it where the payment has settled before, for one payment once", async () => {
    const shop = await open("respond", "before");
    try {
      const { head } = await shop.ask();
      const header = await buyer.header(decodeHeader(String(head["payment-required"])) as never);
      const charged = facilitator.charges.length;
      expect(await shop.ask({ "payment-signature": header })).toMatchObject({ body: "goods" });
      expect((await shop.ask({ "payment-signature": header })).head[":status"]).toBe(409);
      expect(facilitator.charges.length).toBe(charged + 1);
    } finally {
      await shop.close();
    }
  });
});
