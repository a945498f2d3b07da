import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Duplex, Readable } from "node:stream";
import { createPaywall } from "@turnpike/core";
import type { PaymentRequired } from "@turnpike/core/protocol";
import { decodeHeader, rawRequest } from "@turnpike/testing";
import type { NextFunction, Request, Response } from "express";
import { afterEach, expect, it } from "vitest";
import { paidUpgrade, protect } from "../src/index.js";
import { answer } from "./parts.js";
import { openStand, quietApp, rest } from "./stand.js";

const stand = openStand();
const goods = "premium goods";
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** A server with the app and listeners of its own. */
async function serve(app: ReturnType<typeof quietApp>, listener?: (...args: Upgrade) => void): Promise<string> {
  const server = createServer(app).listen(0, "127.0.0.1");
  servers.push(server);
  await once(server, "listening");
  if (listener) server.on("upgrade", listener);
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
type Upgrade = [request: IncomingMessage, socket: Duplex, head: Buffer];

const upgrade = (target: string) => [`GET ${target} HTTP/1.1`, "Connection: Upgrade", "Upgrade: websocket"];

it("G10i what stands ahead of the gate serves no priced path, whatever it is and however it sends", async () => {
  const senders: ((res: Response) => void)[] = [
    (res) => void res.send(goods),
    (res) => void res.writeHead(200, { "content-length": goods.length }).end(goods),
    (res) => {
      res.write(goods.slice(0, 3));
      res.end(goods.slice(3));
    },
    (res) => {
      res.flushHeaders();
      res.end(goods);
    },
    (res) => void res.status(206).end(goods),
  ];
  for (const send of senders) {
    const app = quietApp();
    app.use((req: Request, res: Response, next: NextFunction) => (req.path.startsWith("/p") ? send(res) : next()));
    app.get("/premium/x", answer).get("/free", answer);
    protect(app, stand.config({ routes: { [`GET /premium/${rest}`]: "$1" } as const }));
    const origin = await stand.listen(app);
    for (const target of ["/premium/x", "/p/../premium/x", "/premium%2fx"]) {
      const { status, body } = await rawRequest(origin, [`GET ${target} HTTP/1.1`]);
      expect(status, `${send} ${target}`).toBe(500);
      expect(body.toString()).toContain("gate_bypassed");
      expect(body.toString()).not.toContain("goods");
    }
    expect(await (await fetch(`${origin}/plain`)).text()).toBe(goods);
    expect((await fetch(`${origin}/free`)).status).toBe(200);
  }
});

it("G10j what stands ahead of the gate may refuse, redirect and pass on, and what it adds stays", async () => {
  const app = quietApp();
  app.use((req: Request, res: Response, next: NextFunction) => {
    res.set("x-app", "yes");
    if (req.query.as === undefined) next();
    else res.status(Number(req.query.as)).end();
  });
  app.get("/premium/x", answer);
  protect(app, stand.config({ routes: { [`GET /premium/${rest}`]: "$1" } as const }));
  const origin = await stand.listen(app);
  const ask = (query: string) => fetch(`${origin}/premium/x${query}`, { redirect: "manual" });
  for (const status of [302, 401, 403, 404, 500]) expect((await ask(`?as=${status}`)).status).toBe(status);
  expect((await ask("")).headers.get("x-app")).toBe("yes");
  expect((await ask("")).status).toBe(402);
  const { response } = await stand.buy(`${origin}/premium/x`);
  expect([response.status, response.headers.get("x-app")]).toEqual([200, "yes"]);
});

it("G18j a listener for upgrades serves no priced path: neither an upgrade nor a plain response", async () => {
  const app = quietApp();
  app.get("/premium/x", answer).get("/free", answer);
  protect(app, stand.config({ routes: { [`GET /premium/${rest}`]: "$1" } as const }));
  const relay = (socket: Duplex, head: string) => {
    socket.write(head);
    Readable.from([goods]).pipe(socket);
  };
  const listeners: ((...args: Upgrade) => void)[] = [
    (_request, socket) => void socket.end(`HTTP/1.1 101 Switching Protocols\r\n\r\n${goods}`),
    (_request, socket) => relay(socket, "HTTP/1.1 200 OK\r\n\r\n"),
    (_request, socket) => void setImmediate(relay, socket, "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
  ];
  for (const listener of listeners) {
    const origin = await serve(app, listener);
    expect((await fetch(`${origin}/free`)).status).toBe(200);
    for (const target of ["/premium/x", "/x/../premium/x", "//premium/x", "http://h/premium/x"]) {
      const { status, body } = await rawRequest(origin, upgrade(target));
      expect(status, target).toBe(500);
      expect(body.toString()).toContain("gate_bypassed");
      expect(body.toString()).not.toContain("goods");
    }
    expect((await rawRequest(origin, upgrade("/free"))).body.toString()).toContain(goods);
  }
});

it("G18k a priced listener sells an upgrade of a path that the table prices too", async () => {
  const app = quietApp();
  const tolls = createPaywall(stand.config());
  app.get("/premium/x", answer).get("/free", answer);
  protect(app, tolls, { [`GET /premium/${rest}`]: "$0.01" } as const);
  const sell = paidUpgrade(tolls, "$0.01", (_request, socket) => {
    socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nsold");
  });
  const origin = await serve(app, sell);
  expect((await fetch(`${origin}/free`)).status).toBe(200);
  const unpaid = await rawRequest(origin, upgrade("/premium/x"));
  expect(unpaid.status).toBe(402);
  const challenge = decodeHeader(unpaid.header("payment-required") as string) as PaymentRequired;
  const payment = await stand.buyer.header(challenge);
  expect((await rawRequest(origin, [...upgrade("/premium/x"), `PAYMENT-SIGNATURE: ${payment}`])).status).toBe(101);
  expect(stand.charges).toBeGreaterThan(0);
});
