import websocket from "@fastify/websocket";
import { createPaywall, memoryStore } from "@turnpike/core";
import { decodeHeader, faults, knock } from "@turnpike/testing";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { paid, paywall } from "../src/index.js";
import { openTill } from "./till.js";

const till = openTill();
const modes = ["after", "before", "background"] as const;

/** An app whose sockets greet, and count their sessions. */
async function serve(register: (app: FastifyInstance, greet: (socket: Greeted) => void) => Promise<void> | void) {
  const app = till.app();
  let sessions = 0;
  await app.register(websocket);
  await register(app, (socket) => {
    sessions++;
    socket.send("welcome");
    socket.on("message", (data) => socket.send(`you said ${data}`));
  });
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  return { origin, sessions: () => sessions };
}

interface Greeted {
  send(text: string): void;
  on(event: "message", listener: (data: unknown) => void): unknown;
}

async function sign(url: string): Promise<Record<string, string>> {
  const unpaid = await knock(url);
  expect(unpaid.status).toBe(402);
  return {
    "payment-signature": await till.buyer.header(decodeHeader(unpaid.header("payment-required") ?? "") as never),
  };
}

describe("a paid route of @fastify/websocket", () => {
  it("opens a socket that works both ways once the payment has settled, one for each payment", async () => {
    for (const settle of modes) {
      const store = memoryStore();
      const { origin, sessions } = await serve(async (app, greet) => {
        await app.register(paywall, till.config({ store }));
        app.get("/feed", { websocket: true, config: { paywall: { price: "$0.01", settle } } }, greet);
      });
      const url = `${origin}/feed`;
      const charged = till.charges;
      const payment = await sign(url);
      const socket = await knock(url, payment);
      expect(socket.status, settle).toBe(101);
      expect(decodeHeader(socket.header("payment-response") ?? ""), settle).toMatchObject({ success: true });
      expect(await socket.message(), settle).toBe("welcome");
      socket.send("hello");
      expect(await socket.message(), settle).toBe("you said hello");
      expect((await knock(url, payment)).status, settle).toBe(409);
      socket.close();
      expect((await knock(url, payment)).status, settle).toBe(409);
      expect(sessions(), settle).toBe(1);
      expect(till.charges - charged, settle).toBe(1);
      const state = async () => (await store.list({ order: "newest", limit: 1 }))[0]?.record.state;
      await expect.poll(state, { timeout: 10_000, message: settle }).toBe("delivered");
    }
  });

  it("opens none when the settlement is refused", async () => {
    for (const settle of modes) {
      const { origin, sessions } = await serve(async (app, greet) => {
        await app.register(paywall, till.config({ store: memoryStore() }));
        app.get("/feed", { websocket: true, config: { paywall: { price: "$0.01", settle } } }, greet);
      });
      const charged = till.charges;
      const payment = await sign(`${origin}/feed`);
      till.facilitator.respond("settle", faults.fail("insufficient_funds"));
      expect((await knock(`${origin}/feed`, payment)).status, settle).toBe(402);
      expect(sessions(), settle).toBe(0);
      expect(till.charges, settle).toBe(charged);
    }
  });

  it("is priced by the table, and by `paid`, under every spelling that is served", async () => {
    const { origin, sessions } = await serve(async (app, greet) => {
      await app.register(
        paywall,
        till.config({ store: memoryStore(), routes: { "GET /feed": "$0.01", "GET /all/*": "$0.01" } }),
      );
      app.get("/feed", { websocket: true }, greet);
      app.get("/all/*", { websocket: true }, greet);
      app.get("/own", { websocket: true, ...paid(createPaywall(till.config()), "$0.01") }, greet);
    });
    for (const path of ["/feed", "/feed?x=1", "/%66eed", "/all/a", "/all/", "/own", "/own?x"]) {
      expect((await knock(origin + path)).status, path).toBe(402);
    }
    expect(sessions()).toBe(0);
  });

  it("sends nothing for a payment that comes without an upgrade, and charges nothing", async () => {
    const { origin } = await serve(async (app, greet) => {
      await app.register(paywall, till.config({ store: memoryStore() }));
      app.get("/feed", { websocket: true, config: { paywall: "$0.01" } }, greet);
    });
    const charged = till.charges;
    const { response } = await till.buyer.buy(`${origin}/feed`);
    expect(response.status).toBe(404);
    expect(till.charges).toBe(charged);
  });
});

describe("a handler that takes its connection over unannounced", () => {
  it("has nothing sent, and nothing charged, until the payment has settled", async () => {
    for (const settle of ["after", "background"] as const) {
      const app = till.app();
      await app.register(paywall, till.config({ store: memoryStore() }));
      app.get("/raw", { config: { paywall: { price: "$0.01", settle } } }, (request, reply) => {
        reply.hijack();
        request.raw.socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\ngoods");
      });
      const origin = await app.listen({ host: "127.0.0.1", port: 0 });
      const charged = till.charges;
      const { response } = await till.buyer.buy(`${origin}/raw`);
      expect(response.status, settle).toBe(500);
      expect(await response.json(), settle).toMatchObject({ code: "connection_taken_over" });
      expect(till.charges, settle).toBe(charged);
    }
  });

  it("has it sent where the payment has settled before, for one payment once", async () => {
    const app = till.app();
    await app.register(paywall, till.config({ store: memoryStore() }));
    app.get("/raw", { config: { paywall: { price: "$0.01", settle: "before" } } }, (request, reply) => {
      reply.hijack();
      request.raw.socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\ngoods");
    });
    const origin = await app.listen({ host: "127.0.0.1", port: 0 });
    const { response, receipt, header } = await till.buyer.buy(`${origin}/raw`);
    expect(await response.text()).toBe("goods");
    expect(receipt?.success).toBe(true);
    const again = await fetch(`${origin}/raw`, { headers: { "payment-signature": header } });
    expect(again.status).toBe(409);
  });
});
