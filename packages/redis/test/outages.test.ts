import { inspect } from "node:util";
import { StoreError } from "@turnpike/core";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { redisStore } from "../src/index.js";
import { describeWith, missServer } from "./service.js";
import { DRIVERS, type Driver, ioredis, nodeRedis, type Opened } from "./support/clients.js";
import { startProxy } from "./support/proxy.js";
import { codeOf, eventually, HOUR, LEASE, nextRecord, sampleAnswer, sampleRecord } from "./support/samples.js";
import { type Server, startServer } from "./support/server.js";

describeWith(await missServer(), "when Redis is away", () => {
  let server: Server;
  const clients: Opened[] = [];

  const open = async (driver: Driver, url = server.url) => {
    const opened = await driver.open(url);
    clients.push(opened);
    return opened.client;
  };

  beforeAll(async () => {
    server = await startServer("--appendonly", "yes", "--appendfsync", "always");
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(() => server.close());

  for (const driver of DRIVERS) {
    it(`has everything after its process was killed, and rejects meanwhile (${driver.name})`, async () => {
      const client = await open(driver);
      const store = redisStore(client, { timeout: 20_000 });
      const pending = sampleRecord({ state: "settling" });
      const closed = sampleRecord();
      await store.insert(pending, LEASE);
      await store.insert(closed, LEASE);
      const delivered = nextRecord(closed, { state: "delivered", expiresAt: Date.now() + HOUR });
      const answer = sampleAnswer();
      await store.replace(delivered, 1, 0, answer);
      await store.link(closed.id, closed.id, Date.now() + HOUR);
      await server.kill();

      const hasty = redisStore(client, { timeout: 200 });
      const operations = [
        hasty.read(pending.id),
        hasty.insert(sampleRecord(), LEASE),
        hasty.replace(nextRecord(pending), 1, LEASE, sampleAnswer()),
        hasty.renew(pending.id, pending.holder, LEASE),
        hasty.answer(closed.id),
        hasty.link("other", closed.id, Date.now() + HOUR),
        hasty.linked(closed.id),
        hasty.list({ order: "newest", limit: 1 }),
      ];
      const codes = await Promise.all(operations.map(async (operation) => codeOf(Promise.resolve(operation))));
      expect(codes.filter((code) => code !== "store_timeout" && code !== "store_unavailable")).toEqual([]);

      await server.start();
      expect(await store.read(pending.id)).toStrictEqual({ record: pending, leased: true });
      expect(await store.read(closed.id)).toStrictEqual({ record: delivered, leased: false });
      expect(await store.answer(closed.id)).toStrictEqual(answer);
      expect(await store.linked(closed.id)).toBe(closed.id);
      expect(await store.list({ states: ["settling"], order: "oldest", limit: 10 })).toHaveLength(1);
      expect(await store.replace(nextRecord(pending, { state: "released" }), 1, 0)).toBe(true);
    });

    it(`gives up an operation that gets no answer, and goes on once there are answers (${driver.name})`, async () => {
      const store = redisStore(await open(driver), { timeout: 100 });
      const record = sampleRecord();
      await redisStore(await open(driver), { timeout: 20_000 }).insert(record, LEASE);
      server.pause();
      try {
        expect(await codeOf(Promise.resolve(store.read(record.id)))).toBe("store_timeout");
        // So many that are overdue: then one finds out, and the others are spared the wait.
        await Promise.all(Array.from({ length: 100 }, () => codeOf(Promise.resolve(store.read(record.id)))));
        const probe = codeOf(Promise.resolve(store.read(record.id)));
        expect(await codeOf(Promise.resolve(store.read(record.id)))).toBe("store_unavailable");
        expect(await probe).toBe("store_timeout");
      } finally {
        server.resume();
      }
      await eventually("it answered", async () => (await codeOf(Promise.resolve(store.read(record.id)))) === "none");
      const readMany = () => Promise.all(Array.from({ length: 50 }, () => store.read(record.id)));
      await eventually("all were served", async () => (await codeOf(readMany())) === "none");
    });
  }

  it("does not send what was given up before there was a connection (redis)", async () => {
    const proxy = await startProxy(server.port);
    try {
      const client = await open(nodeRedis, proxy.url);
      const hasty = redisStore(client, { timeout: 200 });
      // It has looked at Redis, and Redis knows the script: the insertion itself is what waits.
      const prepare = () => codeOf(Promise.resolve(hasty.insert(sampleRecord(), LEASE)));
      await eventually("it was ready", async () => (await prepare()) === "none");
      await proxy.interrupt();
      const record = sampleRecord();
      const insert = () => codeOf(Promise.resolve(hasty.insert(record, LEASE)));
      await eventually("an insertion waited in vain", async () => (await insert()) === "store_timeout");
      await proxy.restore();
      expect(await redisStore(client, { timeout: 20_000 }).read(record.id)).toBeUndefined();
    } finally {
      await proxy.close();
    }
  });

  it("knows its own write again when the client sends it twice (ioredis)", async () => {
    const proxy = await startProxy(server.port);
    try {
      const store = redisStore(await open(ioredis, proxy.url), { timeout: 20_000 });
      const direct = redisStore(await open(nodeRedis), { timeout: 20_000 });
      await store.insert(sampleRecord(), LEASE);
      const record = sampleRecord();
      proxy.cutAfter(record.id);
      expect(await store.insert(record, LEASE)).toBe(true);
      expect(await store.insert(record, LEASE)).toBe(false);
      const next = nextRecord(record, { state: "settled" });
      // The first replacement makes Redis know the script: else the client would have to send two commands.
      await store.replace(nextRecord(sampleRecord()), 1, LEASE);
      proxy.cutAfter(record.id);
      expect(await store.replace(next, 1, LEASE, sampleAnswer())).toBe(true);
      expect(await store.replace(next, 1, LEASE)).toBe(false);
      expect(await direct.read(record.id)).toStrictEqual({ record: next, leased: true });
    } finally {
      await proxy.close();
    }
  });

  it("says that a client was never connected, or is closed", async () => {
    const client = createClient({ url: server.url });
    const store = redisStore(client);
    await expect(Promise.resolve(store.read("id"))).rejects.toThrow(/client\.connect\(\).*store_unavailable/);
    await client.connect();
    expect(await store.read("id")).toBeUndefined();
    client.destroy();
    expect(await codeOf(Promise.resolve(store.read("id")))).toBe("store_unavailable");
    const other = new Redis(server.url);
    await other.ping();
    const closed = redisStore(other);
    await other.quit();
    await eventually(
      "the client was closed",
      async () => (await codeOf(Promise.resolve(closed.read("id")))) === "store_unavailable",
    );
  });

  it("serves a client that connects with its first command", async () => {
    const client = new Redis(server.url, { lazyConnect: true });
    clients.push({ client, connection: async () => "", close: () => client.disconnect() });
    expect(await redisStore(client, { timeout: 20_000 }).read("id")).toBeUndefined();
  });

  it("shows nothing of a record in an error", async () => {
    const signature = `0x${"5ec3e7".repeat(20)}`;
    const payload = { x402Version: 2, accepted: sampleRecord().offer, payload: { signature } } as const;
    for (const driver of DRIVERS) {
      const client = await open(driver);
      const record = sampleRecord({ state: "settling", payload });
      const admin = new Redis(server.url);
      await admin.set(`{turnpike}:record:${record.id}`, "something else");
      admin.disconnect();
      const error = await Promise.resolve(redisStore(client, { timeout: 20_000 }).insert(record, LEASE)).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(StoreError);
      const shown = inspect(error, { depth: 10, showHidden: true });
      expect(shown).toContain("WRONGTYPE");
      expect(shown).not.toContain(signature);
      expect(shown).not.toContain(record.holder);
    }
  });
});
