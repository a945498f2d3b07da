import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { serve, upgradeWebSocket } from "@hono/node-server";
import { memoryStore } from "@turnpike/core";
import { decodeHeader, faults, knock } from "@turnpike/testing";
import { Hono } from "hono";
import { afterEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { paid, paywall } from "../src/index.js";
import { openTill } from "./till.js";

const till = openTill();
const modes = ["after", "before", "background"] as const;
const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
});

async function listen(app: Hono, withSockets = true): Promise<string> {
  const wss = new WebSocketServer({ noServer: true });
  const sockets = withSockets ? { websocket: { server: wss as never } } : {};
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0, ...sockets }) as Server;
  servers.push(server);
  if (!server.listening) await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Open at the server that was started last. */
const connections = () =>
  new Promise<number>((resolve) => servers.at(-1)?.getConnections((_, count) => resolve(count)));

async function sign(url: string): Promise<Record<string, string>> {
  const unpaid = await knock(url);
  expect(unpaid.status).toBe(402);
  const buyer = till.buyer;
  return { "payment-signature": await buyer.header(decodeHeader(unpaid.header("payment-required") ?? "") as never) };
}

/** A shop whose sockets greet, and count their sessions. */
function shop(settle: (typeof modes)[number], wrap?: (app: Hono) => void) {
  const app = new Hono();
  const store = memoryStore();
  let sessions = 0;
  app.use(paywall(till.config({ store, routes: { "GET /feed": { price: "$0.01", settle } } })));
  wrap?.(app);
  const greet = upgradeWebSocket(() => ({
    onOpen: (_, socket) => {
      sessions++;
      socket.send("welcome");
    },
    onMessage: (event, socket) => socket.send(`you said ${event.data}`),
  }));
  app.get("/feed", greet);
  const state = async () => {
    const records = await store.list({ order: "newest", limit: 10 });
    // An attempt that was proven has gone on under the payment's own name.
    return records.find(({ record }) => record.reason !== "moved")?.record.state;
  };
  return { app, sessions: () => sessions, state };
}

describe("a paid WebSocket on Node", () => {
  it("opens once the payment has settled, works both ways, and is sold once for one payment", async () => {
    for (const settle of modes) {
      const { app, sessions, state } = shop(settle);
      const url = `${await listen(app)}/feed`;
      const charged = till.charges;
      const payment = await sign(url);
      const socket = await knock(url, payment);
      expect(socket.status, settle).toBe(101);
      expect(decodeHeader(socket.header("payment-response") ?? ""), settle).toMatchObject({ success: true });
      expect(await socket.message(), settle).toBe("welcome");
      socket.send("hello");
      expect(await socket.message(), settle).toBe("you said hello");
      await expect.poll(state, { timeout: 10_000, message: settle }).toBe("delivered");
      expect((await knock(url, payment)).status, settle).toBe(409);
      socket.close();
      expect((await knock(url, payment)).status, settle).toBe(409);
      expect(sessions(), settle).toBe(1);
      expect(till.charges - charged, settle).toBe(1);
    }
  });

  it("does not open when the settlement is refused", async () => {
    for (const settle of modes) {
      const { app, sessions } = shop(settle);
      const url = `${await listen(app)}/feed`;
      const charged = till.charges;
      const payment = await sign(url);
      till.facilitator.respond("settle", faults.fail("insufficient_funds"));
      expect((await knock(url, payment)).status, settle).toBe(402);
      expect(sessions(), settle).toBe(0);
      expect(till.charges, settle).toBe(charged);
    }
  });

  it("does not open when something behind the paywall fails, and is collected once by the same payment", async () => {
    let broken = true;
    const { app, state } = shop("after", (inner) => {
      inner.use(async (_, next) => {
        await next();
        if (broken) throw new Error("no feed today");
      });
      inner.onError((_, c) => c.text("failed", 500));
    });
    const url = `${await listen(app)}/feed`;
    const charged = till.charges;
    const payment = await sign(url);
    expect((await knock(url, payment)).status).toBe(500);
    await expect.poll(state, { timeout: 10_000 }).toBe("owed");
    broken = false;
    const socket = await knock(url, payment);
    expect(await socket.message()).toBe("welcome");
    await expect.poll(state, { timeout: 10_000 }).toBe("delivered");
    expect((await knock(url, payment)).status).toBe(409);
    socket.close();
    expect(till.charges - charged).toBe(1);
  });

  it("is owed where its client left while the payment settled, and opens for the same payment", async () => {
    for (const settle of modes) {
      const { app, state } = shop(settle);
      const url = `${await listen(app)}/feed`;
      const charged = till.charges;
      const payment = await sign(url);
      const client = connect(Number(new URL(url).port), "127.0.0.1").on("error", () => {});
      const gone = once(client, "close");
      till.facilitator.respond("settle", async (call) => {
        const before = await connections();
        client.resetAndDestroy();
        await expect.poll(connections).toBe(before - 1);
        await faults.ok()(call);
      });
      const fields = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"];
      const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
      const signature = `PAYMENT-SIGNATURE: ${payment["payment-signature"]}`;
      client.write(["GET /feed HTTP/1.1", "Host: 127.0.0.1", ...fields, key, signature, "", ""].join("\r\n"));
      await gone;
      await expect.poll(state, { message: settle }).toBe("owed");
      const socket = await knock(url, payment);
      expect(await socket.message(), settle).toBe("welcome");
      await expect.poll(state, { message: settle }).toBe("delivered");
      socket.close();
      expect(till.charges - charged, settle).toBe(1);
    }
  });

  it("is refused ahead of any charge where the server upgrades nothing", async () => {
    const { app } = shop("before");
    const url = `${await listen(app, false)}/feed`;
    const refused = await knock(url);
    expect(refused.status).toBe(501);
    expect(JSON.parse(refused.body)).toMatchObject({ code: "upgrade_not_supported" });
    const free = await knock(url.replace("/feed", "/other"));
    expect(free.status).toBe(404);
  });

  it("costs under every spelling that is served", async () => {
    const { app, sessions } = shop("after");
    const origin = await listen(app);
    for (const path of ["/feed?x=1", "/%66eed", "/feed", "/./feed"]) {
      expect((await knock(origin + path)).status, path).toBe(402);
    }
    expect(sessions()).toBe(0);
  });
});

describe("a handler that writes to Node's own response", () => {
  const writers: Record<
    string,
    (env: {
      outgoing: { write: unknown; end(text: string): void; req: { socket: { write(text: string): void } } };
    }) => void
  > = {
    response: ({ outgoing }) => outgoing.end("goods"),
    connection: ({ outgoing }) => outgoing.req.socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ngoods"),
  };

  it("sends nothing while the response is held, and nothing is charged", async () => {
    for (const settle of ["after", "background"] as const) {
      for (const [way, write] of Object.entries(writers)) {
        const what = `${way}, ${settle}`;
        const app = new Hono();
        app.onError((error, c) => c.text((error as { code?: string }).code ?? "", 500));
        app.get("/raw", paid(till.config({ store: memoryStore() }), { price: "$0.01", settle }), (c) => {
          write(c.env as never);
          return c.text("done");
        });
        const url = `${await listen(app)}/raw`;
        const charged = till.charges;
        const buying = till.buyer.buy(url).then(({ response }) => response.text());
        const text = await buying.catch(() => "the connection ended");
        expect(text, what).toMatch(/connection_taken_over|the connection ended/);
        expect(text, what).not.toContain("goods");
        expect(till.charges, what).toBe(charged);
      }
    }
  });
});
