import { once } from "node:events";
import { createServer, type Server, ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { type AddressInfo, connect } from "node:net";
import { createPaywall, memoryStore, type Paywall } from "@turnpike/core";
import { decodeHeader, faults, knock, payer, startFacilitator, type TestFacilitator } from "@turnpike/testing";
import type { Express, Request } from "express";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { paid, paidUpgrade, paywall } from "../src/index.js";
import { quietApp } from "./stand.js";

interface Socket {
  send(text: string): void;
}
type SocketApp = Express & { ws(path: string, handler: (socket: Socket) => void): void };
/** It has no types of its own. */
const expressWs = createRequire(import.meta.url)("express-ws") as (app: Express) => { app: SocketApp };

const buyer = payer();
let facilitator: TestFacilitator;
let tolls: Paywall;
let servers: Server[] = [];
const store = () => memoryStore();
let records = store();

beforeEach(async () => {
  facilitator = await startFacilitator();
  records = store();
  tolls = createPaywall({
    payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
    network: "base-sepolia",
    facilitator: facilitator.url,
    store: records,
    reconcileSeconds: 0,
  });
});
afterEach(async () => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
  servers = [];
  await facilitator.close();
});

async function listen(server: Server): Promise<string> {
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A payment for what an unpaid request for a WebSocket is asked. */
async function sign(url: string): Promise<Record<string, string>> {
  const unpaid = await knock(url);
  expect(unpaid.status).toBe(402);
  const required = decodeHeader(unpaid.header("payment-required") ?? "");
  return { "payment-signature": await buyer.header(required as never) };
}

async function becomes(state: string): Promise<void> {
  for (;;) {
    const [listed] = await records.list({ order: "newest", limit: 1 });
    if (listed?.record.state === state) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A server whose upgrades are sold; each session greets. */
async function sell(sessions: { open: number }, fails: () => boolean = () => false): Promise<string> {
  const wss = new WebSocketServer({ noServer: true });
  wss.on("connection", (ws) => {
    sessions.open++;
    ws.send("welcome");
    ws.on("message", (data) => ws.send(`you said ${data}`));
  });
  const server = createServer(quietApp());
  const upgrade = paidUpgrade(tolls, "$0.01", (req, socket, head) => {
    if (fails()) throw new Error("no feed today");
    wss.handleUpgrade(req, socket, head, (ws) => wss.emit("connection", ws, req));
  });
  server.on("upgrade", upgrade);
  return `${await listen(server)}/feed`;
}

describe("paidUpgrade with ws", () => {
  it("asks for a payment as plain HTTP, and runs nothing", async () => {
    const sessions = { open: 0 };
    const url = await sell(sessions);
    const unpaid = await knock(url);
    expect(unpaid.status).toBe(402);
    expect(JSON.parse(unpaid.body)).toMatchObject({ code: "payment_required" });
    expect(sessions.open).toBe(0);
  });

  it("opens a socket that works both ways, with the receipt on its head, charged once", async () => {
    const sessions = { open: 0 };
    const url = await sell(sessions);
    const socket = await knock(url, await sign(url));
    expect(socket.status).toBe(101);
    expect(decodeHeader(socket.header("payment-response") ?? "")).toMatchObject({ success: true });
    expect(await socket.message()).toBe("welcome");
    socket.send("hello");
    expect(await socket.message()).toBe("you said hello");
    expect(facilitator.charges).toHaveLength(1);
    await becomes("delivered");
    socket.close();
  });

  it("opens no second socket for a payment, neither beside the first nor after it", async () => {
    const sessions = { open: 0 };
    const url = await sell(sessions);
    const payment = await sign(url);
    const socket = await knock(url, payment);
    await becomes("delivered");
    expect((await knock(url, payment)).status).toBe(409);
    socket.close();
    expect((await knock(url, payment)).status).toBe(409);
    expect(sessions.open).toBe(1);
    expect(facilitator.charges).toHaveLength(1);
  });

  it("opens one socket when copies of a payment come at once", async () => {
    const sessions = { open: 0 };
    const url = await sell(sessions);
    const payment = await sign(url);
    const all = await Promise.all(Array.from({ length: 20 }, () => knock(url, payment)));
    expect(all.filter(({ status }) => status === 101)).toHaveLength(1);
    for (const { status } of all) expect([101, 409]).toContain(status);
    expect(sessions.open).toBe(1);
    for (const socket of all) socket.close();
  });

  it("opens none when the settlement is refused", async () => {
    const sessions = { open: 0 };
    const url = await sell(sessions);
    const payment = await sign(url);
    facilitator.respond("settle", faults.fail("insufficient_funds"));
    expect((await knock(url, payment)).status).toBe(402);
    expect(sessions.open).toBe(0);
    expect(facilitator.charges).toHaveLength(0);
  });

  it("owes a socket whose listener failed, which the same payment collects once", async () => {
    const sessions = { open: 0 };
    let broken = true;
    const url = await sell(sessions, () => broken);
    const payment = await sign(url);
    expect((await knock(url, payment)).status).toBe(500);
    await becomes("owed");
    broken = false;
    const socket = await knock(url, payment);
    expect(await socket.message()).toBe("welcome");
    await becomes("delivered");
    expect((await knock(url, payment)).status).toBe(409);
    expect(facilitator.charges).toHaveLength(1);
    socket.close();
  });

  it("owes a socket whose client left while the payment settled", async () => {
    const sessions = { open: 0 };
    const url = await sell(sessions);
    const payment = await sign(url);
    let settle = () => {};
    const asked = new Promise<void>((seen) => {
      facilitator.respond("settle", async (call) => {
        seen();
        await new Promise<void>((go) => (settle = go));
        await faults.ok()(call);
      });
    });
    const { hostname, port, pathname } = new URL(url);
    const client = connect(Number(port), hostname);
    const lines = [
      `GET ${pathname} HTTP/1.1`,
      `Host: ${hostname}:${port}`,
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${Buffer.alloc(16).toString("base64")}`,
      `PAYMENT-SIGNATURE: ${payment["payment-signature"]}`,
    ];
    client.write(`${lines.join("\r\n")}\r\n\r\n`);
    await asked;
    client.resetAndDestroy();
    await once(client, "close");
    settle();
    await becomes("owed");
    expect(sessions.open).toBe(0);
    expect(facilitator.charges).toHaveLength(1);
    const socket = await knock(url, payment);
    expect(await socket.message()).toBe("welcome");
    socket.close();
  });

  it("G18p settles before the listener whatever protocol the request names, and runs it for no payment that is refused", async () => {
    for (const upgrade of ["websocket", "h2c", "feed, h2c", "H2C,h2c"]) {
      const charged: number[] = [];
      const server = createServer(quietApp());
      const listener = (_: unknown, socket: { end(text: string): void }) => {
        charged.push(facilitator.charges.length);
        socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: feed\r\nConnection: Upgrade\r\n\r\n");
      };
      server.on("upgrade", paidUpgrade(tolls, "$0.01", listener));
      const url = `${await listen(server)}/feed`;
      const before = facilitator.charges.length;
      const refused = await sign(url);
      facilitator.respond("settle", faults.fail("insufficient_funds"));
      expect((await knock(url, { ...refused, upgrade })).status, upgrade).toBe(402);
      expect(charged, upgrade).toEqual([]);
      facilitator.respond("settle", faults.ok());
      const socket = await knock(url, { ...(await sign(url)), upgrade });
      expect(socket.status, upgrade).toBe(101);
      expect(decodeHeader(socket.header("payment-response") ?? ""), upgrade).toMatchObject({ success: true });
      expect(charged, upgrade).toEqual([before + 1]);
      await becomes("delivered");
      socket.close();
    }
  });

  it("prices a tunnel too", async () => {
    const server = createServer();
    let tunnels = 0;
    server.on(
      "connect",
      paidUpgrade(tolls, "$0.01", (_, socket) => {
        tunnels++;
        socket.end("HTTP/1.1 200 Connection Established\r\n\r\ninside");
      }),
    );
    const { hostname, port } = new URL(await listen(server));
    const client = connect(Number(port), hostname);
    client.end(`CONNECT inside:80 HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
    const [bytes] = (await once(client, "data")) as [Buffer];
    expect(bytes.toString()).toMatch(/^HTTP\/1.1 402 /);
    expect(tunnels).toBe(0);
  });
});

describe("ws within a paid route", () => {
  const wss = new WebSocketServer({ noServer: true });
  const app = (settle: "after" | "before" | "background"): Express => {
    const made = quietApp();
    made.get("/feed", paid(tolls as never, { price: "$0.01", settle }), (req: Request) => {
      wss.handleUpgrade(req, req.socket, Buffer.alloc(0), (ws) => ws.send("welcome"));
    });
    return made;
  };
  const modes = ["after", "before", "background"] as const;

  it("settles first, whatever the route says, and sells one socket for one payment", async () => {
    for (const settle of modes) {
      const url = `${await listen(createServer(app(settle)))}/feed`;
      const charged = facilitator.charges.length;
      const payment = await sign(url);
      const socket = await knock(url, payment);
      expect(socket.status, settle).toBe(101);
      expect(await socket.message(), settle).toBe("welcome");
      await becomes("delivered");
      expect((await knock(url, payment)).status, settle).toBe(409);
      expect(facilitator.charges.length - charged, settle).toBe(1);
      socket.close();
    }
  });

  it("opens none when the settlement is refused", async () => {
    for (const settle of modes) {
      const url = `${await listen(createServer(app(settle)))}/feed`;
      const payment = await sign(url);
      facilitator.respond("settle", faults.fail("insufficient_funds"));
      expect((await knock(url, payment)).status, settle).toBe(402);
    }
    expect(facilitator.charges).toHaveLength(0);
  });

  it("is served to an app that gets its upgrades from the server", async () => {
    const inner = app("after");
    const server = createServer(inner);
    server.on("upgrade", (req, socket) => {
      const res = new ServerResponse(req);
      res.assignSocket(socket as never);
      inner(req, res);
    });
    const url = `${await listen(server)}/feed`;
    const socket = await knock(url, await sign(url));
    expect(await socket.message()).toBe("welcome");
    await becomes("delivered");
    socket.close();
  });
});

describe("express-ws, which upgrades before the app is asked", () => {
  it("runs no handler of a path that has a price", async () => {
    const { app } = expressWs(quietApp());
    let sessions = 0;
    app.use(paywall(tolls as never, { "GET /feed": "$0.01" }));
    app.ws("/feed", (ws) => {
      sessions++;
      ws.send("welcome");
    });
    app.ws("/free", (ws) => ws.send("free"));
    const server = app.listen(0, "127.0.0.1");
    servers.push(server as Server);
    await once(server, "listening");
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for (const path of ["/feed", "/feed/", "/FEED", "/feed?x=1", "/feed/.websocket"]) {
      const socket = await knock(origin + path);
      await expect(socket.message(), path).rejects.toThrow();
    }
    expect(sessions).toBe(0);
    const free = await knock(`${origin}/free`);
    expect(await free.message()).toBe("free");
    free.close();
  });
});
