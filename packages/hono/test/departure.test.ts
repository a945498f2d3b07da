import { type EventEmitter, once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { memoryStore } from "@turnpike/core";
import type { PaymentRequired } from "@turnpike/core/protocol";
import { faults, readChallenge } from "@turnpike/testing";
import { type Context, Hono, type Next } from "hono";
import { compress } from "hono/compress";
import { timeout } from "hono/timeout";
import { afterEach, describe, expect, it } from "vitest";
import { paid } from "../src/index.js";
import { handTicket } from "./hand-ticket.js";
import { openTill } from "./till.js";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

/** A connection to the served app, with one request sent on it. */
async function send(app: Hono, { method = "GET", headers = "" } = {}): Promise<Socket> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => {});
  socket.write(`${method} / HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n${headers}\r\n`);
  return socket;
}

/** All that came, as latin1. */
async function read(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
}

const size = 30 << 20;
const large = (c: Context) => c.body(new Uint8Array(size));

describe("on Hono's server for Node, an answer", () => {
  it.each<[string, (c: Context) => Response, string]>([
    ["text", (c) => c.text("whole"), "whole"],
    ["nothing", (c) => c.body(null, 204), ""],
    ["no bytes", (c) => c.text(""), ""],
    ["a redirect", (c) => c.redirect("/other"), ""],
  ])("is delivered once it has left: %s", async (_, handler, body) => {
    const { gate, deliveries } = handTicket();
    const app = new Hono().get("/", gate, (c) => {
      queueMicrotask(() => expect(deliveries).toEqual([]));
      return handler(c);
    });
    expect((await read(await send(app as Hono))).split("\r\n\r\n")[1]).toContain(body);
    expect(deliveries).toEqual([true]);
  });

  it("is delivered to HEAD", async () => {
    const { gate, deliveries } = handTicket();
    await read(await send(new Hono().get("/", gate, (c) => c.text("x")) as Hono, { method: "HEAD" }));
    expect(deliveries).toEqual([true]);
  });

  it("is delivered when all of a large one was taken", async () => {
    const { gate, deliveries } = handTicket();
    expect((await read(await send(new Hono().get("/", gate, large) as Hono))).length).toBeGreaterThan(size);
    expect(deliveries).toEqual([true]);
  });

  it.each([
    ["whole", 1 << 30, large],
    ["streamed", 0, large],
    [
      "made as it goes",
      0,
      (c: Context) => c.body(new ReadableStream({ pull: (s) => s.enqueue(new Uint8Array(1 << 16)) })),
    ],
  ])("is not delivered when the client breaks off halfway: %s", async (_, hold, handler) => {
    const { gate, deliveries, outcomes } = handTicket({ hold });
    const socket = await send(new Hono().get("/", gate, handler) as Hono);
    await once(socket, "data");
    socket.destroy();
    await expect.poll(() => deliveries).toEqual([false]);
    expect(outcomes).toMatchObject([{ aborted: false, whole: hold > 0 }]);
  });

  it("is not delivered when the client leaves while it is settled", async () => {
    let leave = async () => {};
    const { gate, deliveries, outcomes } = handTicket({ settle: () => leave() });
    const app = new Hono();
    app.get("/", gate, (c) => {
      leave = async () => {
        socket.destroy();
        await once((c.env as { outgoing: EventEmitter }).outgoing, "close");
      };
      return c.text("whole");
    });
    const socket = await send(app);
    await expect.poll(() => deliveries).toEqual([false]);
    expect(outcomes).toMatchObject([{ aborted: false, whole: true }]);
  });

  it("that never comes is given up as soon as the client leaves", async () => {
    const { gate, deliveries, outcomes } = handTicket();
    let running = false;
    const app = new Hono().get("/", gate, () => {
      running = true;
      return new Promise<Response>(() => {});
    });
    const socket = await send(app as Hono);
    await expect.poll(() => running).toBe(true);
    socket.destroy();
    await expect.poll(() => deliveries).toEqual([false]);
    expect(outcomes).toMatchObject([{ aborted: true, whole: false }]);
  });
});

describe("middleware around the paywall", () => {
  const around = async (
    outer: (c: Context, next: () => Promise<void>) => Promise<unknown>,
    headers = "",
    hold?: number,
  ) => {
    const { gate, deliveries, outcomes } = handTicket(hold === undefined ? {} : { hold });
    const app = new Hono();
    app.onError((_, c) => c.text("mended", 500));
    app.get("/", outer as never, gate, (c) => c.text("bought ".repeat(1000)));
    const text = await read(await send(app, { headers }));
    expect(outcomes).toMatchObject([{ aborted: false, status: 200 }]);
    return { text, deliveries };
  };

  it.each<[string, (c: Context, next: () => Promise<void>) => Promise<unknown>]>([
    [
      "throws",
      async (_, next) => {
        await next();
        throw new Error("late");
      },
    ],
    [
      "answers an error",
      async (c, next) => {
        await next();
        c.res = new Response("no", { status: 503 });
      },
    ],
    [
      "answers something else",
      async (c, next) => {
        await next();
        c.res = undefined;
        c.res = new Response("something else");
      },
    ],
    [
      "reads the answer, and throws",
      async (c, next) => {
        await next();
        await c.res.text();
        throw new Error("late");
      },
    ],
  ])("takes a paid answer away when it %s", async (_, outer) => {
    for (const hold of [undefined, 0]) {
      const { text, deliveries } = await around(outer, "", hold);
      expect(text).not.toContain("bought");
      expect(deliveries).toEqual([false]);
    }
  });

  it.each<[string, (c: Context, next: () => Promise<void>) => Promise<unknown>, string]>([
    [
      "adds fields",
      async (c, next) => {
        await next();
        c.header("x-outer", "1");
        c.res.headers.set("x-more", "1");
      },
      "",
    ],
    [
      "wraps the body",
      async (c, next) => {
        await next();
        c.res = new Response(c.res.body?.pipeThrough(new TransformStream()), c.res);
      },
      "",
    ],
    [
      "writes it anew",
      async (c, next) => {
        await next();
        c.res = new Response((await c.res.text()).toUpperCase(), c.res);
      },
      "",
    ],
    ["compresses", compress() as never, "Accept-Encoding: gzip\r\n"],
  ])("delivers a paid answer when it %s", async (_, outer, headers) => {
    for (const hold of [undefined, 0]) {
      const { text, deliveries } = await around(outer, headers, hold);
      expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n/);
      expect(deliveries).toEqual([true]);
    }
  });
});

describe("where a runtime stops with the answer", () => {
  it("it is kept until all is written down", async () => {
    const { gate, deliveries } = handTicket();
    const waited: Promise<unknown>[] = [];
    const context = {
      waitUntil: (promise: Promise<unknown>) => void waited.push(promise),
      passThroughOnException() {},
    };
    const app = new Hono().get("/", gate, (c) => c.text("whole"));
    expect(await (await app.request("/", {}, {}, context as never)).text()).toBe("whole");
    await Promise.all(waited);
    expect([waited.length, deliveries]).toEqual([2, [true]]);
  });

  it("there may be no way to keep it", async () => {
    const { gate, deliveries } = handTicket();
    const app = new Hono().get("/", gate, (c) => c.text("whole"));
    expect(await (await app.request("/")).text()).toBe("whole");
    expect(deliveries).toEqual([true]);
  });
});

describe("middleware ahead of the gate that does not wait for it", () => {
  const till = openTill();
  const impatient = {
    "Hono's own timeout": timeout(100),
    "a race": async (c: Context, next: Next) => {
      await Promise.race([next(), new Promise((resolve) => setTimeout(resolve, 100))]);
      if (!c.finalized) c.res = new Response("too late", { status: 503 });
    },
  };

  it("responds in place of what is held, which is not sold, and collected later where it was charged", async () => {
    for (const [name, middleware] of Object.entries(impatient)) {
      for (const [settle, slow] of [
        ["after", "handler"],
        ["after", "settle"],
        ["background", "handler"],
        ["before", "handler"],
      ] as const) {
        const what = `${name}, ${settle}, ${slow}`;
        let quick = false;
        const app = new Hono();
        app.use((c, next) => (quick ? next() : middleware(c, next)));
        app.get(
          "/x",
          paid(till.config({ store: memoryStore(), reconcileSeconds: 0 }), { price: "$0.01", settle }),
          async (c) => {
            if (slow === "handler" && !quick) await new Promise((resolve) => setTimeout(resolve, 500));
            return c.text("goods");
          },
        );
        if (slow === "settle") till.facilitator.respond("settle", faults.delay(500));
        const server = createAdaptorServer({ fetch: app.fetch }) as Server;
        servers.push(server);
        server.listen(0, "127.0.0.1");
        await once(server, "listening");
        const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`;
        const before = till.charges;
        const header = await till.buyer.header(readChallenge(await fetch(url)) as PaymentRequired);
        const headers = { "payment-signature": header };
        const first = await fetch(url, { headers });
        expect(first.status, what).toBeGreaterThanOrEqual(500);
        expect(await first.text(), what).not.toContain("goods");
        quick = true;
        await expect.poll(async () => (await fetch(url, { headers })).status).toBe(200);
        await expect.poll(() => till.charges - before, { message: what }).toBe(1);
      }
    }
  });
});
