import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import {
  exchange,
  get,
  HandTicket,
  listen,
  open,
  protect,
  released,
  runHeld,
  stopServers,
} from "../../../test/raw-http.js";

afterEach(stopServers);

const turn = () => new Promise(setImmediate);
const never = new Promise<never>(() => {});

describe("a client that leaves", () => {
  it("before the answer: the engine hears of it and nothing is sent", async () => {
    const ticket = new HandTicket();
    let closed = () => {};
    const close = new Promise<void>((resolve) => {
      closed = resolve;
    });
    let response: ServerResponse | undefined;
    const port = await listen(
      protect(ticket, (_, res) => {
        response = res;
        res.write("partly");
        res.once("close", closed);
      }),
    );
    const socket = await open(port);
    socket.write(get());
    while (!response) await turn();
    socket.destroy();
    await close;
    expect(await ticket.delivered_).toBe(false);
    expect(ticket.outcomes).toMatchObject([{ aborted: true, whole: false }]);
    expect(response.headersSent).toBe(true);
    expect(response.write("more")).toBe(false);
  });

  it("while the engine settles: concluded once, and not delivered", async () => {
    let settle = () => {};
    const ticket = new HandTicket({ decide: () => new Promise((resolve) => (settle = () => resolve(released))) });
    let response: ServerResponse | undefined;
    const port = await listen(
      protect(ticket, (_, res) => {
        response = res;
        res.end("whole");
      }),
    );
    const socket = await open(port);
    socket.write(get());
    while (ticket.outcomes.length === 0) await turn();
    await turn();
    const closed = new Promise((resolve) => response?.once("close", resolve));
    socket.destroy();
    await closed;
    settle();
    expect(await ticket.delivered_).toBe(false);
    expect(ticket.outcomes).toMatchObject([{ whole: true, aborted: false }]);
    expect(ticket.deliveries).toEqual([false]);
  });

  it("while the engine settles an answer whose length Node is to check: nothing is thrown that nobody can catch", async () => {
    let settle = () => {};
    const ticket = new HandTicket({ decide: () => new Promise((resolve) => (settle = () => resolve(released))) });
    const thrown: unknown[] = [];
    const note = (error: unknown) => thrown.push(error);
    let response: ServerResponse | undefined;
    const port = await listen(
      protect(ticket, (_, res) => {
        response = res;
        res.strictContentLength = true;
        res.setHeader("Content-Length", 5);
        res.end("whole");
      }),
    );
    const socket = await open(port);
    socket.write(get());
    while (ticket.outcomes.length === 0) await turn();
    process.on("uncaughtException", note);
    const closed = new Promise((resolve) => response?.once("close", resolve));
    socket.destroy();
    await closed;
    await turn();
    process.off("uncaughtException", note);
    settle();
    expect(thrown).toEqual([]);
    expect(await ticket.delivered_).toBe(false);
  });

  it("counts as gone when the handler itself destroys the response, even if it then ends", async () => {
    const ticket = new HandTicket();
    await runHeld(ticket, (res) => {
      res.write("half");
      res.destroy();
      res.end("whole");
    });
    expect(await ticket.delivered_).toBe(false);
    expect(ticket.outcomes).toMatchObject([{ aborted: true }]);
  });

  it("before the handler could run: it does not run", async () => {
    const ticket = new HandTicket();
    let ran = false;
    const held = protect(ticket, () => {
      ran = true;
    });
    await exchange(
      await listen((message, response) => {
        message.socket.destroy();
        held(message, response);
      }),
      get(),
    );
    expect(ran).toBe(false);
    expect(ticket.outcomes).toMatchObject([{ aborted: true }]);
    expect(await ticket.delivered_).toBe(false);
  });

  it("while its request waits behind another on the same connection", async () => {
    const first = new HandTicket();
    const second = new HandTicket();
    let reached = 0;
    const port = await listen((message, response) => {
      reached++;
      protect(message.url === "/1" ? first : second, () => never)(message, response);
    });
    const socket = await open(port);
    socket.write("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    while (reached < 2) await turn();
    socket.destroy();
    expect(await Promise.all([first.delivered_, second.delivered_])).toEqual([false, false]);
    expect(second.outcomes).toMatchObject([{ aborted: true }]);
  });
});

it("pipelined answers leave in order, each whole", async () => {
  const port = await listen((message, response) => {
    protect(new HandTicket(), async (_, res) => {
      if (message.url === "/1") for (let at = 0; at < 20; at++) await turn();
      res.end(`answer ${message.url}`);
    })(message, response);
  });
  const answer = await exchange(
    port,
    "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  );
  expect(answer.match(/answer ..|X-Receipt/g)).toEqual(["X-Receipt", "answer /1", "X-Receipt", "answer /2"]);
});

it("a handler that fails halfway and destroys the connection is not paid for", async () => {
  const ticket = new HandTicket();
  const answer = await runHeld(ticket, (res) => {
    res.write("half an answer");
    res.destroy(new Error("broke"));
  });
  expect(answer).toBe("");
  expect(await ticket.delivered_).toBe(false);
  expect(ticket.outcomes).toMatchObject([{ aborted: true }]);
});

it("an answer that breaks after its release is reported as not delivered", async () => {
  const ticket = new HandTicket({ hold: 0 });
  await runHeld(ticket, (res) => {
    res.write("half");
    res.once("drain", () => res.destroy());
  });
  expect(await ticket.delivered_).toBe(false);
  expect(ticket.outcomes).toMatchObject([{ aborted: false }]);
});
