import { once } from "node:events";
import { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import type { Handler } from "../../../test/raw-http.js";
import { exchange, get, HandTicket, listen, open, protect, released, stopServers } from "../../../test/raw-http.js";
import type { Payment } from "../seam.js";

afterEach(stopServers);

const goods = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\ngoods";
const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: feed\r\nConnection: Upgrade\r\n\r\n";
const payment = { receipt: { success: true } } as unknown as Payment;

describe("a handler that writes around a response that is held", () => {
  const ways: Record<string, Handler> = {
    "the connection of the request": (req) => req.socket.write(goods),
    "the connection of the response": (_, res) => res.socket?.end(goods),
    "bytes that are no head": (req) => req.socket.write(Buffer.from("goods")),
  };

  it("has none of its bytes sent, whatever it writes to, and ends as a failure", async () => {
    for (const [way, handler] of Object.entries(ways)) {
      const ticket = new HandTicket();
      const bytes = await exchange(await listen(protect(ticket, handler)), get());
      expect(bytes, way).toMatch(/^HTTP\/1.1 500 [\s\S]*"code":"connection_taken_over"/);
      expect(bytes, way).not.toContain("goods");
      expect(ticket.outcomes, way).toMatchObject([{ status: 500, error: { code: "connection_taken_over" } }]);
    }
  });

  it("has its connection ended if it parted the response from it", async () => {
    const ticket = new HandTicket();
    const port = await listen(
      protect(ticket, (req, res) => {
        res.detachSocket(req.socket);
        const own = new ServerResponse(req);
        own.assignSocket(req.socket);
        own.end("goods");
      }),
    );
    expect(await exchange(port, get())).toBe("");
    expect(ticket.outcomes).toMatchObject([{ status: 500, error: { code: "connection_taken_over" } }]);
  });

  it("has none of what it writes after another response left in its place", async () => {
    const ticket = new HandTicket();
    ticket.decide = () => ({ type: "replace", reply: { status: 504, headers: [], body: "late" } });
    let write = () => {};
    const port = await listen(protect(ticket, (req) => (write = () => void req.socket.write(goods))));
    const socket = await open(port);
    const seen: Buffer[] = [];
    socket.on("data", (chunk) => seen.push(chunk) && write());
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    while (write.name === "") await new Promise(setImmediate);
    ticket.controller.abort();
    await once(socket, "close");
    expect(Buffer.concat(seen).toString()).toMatch(/^HTTP\/1.1 504 [\s\S]*late$/);
  });

  it("is refused while an earlier response is on the connection, which leaves unharmed", async () => {
    const ticket = new HandTicket();
    let refusal: unknown;
    let first: ServerResponse | undefined;
    const paid = protect(ticket, (req, res) => {
      try {
        req.socket.write(goods);
      } catch (error) {
        refusal = error;
        res.end("failed");
      }
    });
    const port = await listen((req, res) => {
      if (req.url === "/free") first = res;
      else paid(req, res);
    });
    const answers = exchange(port, `GET /free HTTP/1.1\r\nHost: a\r\n\r\n${get("/paid")}`);
    while (!refusal) await new Promise(setImmediate);
    first?.write("free of ");
    first?.end("charge");
    const bytes = await answers;
    expect(bytes).toContain("free of ");
    expect(bytes).toContain("failed");
    expect(bytes).not.toContain("goods");
    expect(refusal).toMatchObject({ code: "connection_taken_over" });
  });

  it("may refuse by hand, which counts as its response", async () => {
    const ticket = new HandTicket();
    const port = await listen(
      protect(ticket, (req) => void req.socket.end("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")),
    );
    expect(await exchange(port, get())).toMatch(/^HTTP\/1.1 400 /);
    expect(await ticket.delivered_).toBe(false);
    expect(ticket.outcomes).toMatchObject([{ status: 400, aborted: false }]);
  });

  it("gets its connection back for the next request", async () => {
    const ticket = new HandTicket();
    const port = await listen((req, res) => {
      if (req.url === "/paid") protect(ticket, (_, held) => held.end("paid"))(req, res);
      else req.socket.end(goods);
    });
    const socket = await open(port);
    const seen: Buffer[] = [];
    socket.on("data", (chunk) => seen.push(chunk));
    socket.write("GET /paid HTTP/1.1\r\nHost: a\r\n\r\n");
    await ticket.delivered_;
    socket.write(get("/free"));
    await once(socket, "close");
    expect(Buffer.concat(seen).toString()).toMatch(/paid[\s\S]*goods$/);
  });

  it("of a later request writes nothing either, and no error goes where nobody can catch it", async () => {
    const ticket = new HandTicket();
    let callback: unknown;
    const port = await listen((req, res) => {
      if (req.url === "/paid") protect(ticket, () => {})(req, res);
      else req.socket.write(goods, (error) => (callback = error));
    });
    const bytes = await exchange(port, `GET /paid HTTP/1.1\r\nHost: a\r\n\r\n${get("/free")}`);
    expect(bytes).not.toContain("goods");
    expect(callback).toMatchObject({ code: "connection_taken_over" });
  });
});

describe("a handler that writes around a response that is paid already", () => {
  const settled = (): HandTicket => Object.assign(new HandTicket(), { payment });

  it("has its bytes sent with the receipt in their head, and counts as delivered", async () => {
    const ticket = settled();
    const port = await listen(
      protect(ticket, (req) => {
        req.socket.write(switching);
        req.socket.write("first frame ");
        req.socket.end("last frame");
      }),
    );
    const bytes = await exchange(port, get());
    expect(bytes).toMatch(
      /^HTTP\/1.1 101 Switching Protocols\r\nX-Receipt: 1\r\n[\s\S]*\r\n\r\nfirst frame last frame$/,
    );
    expect(await ticket.delivered_).toBe(true);
    expect(ticket.outcomes).toMatchObject([{ status: 101, whole: false }]);
    expect(ticket.deliveries).toEqual([true]);
  });

  it("is not delivered if the client left before", async () => {
    const ticket = settled();
    let run = () => {};
    const port = await listen(protect(ticket, (req) => (run = () => void req.socket.write(switching))));
    const socket = await open(port);
    socket.write(get());
    while (ticket.deliveries.length === 0) {
      await new Promise(setImmediate);
      if (run.name) socket.destroy();
    }
    run();
    expect(ticket.deliveries).toEqual([false]);
    expect(ticket.outcomes).toMatchObject([{ aborted: true }]);
  });

  it("is not delivered if the time runs out before its bytes could leave", async () => {
    const ticket = settled();
    ticket.decide = () => ({ type: "replace", reply: { status: 504, headers: [] } });
    const port = await listen(protect(ticket, (req) => void req.socket.write(switching)));
    expect(await exchange(port, get())).toBe("");
    expect(await ticket.delivered_).toBe(false);
  });
});

describe("a handler that writes around a response that nobody has to pay for", () => {
  it("G30g has its bytes sent with the changes to their head", async () => {
    const ticket = new HandTicket();
    delete ticket.payment;
    const port = await listen(protect(ticket, (req) => void req.socket.end(switching)));
    expect(await exchange(port, get())).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\nX-Receipt: 1\r\n/);
    expect(await ticket.delivered_).toBe(true);
  });
});

describe("hints ahead of a response that is held", () => {
  it("leave with it, once the payment has settled", async () => {
    let settle = () => {};
    const ticket = new HandTicket({ decide: () => new Promise((resolve) => (settle = () => resolve(released))) });
    const order: string[] = [];
    const port = await listen(
      protect(ticket, (_, res) => {
        res.writeEarlyHints({ link: "</style.css>; rel=preload" }, () => {
          order.push("told");
          res.end("goods");
        });
        res.writeProcessing();
      }),
    );
    const socket = await open(port);
    const seen: Buffer[] = [];
    socket.on("data", (chunk) => seen.push(chunk));
    socket.write(get());
    while (ticket.outcomes.length === 0) await new Promise(setImmediate);
    await new Promise(setImmediate);
    expect(order).toEqual(["told"]);
    expect(seen).toEqual([]);
    settle();
    await once(socket, "close");
    expect(Buffer.concat(seen).toString()).toMatch(/^HTTP\/1.1 103 [\s\S]*HTTP\/1.1 200 OK[\s\S]*goods$/);
  });

  it("let a client that waits for them send its body", async () => {
    const ticket = new HandTicket();
    const port = await listen(
      protect(ticket, (_, res) => {
        res.writeContinue();
        res.end("goods");
      }),
    );
    expect(await exchange(port, get())).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
  });
});
