import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import type { FastifyInstance } from "fastify";
import { describe, expect, it } from "vitest";
import { paid, paywall } from "../src/index.js";
import { listen, openTill } from "./till.js";

const till = openTill();

const init = (body: string, header?: string, type = "application/json"): RequestInit => ({
  method: "POST",
  body,
  headers: { "content-type": type, ...(header && { "payment-signature": header }) },
});

/** Buys with one body, then comes with another, then with the first again. */
async function buyTwice(app: FastifyInstance, type: string, bodies: readonly [string, string]): Promise<string> {
  const { origin, ask } = await listen(app);
  const [one, two] = bodies;
  const { response, header } = await till.buyer.buy(`${origin}/paid`, init(one, undefined, type));
  const first = await response.text();
  expect((await (await ask("/paid", init(two, header, type))).json()) as object).toMatchObject({
    code: "payment_bound",
  });
  await expect.poll(async () => (await (await ask("/paid", init(one, header, type))).text()) === first).toBe(true);
  return first;
}

async function priced(): Promise<FastifyInstance> {
  const app = till.app();
  await app.register(paywall, till.config({ routes: { "POST /paid": "$0.01" } }));
  return app;
}

describe("a payment is for one body", () => {
  it("that Fastify parses", async () => {
    const app = await priced();
    app.post("/paid", async (request) => request.body);
    expect(await buyTwice(app, "application/json", ['{"a":1}', '{"a":2}'])).toBe('{"a":1}');
  });

  it("that is parsed as it streams", async () => {
    const app = await priced();
    app.addContentTypeParser("text/x-stream", async (_request: unknown, payload: Readable) => buffer(payload));
    app.post("/paid", async (request) => request.body);
    expect(await buyTwice(app, "text/x-stream", ["one", "two"])).toBe("one");
  });

  it("that an earlier hook replaces", async () => {
    const app = await priced();
    app.addHook("preParsing", async (_request, _reply, payload) => Readable.from([(await buffer(payload)).toString()]));
    app.post("/paid", async (request) => request.body);
    expect(await buyTwice(app, "text/plain", ["one", "two"])).toBe("one");
  });

  it("that was parsed before the route's own price is asked", async () => {
    const app = till.app();
    const options = paid(till.config(), "$0.01");
    app.post("/paid", { ...options, onRequest: async () => {} }, async (request) => request.body);
    expect(await buyTwice(app, "application/json", ['{"a":1}', '{"a":2}'])).toBe('{"a":1}');
  });

  it("which is still refused when it is too long", async () => {
    const app = till.app({ bodyLimit: 100_000 });
    await app.register(paywall, till.config({ routes: { "POST /paid": "$0.01" } }));
    app.post("/paid", async () => "dear");
    const { origin } = await listen(app);
    const before = till.charges;
    const { response } = await till.buyer.buy(`${origin}/paid`, init("x".repeat(200_000), undefined, "text/plain"));
    expect([response.status, till.charges - before]).toEqual([413, 0]);
  });
});

it("a paid upload reaches its handler whole", async () => {
  const app = till.app({ bodyLimit: 50 << 20 });
  await app.register(paywall, till.config({ routes: { "POST /paid": "$0.01" } }));
  app.post("/paid", async (request) => String((request.body as string).length));
  const { origin } = await listen(app);
  const size = 20 << 20;
  const { response } = await till.buyer.buy(`${origin}/paid`, init("x".repeat(size), undefined, "text/plain"));
  expect(await response.text()).toBe(`${size}`);
});
