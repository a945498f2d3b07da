import { once } from "node:events";
import { connect } from "node:net";
import { Readable } from "node:stream";
import cors from "@fastify/cors";
import type { PricedRoute } from "@turnpike/core/adapter";
import { faults, readChallenge, readReceipt } from "@turnpike/testing";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { describe, expect, it } from "vitest";
import { paywall } from "../src/index.js";
import { admit } from "../src/lib/gate.js";
import { listen, openTill } from "./till.js";

const till = openTill();

/** An app whose `GET /paid` costs a cent. */
async function open(prepare: (app: FastifyInstance) => unknown, options = {}, more = {}) {
  const app = till.app(options);
  await prepare(app);
  await app.register(paywall, till.config({ routes: { "ALL /paid": "$0.01" }, ...more }));
  return app;
}

describe("an answer of the engine's own", () => {
  it("goes through the app's hooks, and keeps what they have set", async () => {
    const seen: unknown[] = [];
    const app = await open((app) => {
      app.register(cors, { origin: "https://app.example", exposedHeaders: ["x-app"] });
      app.addHook("onRequest", async (_, reply) => void reply.header("vary", "Accept").header("x-app", "1"));
      app.addHook("onSend", async (_, reply, payload) => {
        seen.push(reply.statusCode, JSON.parse(payload as string).code);
        reply.header("x-sent", "1");
      });
      app.addHook("onResponse", async (_, reply) => void seen.push(`sent ${reply.statusCode}`));
    });
    app.get("/paid", async () => "dear");
    const { ask } = await listen(app);
    const response = await ask("/paid", { headers: { origin: "https://app.example" } });
    expect(response.status).toBe(402);
    expect(readChallenge(response)?.x402Version).toBe(2);
    expect(await response.json()).toMatchObject({ status: 402 });
    const header = (name: string) => response.headers.get(name);
    expect(header("content-type")).toMatch(/^application\/problem\+json/);
    expect(header("access-control-allow-origin")).toBe("https://app.example");
    expect(header("access-control-expose-headers")).toBe("x-app, PAYMENT-REQUIRED, PAYMENT-RESPONSE");
    expect(header("vary")).toMatch(/Accept/);
    expect([header("x-app"), header("x-sent")]).toEqual(["1", "1"]);
    await expect.poll(() => seen).toEqual([402, expect.any(String), "sent 402"]);
  });

  it("is measured for HEAD as for GET", async () => {
    const app = await open(() => {});
    app.get("/paid", async () => "dear");
    const { ask } = await listen(app);
    const [get, head] = [await ask("/paid"), await ask("/paid", { method: "HEAD" })];
    const length = (await get.arrayBuffer()).byteLength;
    expect([get.headers.get("content-length"), head.headers.get("content-length")]).toEqual([`${length}`, `${length}`]);
    expect(await head.text()).toBe("");
  });

  it("says the length to HEAD of a body that is not there, as the answer to HEAD that was kept has it", async () => {
    const kept = (body?: Uint8Array): PricedRoute<FastifyRequest> => ({
      admit: () => ({
        type: "reply",
        reply: { status: 200, headers: [["Content-Length", "4"]], ...(body && { body }) },
      }),
    });
    for (const body of [undefined, new Uint8Array(0)]) {
      const app = till.app();
      app.addHook("onRequest", (request, reply, done) => admit(kept(body), request, reply, done));
      app.get("/derived", async () => "dear");
      app.route({ method: ["GET", "HEAD"], url: "/own", handler: async () => "dear" });
      const { ask } = await listen(app);
      for (const path of ["/derived", "/own"]) {
        const answer = await ask(path, { method: "HEAD" });
        expect([answer.status, answer.headers.get("content-length"), await answer.text()]).toEqual([200, "4", ""]);
      }
    }
  });

  it("leaves cookies of earlier hooks in place", async () => {
    const app = await open((app) =>
      app.addHook("onRequest", async (_, reply) => void reply.header("set-cookie", ["a=1", "b=2"])),
    );
    app.get("/paid", async () => "dear");
    const { origin, ask } = await listen(app);
    expect((await ask("/paid")).headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    const { response } = await till.buyer.buy(`${origin}/paid`);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });
});

describe("a paid answer", () => {
  it("is what the app serves without a paywall, with the receipt, by every way to answer", async () => {
    const ways: Record<string, (app: FastifyInstance, url: string) => unknown> = {
      text: (app, url) => app.get(url, async () => "dear"),
      json: (app, url) => app.get(url, async () => ({ dear: true })),
      bytes: (app, url) => app.get(url, (_, reply) => reply.type("image/png").send(Buffer.from([1, 2, 3]))),
      empty: (app, url) => app.get(url, (_, reply) => reply.code(204).send()),
      redirect: (app, url) => app.get(url, (_, reply) => reply.redirect("/elsewhere")),
      stream: (app, url) => app.get(url, (_, reply) => reply.send(Readable.from(["de", "ar"]))),
      response: (app, url) => app.get(url, async () => new Response("dear", { status: 201, headers: { "x-a": "1" } })),
      web: (app, url) => app.get(url, (_, reply) => reply.send(new Response("dear").body)),
      hijacked: (app, url) =>
        app.get(url, (_, reply) => {
          reply.hijack();
          reply.raw.writeHead(200, { "content-type": "text/plain", "x-raw": "1" });
          reply.raw.write("de");
          reply.raw.end("ar");
        }),
      trailers: (app, url) =>
        app.get(url, (_, reply) => {
          reply.trailer("x-sum", (_reply, _payload, done) => done(null, "7"));
          return reply.send("dear");
        }),
      serialized: (app, url) =>
        app.get(
          url,
          { schema: { response: { 200: { type: "object", properties: { a: { type: "string" } } } } } },
          async () => ({ a: "1", b: "hidden" }),
        ),
      hooks: (app, url) =>
        app.get(
          url,
          {
            preHandler: async (_, reply) => void reply.header("x-pre", "1"),
            onSend: async (_, reply, payload) => {
              reply.header("x-after", "1");
              return `${payload}!`;
            },
          },
          async () => "dear",
        ),
    };
    const paidApp = till.app();
    const bareApp = till.app();
    const routes = Object.fromEntries(Object.keys(ways).map((name) => [`GET /${name}`, "$0.01" as const]));
    await paidApp.register(paywall, till.config({ routes }));
    for (const [name, way] of Object.entries(ways)) {
      way(paidApp, `/${name}`);
      way(bareApp, `/${name}`);
    }
    const { origin } = await listen(paidApp);
    const bare = await listen(bareApp);
    for (const name of Object.keys(ways)) {
      const before = till.charges;
      const { response, receipt } = await till.buyer.buy(`${origin}/${name}`);
      const expected = await bare.ask(`/${name}`);
      expect([response.status, await response.text()], name).toEqual([expected.status, await expected.text()]);
      for (const [key, value] of expected.headers) {
        if (key !== "date") expect(response.headers.get(key), `${name} ${key}`).toBe(value);
      }
      expect([receipt?.success, till.charges - before], name).toEqual([true, 1]);
    }
  });

  it("streams under way once it is settled, with its first bytes before its last", async () => {
    const app = await open(() => {});
    let go: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      go = resolve;
    });
    app.get("/paid", (_, reply) => {
      async function* parts() {
        yield "first";
        await gate;
        yield "last";
      }
      return reply.type("text/event-stream").send(Readable.from(parts()));
    });
    const { origin } = await listen(app);
    const { response } = await till.buyer.buy(`${origin}/paid`);
    expect(readReceipt(response)?.success).toBe(true);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("first");
    go();
    expect(Buffer.from((await reader.read()).value ?? []).toString()).toBe("last");
  });

  it("is charged once where the same plugin is registered twice, and shows the payment to the handler", async () => {
    const app = await open(() => {});
    await app.register(paywall, till.config({ routes: { "GET /paid": "$0.01" } }));
    let seen: unknown;
    app.get("/paid", async ({ payment }) => {
      seen = payment;
      return "dear";
    });
    app.get("/free", async ({ payment }) => ({ payment: payment ?? null }));
    const { origin, ask } = await listen(app);
    const before = till.charges;
    const { response } = await till.buyer.buy(`${origin}/paid`);
    expect([response.status, till.charges - before]).toEqual([200, 1]);
    expect(seen).toMatchObject({ payer: till.buyer.address, amount: "10000", network: "eip155:84532" });
    expect(await (await ask("/free")).json()).toEqual({ payment: null });
  });

  it("may be thrown away for the engine's, which keeps what was set ahead of the handler only", async () => {
    const app = await open((app) => app.register(cors, { origin: "https://app.example" }));
    app.get("/paid", (_, reply) => reply.header("x-handler", "secret").header("set-cookie", "a=1").send("dear"));
    const { origin } = await listen(app);
    till.facilitator.respond("settle", faults.fail("insufficient_funds"));
    const { response } = await till.buyer.buy(`${origin}/paid`, { headers: { origin: "https://app.example" } });
    expect(response.status).toBe(402);
    expect(await response.text()).not.toContain("dear");
    expect(response.headers.get("access-control-allow-origin")).toBe("https://app.example");
    expect([response.headers.get("x-handler"), response.headers.get("set-cookie")]).toEqual([null, null]);
  });
});

describe("nothing is charged", () => {
  it.each<[string, number, (app: FastifyInstance) => unknown]>([
    ["a handler throws", 500, (app) => app.get("/paid", () => Promise.reject(new Error("broken")))],
    [
      "a handler throws at once",
      500,
      (app) =>
        app.get("/paid", () => {
          throw new Error("broken");
        }),
    ],
    ["a handler answers an error", 418, (app) => app.get("/paid", (_, reply) => reply.code(418).send("dear"))],
    [
      "a raw answer is an error",
      503,
      (app) =>
        app.get("/paid", (_, reply) => {
          reply.hijack();
          reply.raw.writeHead(503).end("no");
        }),
    ],
    [
      "the app's error handler answers",
      409,
      (app) => {
        app.setErrorHandler((error: Error, _, reply) => reply.code(409).send({ own: error.message }));
        app.get("/paid", () => Promise.reject(new Error("broken")));
      },
    ],
    [
      "a later hook refuses",
      401,
      (app) => {
        app.addHook("preHandler", async (_, reply) => reply.code(401).send("who?"));
        app.get("/paid", async () => "dear");
      },
    ],
    [
      "a hook fails while the answer is sent",
      500,
      (app) => {
        app.addHook("onSend", async () => Promise.reject(new Error("late")));
        app.get("/paid", async () => "dear");
      },
    ],
    [
      "a stream fails before its first byte",
      500,
      (app) =>
        app.get("/paid", (_, reply) =>
          reply.send(
            new Readable({
              read() {
                this.destroy(new Error("broken"));
              },
            }),
          ),
        ),
    ],
    ["the handler finds nothing", 404, (app) => app.get("/paid", (_, reply) => reply.callNotFound())],
  ])("where %s", async (_, status, serve) => {
    const app = await open(() => {});
    serve(app);
    const { origin } = await listen(app);
    const before = till.charges;
    const { response } = await till.buyer.buy(`${origin}/paid`);
    expect(response.status).toBe(status);
    expect(till.charges).toBe(before);
  });

  it("where the body is refused, which is only read once the payment is verified", async () => {
    const app = await open(() => {});
    let parsed = 0;
    app.addContentTypeParser("text/x-count", { parseAs: "string" }, (_request, body, done) => {
      parsed++;
      done(null, body);
    });
    app.post("/paid", { schema: { body: { type: "object" } } }, async () => "dear");
    const { origin, status, ask } = await listen(app);
    const before = till.charges;
    const init = { method: "POST", body: "x", headers: { "content-type": "text/x-count" } };
    expect([(await ask("/paid", init)).status, parsed]).toEqual([402, 0]);
    const { response } = await till.buyer.buy(`${origin}/paid`, init);
    expect([response.status, parsed, till.charges - before]).toEqual([400, 1, 0]);
    expect(await status("/paid", "POST")).toBe(402);
  });

  it("where the handler never ends: 504 in its place", async () => {
    const app = await open(() => {}, {}, { handlerTimeout: 60 });
    app.get("/paid", () => new Promise(() => {}));
    const { origin } = await listen(app);
    const before = till.charges;
    const { response } = await till.buyer.buy(`${origin}/paid`);
    expect([response.status, till.charges - before]).toEqual([504, 0]);
  });

  it("where Fastify's own time limit answers for the handler", async () => {
    const app = await open(() => {}, { handlerTimeout: 60 });
    app.get("/paid", () => new Promise(() => {}));
    const { origin } = await listen(app);
    const before = till.charges;
    const { response } = await till.buyer.buy(`${origin}/paid`);
    expect([response.status, till.charges - before]).toEqual([503, 0]);
  });

  it("where the client leaves while the handler runs: the same payment buys afterwards", async () => {
    const app = await open(() => {});
    let runs = 0;
    let started: () => void = () => {};
    const running = new Promise<void>((resolve) => {
      started = resolve;
    });
    app.get("/paid", async (request) => {
      started();
      if (++runs === 1) await once(request.raw.socket, "close");
      return "dear";
    });
    const { origin, ask } = await listen(app);
    const before = till.charges;
    const challenge = readChallenge(await ask("/paid"));
    if (!challenge) throw new Error("no challenge");
    const header = await till.buyer.header(challenge);
    const { port, hostname, host } = new URL(origin);
    const socket = connect(Number(port), hostname);
    socket.write(`GET /paid HTTP/1.1\r\nHost: ${host}\r\nPAYMENT-SIGNATURE: ${header}\r\n\r\n`);
    await running;
    socket.destroy();
    const again = () => ask("/paid", { headers: { "payment-signature": header } });
    await expect.poll(async () => (await again()).status).toBe(200);
    expect([runs, till.charges - before]).toEqual([2, 1]);
  });
});

describe("the address of a resource", () => {
  it("follows trustProxy, and keeps port and original URL", async () => {
    const app = await open(() => {}, {
      trustProxy: true,
      rewriteUrl: ({ url = "/" }: { url?: string }) => url.slice(4),
    });
    app.get("/paid", async () => "dear");
    const { ask, origin, raw } = await listen(app);
    const url = async (headers: Record<string, string>, path = "/api/paid?q=1") =>
      readChallenge(await ask(path, { headers }))?.resource.url;
    expect(await url({})).toBe(`${origin}/api/paid`);
    expect(await url({ "x-forwarded-proto": "https", "x-forwarded-host": "shop.example:8443" })).toBe(
      "https://shop.example:8443/api/paid",
    );
    expect((await raw("/api/paid")).header("payment-required")).toBeDefined();
  });

  it("ignores what proxies say where none is trusted, and the authority of an absolute form", async () => {
    const app = await open(() => {});
    app.get("/paid", async () => "dear");
    const { ask, origin, raw } = await listen(app);
    const headers = { "x-forwarded-proto": "https", "x-forwarded-host": "evil.example" };
    expect(readChallenge(await ask("/paid", { headers }))?.resource.url).toBe(`${origin}/paid`);
    const absolute = await raw("http://evil.example/paid");
    const required = absolute.header("payment-required") ?? "";
    expect(Buffer.from(required, "base64").toString()).toContain(`"${origin}/paid"`);
  });
});
