import { once } from "node:events";
import { request as httpRequest, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { afterEach, describe, expect, it, vi } from "vitest";
import { paywall } from "../src/index.js";
import { openTill } from "./till.js";

const till = openTill();
const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

async function listen(app: Hono) {
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 }) as Server;
  servers.push(server);
  if (!server.listening) await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    request: (path: string, init?: RequestInit) => fetch(origin + path, { redirect: "manual", ...init }),
  };
}

function guard(routes: readonly string[]): Hono {
  return new Hono().use(
    paywall(till.config({ routes: Object.fromEntries(routes.map((path) => [`GET ${path}`, "$0.01"])) })),
  );
}

/** The fields that a server adds or that the engine does. */
const own = ["date", "payment-response", "cache-control", "vary", "access-control-expose-headers"];
const fields = (response: Response) => [...response.headers].filter(([name]) => !own.includes(name));

describe("on a Node server", () => {
  it.each([
    ["/text", "text"],
    ["/json", '{"a":1}'],
    ["/bytes", "bytes"],
    ["/raw", "raw"],
    ["/stream", "onetwo"],
    ["/length", "12345"],
    ["/empty", ""],
    ["/null", ""],
    ["/html", "<p>"],
    ["/cookies", "c"],
  ])("the paid answer of %s has the bytes and headers of the unprotected app", async (path, body) => {
    const add = (app: Hono) =>
      app
        .get("/text", (c) => c.text("text"))
        .get("/json", (c) => c.json({ a: 1 }))
        .get("/bytes", (c) => c.body(new TextEncoder().encode("bytes"), 201, { "content-type": "application/x-bytes" }))
        .get("/raw", () => new Response("raw"))
        .get("/stream", (c) =>
          c.body(
            new ReadableStream({
              start: (s) => {
                s.enqueue(new TextEncoder().encode("one"));
                s.enqueue(new TextEncoder().encode("two"));
                s.close();
              },
            }),
          ),
        )
        .get("/length", () => new Response("12345", { headers: { "content-length": "5", "content-type": "text/x" } }))
        .get("/empty", (c) => c.text(""))
        .get("/null", (c) => c.body(null, 204))
        .get("/html", (c) => c.html("<p>", 202))
        .get("/cookies", (c) => {
          c.header("set-cookie", "a=1", { append: true });
          c.header("set-cookie", "b=2", { append: true });
          return c.text("c");
        });
    const bare = await (await listen(add(new Hono()))).request(path);
    const { response } = await till.buy(await listen(add(guard([path]))), path);
    expect([response.status, await response.text()]).toEqual([bare.status, body]);
    expect(await bare.text()).toBe(body);
    const ignored = path === "/stream" ? ["content-length", "transfer-encoding"] : [];
    const kept = (response: Response) => fields(response).filter(([name]) => !ignored.includes(name));
    expect(kept(response)).toEqual(kept(bare));
  });

  it("an event stream begins once it is settled, long before it ends", async () => {
    let end!: () => void;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const app = guard(["/events"]).get("/events", (c) =>
      streamSSE(c, async (stream) => {
        await stream.writeSSE({ data: "first" });
        await ended;
        await stream.writeSSE({ data: "last" });
      }),
    );
    const { response, receipt } = await till.buy(await listen(app as Hono), "/events");
    expect(receipt?.success).toBe(true);
    const reader = response.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain("first");
    end();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toContain("last");
  });

  it("a client that leaves before the answer is not charged, and its handler hears of it", async () => {
    let aborted = false;
    let arrived!: () => void;
    const running = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const app = guard(["/never"]).get("/never", (c) => {
      c.req.raw.signal.addEventListener("abort", () => {
        aborted = true;
      });
      arrived();
      return new Promise<Response>(() => {});
    });
    const served = await listen(app as Hono);
    const before = till.facilitator.settles;
    const client = new AbortController();
    const bought = till.buy(served, "/never", { signal: client.signal });
    await running;
    client.abort();
    await expect(bought).rejects.toThrow();
    await vi.waitUntil(() => aborted);
    const again = await till.buy(served, "/never", { signal: AbortSignal.timeout(200) }).catch(() => undefined);
    expect([again, till.facilitator.settles]).toEqual([undefined, before]);
  });

  it("a handler that never answers gets 504, uncharged", async () => {
    const routes = { "GET /never": { price: "$0.01", handlerTimeout: 50 } } as const;
    const app = new Hono().use(paywall(till.config({ routes }))).get("/never", () => new Promise<Response>(() => {}));
    const before = till.charges;
    const { response } = await till.buy(await listen(app as Hono), "/never");
    expect([response.status, till.charges]).toEqual([504, before]);
  });

  it("a large answer is as slow as its client, and whole", async () => {
    const total = 64 << 20;
    let made = 0;
    const app = guard(["/large"]).get("/large", (c) =>
      c.body(
        new ReadableStream(
          {
            pull: (s) => {
              if (made >= total) return s.close();
              made += 1 << 16;
              s.enqueue(new Uint8Array(1 << 16));
            },
          },
          { highWaterMark: 0 },
        ),
      ),
    );
    const served = await listen(app as Hono);
    let response!: IncomingMessage;
    const request = async (path: string, init?: RequestInit) => {
      const headers = new Headers(init?.headers);
      if (!headers.has("payment-signature")) return served.request(path, init);
      const outgoing = httpRequest(served.origin + path, { headers: Object.fromEntries(headers) });
      outgoing.end();
      [response] = (await once(outgoing, "response")) as [IncomingMessage];
      return new Response(null, { status: response.statusCode as number });
    };
    await till.buy({ request }, "/large");
    let seen = -1;
    const stalled = () => {
      const before = seen;
      seen = made;
      return before === made;
    };
    await vi.waitUntil(stalled, { interval: 200, timeout: 10_000 });
    expect(made).toBeLessThan(32 << 20);
    let received = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) received += chunk.length;
    expect(received).toBe(total);
  });
});
