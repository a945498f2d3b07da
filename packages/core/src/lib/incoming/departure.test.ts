import type { ServerResponse } from "node:http";
import { type ClientHttp2Session, connect, createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { get, HandTicket, listen, open, protect, runHeld, stopServers } from "../../../test/raw-http.js";
import { type Outgoing, watchDeparture } from "./departure.js";

afterEach(stopServers);

const size = 30 * 1024 * 1024;

describe("an answer that Node takes in one piece", () => {
  const ways: Record<string, (res: ServerResponse) => void> = {
    "end(body)": (res) => res.end(Buffer.alloc(size)),
    "write(body), end()": (res) => {
      res.setHeader("Content-Length", size);
      res.write(Buffer.alloc(size));
      res.end();
    },
  };

  for (const [name, answer] of Object.entries(ways)) {
    it(`is not delivered when the client breaks off halfway: ${name}`, async () => {
      for (const leave of ["destroy", "resetAndDestroy"] as const) {
        const ticket = new HandTicket();
        const socket = await open(await listen(protect(ticket, (_, res) => answer(res))));
        socket.on("error", () => {});
        socket.once("data", () => socket[leave]());
        socket.write(get());
        expect(await ticket.delivered_).toBe(false);
        expect(ticket.outcomes).toHaveLength(1);
      }
    });

    it(`is delivered when the client took all of it: ${name}`, async () => {
      const ticket = new HandTicket();
      const text = await runHeld(ticket, answer);
      expect(text.length).toBeGreaterThan(size);
      expect(ticket.deliveries).toEqual([true]);
    });
  }

  it("is delivered on a connection that goes on, and on one that the client has half closed", async () => {
    for (const request of ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", get()]) {
      const ticket = new HandTicket();
      const socket = await open(await listen(protect(ticket, (_, res) => res.end("whole"))));
      if (request === get()) socket.end(request);
      else socket.write(request);
      expect(await ticket.delivered_).toBe(true);
    }
  });
});

describe("an answer that the system holds whole, while its client has not read it", () => {
  const request = "GET / HTTP/1.1\r\nHost: shop.test\r\n\r\n";
  const body = Buffer.alloc(256 * 1024);

  /** Asks on a connection that stays, and reads nothing of what comes. */
  async function ask(ticket: HandTicket) {
    const served: ServerResponse[] = [];
    const port = await listen(
      protect(ticket, (_, res) => {
        served.push(res);
        res.end(body);
      }),
    );
    const socket = await open(port);
    socket.on("error", () => {});
    socket.pause();
    socket.write(request);
    expect(await ticket.delivered_).toBe(true);
    const connection = served[0]?.req.socket;
    const closed = new Promise<boolean>((resolve) => connection?.once("close", resolve));
    return { socket, closed };
  }

  for (const leave of ["destroy", "resetAndDestroy"] as const) {
    it(`is reported as lost when the client is gone then: ${leave}`, async () => {
      const ticket = new HandTicket();
      const { socket, closed } = await ask(ticket);
      socket[leave]();
      expect(await closed).toBe(true);
      expect(ticket.deliveries).toEqual([true, false]);
    });
  }

  it("is not when the client has read it, and ends the connection", async () => {
    const ticket = new HandTicket();
    const { socket, closed } = await ask(ticket);
    let size = 0;
    socket.on("data", (chunk) => {
      size += chunk.length;
      if (size > body.length) socket.end();
    });
    socket.resume();
    expect(await closed).toBe(false);
    expect(ticket.deliveries).toEqual([true]);
  });

  it("is not when the client has asked for more since", async () => {
    const ticket = new HandTicket();
    const { socket, closed } = await ask(ticket);
    socket.write("GET /free HTTP/1.1\r\nHost: shop.test\r\nX-Unfinished: ", () => socket.resetAndDestroy());
    await closed;
    expect(ticket.deliveries).toEqual([true]);
  });
});

describe("over HTTP/2, an answer", () => {
  let server: Http2Server | undefined;
  let session: ClientHttp2Session | undefined;
  afterEach(() => {
    session?.destroy();
    server?.close();
  });

  async function request(ticket: HandTicket) {
    server = createServer(protect(ticket, (_, res) => res.end(Buffer.alloc(size))) as never);
    await new Promise<void>((ready) => server?.listen(0, "127.0.0.1", ready));
    session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    session.on("error", () => {});
    return session.request({ ":path": "/" }).on("error", () => {});
  }

  it("is delivered when the client took all of it", async () => {
    const ticket = new HandTicket();
    (await request(ticket)).resume();
    expect(await ticket.delivered_).toBe(true);
  });

  it("is not delivered when the client resets the stream halfway, or the whole session", async () => {
    for (const leave of ["stream", "session"]) {
      const ticket = new HandTicket();
      const stream = await request(ticket);
      stream.once("data", () => {
        if (leave === "stream") stream.close(8);
        else session?.destroy();
      });
      expect(await ticket.delivered_).toBe(false);
      expect(ticket.outcomes).toHaveLength(1);
    }
  });
});

describe("a response that somebody else writes", () => {
  it.each([
    ["taken whole", "GET /small", true],
    ["broken off", "GET /large", false],
    ["broken off before its end", "GET /endless", false],
  ])("is watched: %s", async (_, line, whole) => {
    let told: (whole: boolean) => void = () => {};
    const departed = new Promise((resolve) => {
      told = resolve;
    });
    const port = await listen((message, response) => {
      watchDeparture(response as Outgoing, message.socket, told);
      if (message.url === "/endless") response.write("x");
      else response.end(message.url === "/small" ? "x" : Buffer.alloc(size));
    });
    const socket = await open(port);
    socket.on("error", () => {});
    socket.once("data", () => whole || socket.destroy());
    socket.write(`${line} HTTP/1.1\r\nHost: a\r\n\r\n`);
    expect(await departed).toBe(whole);
  });

  it("has not left if the client was gone before", async () => {
    const reports: boolean[] = [];
    const port = await listen((message, response) => {
      response.once("close", () => {
        watchDeparture(response as Outgoing, message.socket, (whole) => reports.push(whole));
      });
      message.socket.destroy();
    });
    const socket = await open(port);
    socket.write(get());
    await new Promise((resolve) => socket.once("close", resolve));
    await expect.poll(() => reports).toEqual([false]);
  });
});
