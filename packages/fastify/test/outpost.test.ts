import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect } from "node:http2";
import type { Duplex } from "node:stream";
import { text } from "node:stream/consumers";
import { createPaywall } from "@turnpike/core";
import { rawRequest } from "@turnpike/testing";
import { type FastifyInstance, type FastifyServerOptions, fastify } from "fastify";
import { describe, expect, it } from "vitest";
import { paid, paywall } from "../src/index.js";
import { listen, openTill } from "./till.js";

const till = openTill();
const goods = "premium goods";

/** Whether what stands ahead serves this: a folder, or another server, by its own reading of the path. */
const isServed = (url = "") => url.startsWith("/p") || url.includes("premium");

/** Everything that may serve a path ahead of the paywall. */
const ahead: Record<string, (app: FastifyInstance) => unknown> = {
  "a hook that replies": (app) =>
    app.addHook("onRequest", async (request, reply) => (isServed(request.url) ? reply.send(goods) : undefined)),
  "a hook that streams": (app) =>
    app.addHook("onRequest", async (request, reply) => {
      if (!isServed(request.url)) return undefined;
      return reply.send(new Response(goods));
    }),
  "a hook that hijacks": (app) =>
    app.addHook("onRequest", (request, reply, done) => {
      if (!isServed(request.url)) return void done();
      reply.hijack();
      reply.raw.write(goods.slice(0, 4));
      reply.raw.end(goods.slice(4));
    }),
  "a hook that flushes the head": (app) =>
    app.addHook("onRequest", (request, reply, done) => {
      if (!isServed(request.url)) return void done();
      reply.raw.flushHeaders();
      reply.raw.end(goods);
    }),
  "middleware below a path, which changes the URL as @fastify/middie does": (app) =>
    app.addHook("onRequest", (request, reply, done) => {
      const { raw } = request;
      const url = raw.url ?? "";
      if (!isServed(url)) return void done();
      raw.url = url.replace(/^\/premium/, "");
      reply.raw.end(goods);
    }),
  "a hook of a plugin that is there already": (app) =>
    app.register(async (scope) => {
      scope.addHook("onRequest", async (request, reply) => (isServed(request.url) ? reply.send(goods) : undefined));
      scope.get("/premium/y", async () => "y");
    }),
};

async function open(place: (app: FastifyInstance) => unknown, options: FastifyServerOptions = {}) {
  const app = till.app(options);
  await place(app);
  await app.register(paywall, till.config({ routes: { "GET /premium/*": "$0.01" } }));
  app
    .get("/premium/x", async () => "route")
    .get("/free", async () => "free")
    .get("/plain", async () => "plain");
  return app;
}

describe("what stands ahead of the gate", () => {
  for (const [name, place] of Object.entries(ahead)) {
    it(`G10i serves no priced path: ${name}`, async () => {
      const app = await open(place);
      const { origin, ask, raw } = await listen(app);
      for (const target of ["/premium/y", "/p/../premium/y", "/premium%2fy", "//premium/y"]) {
        const { status, body } = await raw(target);
        expect([402, 404, 500], `${name} ${target}`).toContain(status);
        expect(body.toString(), target).not.toContain("goods");
      }
      expect(await (await ask("/premium/y")).json()).toMatchObject({ code: "gate_bypassed" });
      const injected = await app.inject("/premium/y");
      expect([injected.statusCode, injected.json().code]).toEqual([500, "gate_bypassed"]);
      expect(await (await fetch(`${origin}/free`)).text()).toBe("free");
    });
  }

  it("G10i serves no path that `paid` prices, without the plugin", async () => {
    const app = till.app();
    app.addHook("onRequest", async (request, reply) => (isServed(request.url) ? reply.send(goods) : undefined));
    app.get("/premium/x", paid(createPaywall(till.config()), "$0.01"), async () => "route");
    const { ask } = await listen(app);
    expect(await (await ask("/premium/x")).json()).toMatchObject({ code: "gate_bypassed" });
    expect(await (await ask("/plain")).text()).toBe(goods);
  });

  it("G10i serves no priced path over HTTP/2", async () => {
    const app = fastify({ http2: true }) as unknown as FastifyInstance;
    app.addHook("onRequest", async (request, reply) => (isServed(request.url) ? reply.send(goods) : undefined));
    await app.register(paywall, till.config({ routes: { "GET /premium/x": "$0.01" } }));
    app.get("/premium/x", async () => "route");
    const session = connect(await app.listen({ host: "127.0.0.1", port: 0 }));
    const ask = (path: string) => text(session.request({ ":path": path }));
    expect(JSON.parse(await ask("/premium/x"))).toMatchObject({ code: "gate_bypassed" });
    expect(await ask("/plain")).toBe(goods);
    session.close();
    await app.close();
  });

  it("G10j may refuse, redirect and pass on, and what it adds stays", async () => {
    const app = await open((to) =>
      to.addHook("onRequest", async (request, reply) => {
        const { as } = request.query as { as?: string };
        reply.header("x-app", "yes");
        return as === undefined ? undefined : reply.code(Number(as)).send();
      }),
    );
    const { origin, ask } = await listen(app);
    for (const status of [302, 401, 403, 404, 500]) expect((await ask(`/premium/x?as=${status}`)).status).toBe(status);
    const unpaid = await ask("/premium/x");
    expect([unpaid.status, unpaid.headers.get("x-app")]).toEqual([402, "yes"]);
    const { response } = await till.buyer.buy(`${origin}/premium/x`);
    expect([response.status, response.headers.get("x-app"), await response.text()]).toEqual([200, "yes", "route"]);
  });

  it("G10j may answer a preflight of a priced path", async () => {
    const app = await open((to) =>
      to.addHook("onRequest", async (request, reply) =>
        request.method === "OPTIONS" ? reply.code(204).send() : undefined,
      ),
    );
    const { status } = await listen(app);
    expect(await status("/premium/x", "OPTIONS")).toBe(204);
  });
});

describe("the server of the app", () => {
  it("G10i a server that the seller's factory makes serves no priced path by itself", async () => {
    const app = await open(() => undefined, {
      serverFactory: (handler) =>
        createServer((request, response) => {
          if (isServed(request.url)) response.end(goods);
          else handler(request, response);
        }),
    });
    const { ask } = await listen(app);
    expect(await (await ask("/premium/y")).json()).toMatchObject({ code: "gate_bypassed" });
    expect(await (await ask("/plug")).text()).toBe(goods);
    expect(await (await ask("/free")).text()).toBe("free");
  });

  it("G10i a listener of its own serves no priced path", async () => {
    const app = await open(() => undefined);
    app.server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
      if (isServed(request.url)) response.end(goods);
    });
    const { ask } = await listen(app);
    expect(await (await ask("/premium/y")).json()).toMatchObject({ code: "gate_bypassed" });
  });

  it("G10i a listener that takes the place of Fastify's own serves no priced path", async () => {
    for (const early of [true, false]) {
      const app = till.app();
      const replace = () => {
        const { server } = app;
        const theirs = server.listeners("request");
        server.removeAllListeners("request");
        server.on("request", (message, response) => {
          if (isServed(message.url)) response.end(goods);
          else for (const listener of theirs) Reflect.apply(listener, server, [message, response]);
        });
      };
      if (early) replace();
      await app.register(paywall, till.config({ routes: { "GET /premium/*": "$0.01" } }));
      app.get("/premium/x", async () => "route").get("/free", async () => "free");
      const origin = await listen(app);
      if (!early) replace();
      const response = await fetch(`${origin}/premium/x`);
      expect([response.status, (await response.text()).includes(goods)], `early: ${early}`).toEqual([500, false]);
      expect(await (await fetch(`${origin}/free`)).text()).toBe("free");
    }
  });

  it("G18j a listener for upgrades serves no priced path: neither an upgrade nor a plain response", async () => {
    for (const head of ["HTTP/1.1 101 Switching Protocols", "HTTP/1.1 200 OK"]) {
      const app = await open(() => undefined);
      app.server.on(
        "upgrade",
        (_request: IncomingMessage, socket: Duplex) => void socket.end(`${head}\r\n\r\n${goods}`),
      );
      const { origin } = await listen(app);
      const upgrade = (target: string) =>
        rawRequest(origin, [`GET ${target} HTTP/1.1`, "Connection: Upgrade", "Upgrade: websocket"]);
      for (const target of ["/premium/x", "/x/../premium/x", "//premium/x", "http://h/premium/x"]) {
        const { status, body } = await upgrade(target);
        expect([status, body.toString()], target).toEqual([500, expect.stringContaining("gate_bypassed")]);
      }
      expect((await upgrade("/free")).body.toString()).toContain(goods);
    }
  });
});
