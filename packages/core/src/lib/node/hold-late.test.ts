import type { IncomingMessage, ServerResponse } from "node:http";
import { connect, createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import {
  exchange,
  get,
  type Handler,
  HandTicket,
  listen,
  open,
  protect,
  released,
  stopServers,
} from "../../../test/raw-http.js";
import type { Conclusion } from "../seam.js";

const servers = new Set<Http2Server>();

afterEach(async () => {
  await stopServers();
  for (const server of servers) server.close();
  servers.clear();
});

const turn = () => new Promise(setImmediate);

/** A settlement that a test ends. */
function settlement(conclusion: Conclusion = released) {
  let settle = () => {};
  const decide = () => new Promise<Conclusion>((resolve) => (settle = () => resolve(conclusion)));
  return { decide, settle: () => settle() };
}

/** How a handler, or what reports its error, cuts a connection off. */
const cuts: Record<string, Handler> = {
  "the request's socket": (req) => req.socket.destroy(),
  "the request's socket, with an error": (req) => req.socket.destroy(new Error("too late")),
  "the request's socket, soon": (req) => req.socket.destroySoon(),
  "the end of the request's socket": (req) => req.socket.end(),
  "the end of the request's socket, with a page": (req) => req.socket.end("HTTP/1.1 500 Oops\r\n\r\n"),
  "a reset": (req) => req.socket.resetAndDestroy(),
  "the request": (req) => req.destroy(),
  "the response": (_, res) => res.destroy(),
  "the response, with an error": (_, res) => res.destroy(new Error("too late")),
  "the response's socket": (_, res) => res.socket?.destroy(),
};

const request = get("/", { headers: "X-Long: no\r\n" });

describe("a handler that has ended its response, and then cuts it off", () => {
  for (const [name, cut] of Object.entries(cuts)) {
    it(`by ${name}: the response leaves whole, and then the connection ends`, async () => {
      const { decide, settle } = settlement();
      const ticket = new HandTicket({ decide });
      const port = await listen(
        protect(ticket, (req, res) => {
          res.end("the goods");
          setImmediate(() => cut(req, res));
        }),
      );
      const answer = exchange(port, request.replace("Connection: close\r\n", ""));
      while (ticket.outcomes.length === 0) await turn();
      for (let at = 0; at < 5; at++) await turn();
      settle();
      expect(await answer).toMatch(/^HTTP\/1.1 200 OK[\s\S]*X-Receipt: 1[\s\S]*the goods$/);
      expect(ticket.deliveries).toEqual([true]);
    });
  }

  it("while a body that was settled at its beginning still leaves: the body leaves whole", async () => {
    const body = "a".repeat(8 << 20);
    const ticket = new HandTicket();
    let cut = () => {};
    const port = await listen(
      protect(ticket, (req, res) => {
        res.end(body);
        cut = () => req.socket.destroy();
      }),
    );
    const socket = await open(port);
    let length = 0;
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(get());
    await new Promise((resolve) => socket.once("readable", resolve));
    cut();
    socket.on("data", (chunk) => (length += chunk.length));
    await closed;
    expect(length).toBeGreaterThan(body.length);
    expect(ticket.deliveries).toEqual([true]);
  });

  it("where the payment is refused: the refusal leaves whole", async () => {
    const { decide, settle } = settlement({ type: "replace", reply: { status: 402, headers: [], body: "refused" } });
    const ticket = new HandTicket({ decide });
    const port = await listen(
      protect(ticket, (req, res) => {
        res.end("the goods");
        setImmediate(() => req.socket.destroy());
      }),
    );
    const answer = exchange(port, request);
    while (ticket.outcomes.length === 0) await turn();
    for (let at = 0; at < 5; at++) await turn();
    settle();
    expect(await answer).toMatch(/^HTTP\/1.1 402[\s\S]*refused$/);
  });

  it("over HTTP/2, by its stream, the request or the response: the response leaves whole", async () => {
    for (const cut of [
      (_: IncomingMessage, res: ServerResponse) => (res as unknown as { stream: { destroy(): void } }).stream.destroy(),
      (_: IncomingMessage, res: ServerResponse) => (res as unknown as { stream: { close(): void } }).stream.close(),
      (req: IncomingMessage) => req.socket.destroy(),
      (req: IncomingMessage) => req.destroy(),
      (_: IncomingMessage, res: ServerResponse) => res.destroy(),
    ]) {
      const { decide, settle } = settlement();
      const ticket = new HandTicket({ decide });
      const server = createServer(
        protect(ticket, (req, res) => {
          res.end("the goods");
          setImmediate(() => cut(req, res));
        }) as never,
      );
      servers.add(server);
      await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
      const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      const stream = session.request({ ":path": "/" });
      const answer = text(stream);
      while (ticket.outcomes.length === 0) await turn();
      for (let at = 0; at < 5; at++) await turn();
      settle();
      expect(await answer).toBe("the goods");
      expect(await ticket.delivered_).toBe(true);
      session.close();
    }
  });
});

describe("a client that reads nothing of a response that something has cut off", () => {
  it("is let go after a while, once the response is decided", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { decide, settle } = settlement();
    const ticket = new HandTicket({ decide });
    let closed: Promise<unknown> | undefined;
    const port = await listen(
      protect(ticket, (_, res) => {
        closed = new Promise((resolve) => res.once("close", resolve));
        res.end(Buffer.alloc(32 << 20));
        setImmediate(() => res.destroy());
      }),
    );
    const socket = await open(port);
    socket.on("error", () => {}).pause();
    socket.write(get());
    while (ticket.outcomes.length === 0) await turn();
    vi.advanceTimersByTime(60_000);
    for (let at = 0; at < 5; at++) await turn();
    settle();
    for (let at = 0; at < 5; at++) await turn();
    expect(ticket.deliveries).toEqual([]);
    vi.advanceTimersByTime(30_000);
    await closed;
    expect(await ticket.delivered_).toBe(false);
    socket.destroy();
  });
});

describe("a connection that ends otherwise", () => {
  it("is not kept waiting: a server that closes all of them", async () => {
    const ticket = new HandTicket({ decide: settlement().decide });
    let server: { closeAllConnections(): void } | undefined;
    const port = await listen(
      protect(ticket, (req, res) => {
        server = Reflect.get(req.socket, "server");
        res.end("the goods");
        setImmediate(() => req.socket.destroy());
      }),
    );
    const answer = exchange(port, get());
    while (ticket.outcomes.length === 0) await turn();
    for (let at = 0; at < 5; at++) await turn();
    server?.closeAllConnections();
    expect(await answer).toBe("");
  });

  it("is not kept waiting: a client that leaves", async () => {
    const { decide, settle } = settlement();
    const ticket = new HandTicket({ decide });
    let response: ServerResponse | undefined;
    const port = await listen(
      protect(ticket, (req, res) => {
        response = res;
        res.end("the goods");
        setImmediate(() => req.socket.destroy());
      }),
    );
    const socket = await open(port);
    socket.write(get());
    while (ticket.outcomes.length === 0) await turn();
    const closed = new Promise((resolve) => response?.once("close", resolve));
    socket.destroy();
    await closed;
    settle();
    expect(await ticket.delivered_).toBe(false);
  });

  it("is not kept waiting: a handler that has not ended its response", async () => {
    const ticket = new HandTicket({ hold: 4 });
    const port = await listen(
      protect(ticket, (req, res) => {
        res.write("half the goods");
        res.once("drain", () => req.socket.destroy());
      }),
    );
    expect(await exchange(port, get())).toMatch(/^HTTP\/1.1 200 OK[\s\S]*half the goods/);
    expect(await ticket.delivered_).toBe(false);
  });
});
