import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type RedisClient, type RedisStoreOptions, redisStore } from "../src/index.js";
import { describeWith, missServer } from "./service.js";
import { DRIVERS, type Driver, freshPrefix, ioredis, nodeRedis, type Opened } from "./support/clients.js";
import { startProxy } from "./support/proxy.js";
import { codeOf, eventually, HOUR, LEASE, nextRecord, sampleAnswer, sampleRecord } from "./support/samples.js";
import { type Server, startServer } from "./support/server.js";

describeWith(await missServer(), "the Redis that the store finds", () => {
  let server: Server;
  let admin: Redis;
  const clients: Opened[] = [];

  const open = async (driver: Driver, url = server.url) => {
    const opened = await driver.open(url);
    clients.push(opened);
    return opened.client;
  };
  const storeOf = (client: RedisClient, options: RedisStoreOptions = {}) =>
    redisStore(client, { prefix: freshPrefix(), timeout: 20_000, ...options });

  beforeAll(async () => {
    server = await startServer("--repl-diskless-sync-delay", "0");
    admin = new Redis(server.url);
  });
  afterEach(() => {
    for (const client of clients.splice(0)) client.close();
  });
  afterAll(async () => {
    admin.disconnect();
    await server.close();
  });

  for (const driver of DRIVERS) {
    it(`may forget the scripts at any time (${driver.name})`, async () => {
      const store = storeOf(await open(driver));
      const forget = () => admin.script("FLUSH");
      const record = sampleRecord();
      await forget();
      expect(await store.insert(record, LEASE)).toBe(true);
      await forget();
      expect(await store.read(record.id)).toStrictEqual({ record, leased: true });
      await forget();
      const answer = sampleAnswer();
      expect(await store.replace(nextRecord(record), 1, 0, answer)).toBe(true);
      await forget();
      expect(await store.renew(record.id, record.holder, LEASE)).toBe(true);
      await forget();
      expect(await store.answer(record.id)).toStrictEqual(answer);
      await forget();
      expect(await store.link("key", record.id, Date.now() + HOUR)).toBe(record.id);
      await forget();
      expect(await store.linked("key")).toBe(record.id);
      await forget();
      expect(await store.list({ order: "newest", limit: 5 })).toHaveLength(1);
    });
  }

  for (const driver of DRIVERS) {
    it(`G07 must drop nothing when memory runs out, unless the seller accepts it (${driver.name})`, async () => {
      const client = await open(driver);
      const store = storeOf(client);
      const policies = ["allkeys-lru", "allkeys-lfu", "allkeys-random"];
      policies.push("volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl");
      try {
        for (const policy of policies) {
          await admin.config("SET", "maxmemory-policy", policy);
          expect(await codeOf(Promise.resolve(store.insert(sampleRecord(), LEASE))), policy).toBe("store_evicts");
          expect(await codeOf(Promise.resolve(store.read("id"))), policy).toBe("store_evicts");
          const accepting = storeOf(client, { allowEviction: true });
          expect(await accepting.insert(sampleRecord(), LEASE), policy).toBe(true);
        }
      } finally {
        await admin.config("SET", "maxmemory-policy", "noeviction");
      }
      // What was refused is looked at again.
      expect(await store.insert(sampleRecord(), LEASE)).toBe(true);
    });
  }

  it("G07 keeps what was delivered when memory runs out under a policy that drops what expires", async () => {
    const small = await startServer("--maxmemory", "8mb", "--maxmemory-policy", "volatile-lru");
    const client = await nodeRedis.open(small.url);
    try {
      const store = storeOf(client.client, { allowEviction: true });
      const sold = Array.from({ length: 50 }, () => sampleRecord());
      for (const record of sold) {
        await store.insert(record, LEASE);
        await store.replace(nextRecord(record, { state: "delivered", expiresAt: Date.now() + HOUR }), 1, 0);
      }
      const route = "x".repeat(2_000);
      const flood = async () => {
        const junk = sampleRecord({ route, state: "failed", expiresAt: Date.now() + HOUR });
        return store.insert(junk, 0);
      };
      for (let i = 0; i < 60; i++) await Promise.allSettled(Array.from({ length: 50 }, flood));
      const watcher = new Redis(small.url);
      const evicted = /evicted_keys:(\d+)/.exec(await watcher.info("stats"));
      watcher.disconnect();
      expect(Number(evicted?.[1])).toBeGreaterThan(0);
      for (const { id } of sold) expect((await store.read(id))?.record.state).toBe("delivered");
    } finally {
      client.close();
      await small.close();
    }
  });

  it("G07 may forbid to ask how it is set up: that is said once", async () => {
    await admin.call("ACL", "SETUSER", "shop", "on", ">secret", "~{turnpike}:*", "+@all", "-info", "-config");
    const url = server.url.replace("//", "//shop:secret@");
    const codes: unknown[] = [];
    const listen = (warning: Error) => void codes.push((warning as { code?: unknown }).code);
    process.on("warning", listen);
    try {
      for (const driver of DRIVERS) {
        // ioredis asks for INFO itself, unless told not to.
        const told = driver === ioredis ? new Redis(url, { enableReadyCheck: false }) : undefined;
        if (told) clients.push({ client: told, connection: async () => "", close: () => told.disconnect() });
        const client = told ?? (await open(driver, url));
        const store = redisStore(client, { timeout: 20_000 });
        expect(await store.insert(sampleRecord(), LEASE)).toBe(true);
        expect(await store.insert(sampleRecord(), LEASE)).toBe(true);
        const accepting = redisStore(client, { timeout: 20_000, allowEviction: true });
        expect(await accepting.insert(sampleRecord(), LEASE)).toBe(true);
      }
      const said = () => codes.filter((code) => code === "TURNPIKE_EVICTION");
      await expect.poll(said).toEqual(DRIVERS.map(() => "TURNPIKE_EVICTION"));
    } finally {
      process.off("warning", listen);
    }
  });

  it("takes no new payment when it has no memory left, and lets those that are open go on", async () => {
    const store = storeOf(await open(ioredis));
    const record = sampleRecord();
    await store.insert(record, LEASE);
    await admin.config("SET", "maxmemory", "1");
    const next = nextRecord(record, { state: "settling" });
    try {
      expect(await codeOf(Promise.resolve(store.insert(sampleRecord(), LEASE)))).toBe("store_unavailable");
      expect(await store.read(record.id)).toStrictEqual({ record, leased: true });
      expect(await store.renew(record.id, record.holder, LEASE)).toBe(true);
      expect(await store.replace(next, 1, LEASE)).toBe(true);
    } finally {
      await admin.config("SET", "maxmemory", "0");
    }
    expect(await store.list({ order: "newest", limit: 5 })).toEqual([{ record: next, leased: true }]);
  });

  it("must not have keys of a later version", async () => {
    const prefix = freshPrefix();
    const client = await open(nodeRedis);
    await redisStore(client, { prefix }).read("id");
    expect(await admin.get(`{${prefix}}:schema`)).toBe("2");
    await admin.set(`{${prefix}}:schema`, "3");
    expect(await codeOf(Promise.resolve(redisStore(client, { prefix }).read("id")))).toBe("store_too_new");
  });

  it("must have written to as many replicas as the seller wants", async () => {
    const replica = await startServer("--replicaof", "127.0.0.1", String(server.port));
    try {
      await eventually("the replica was there", async () => (await admin.wait(1, 100)) === 1);
      for (const driver of DRIVERS) {
        const store = storeOf(await open(driver), { replicas: 1 });
        const record = sampleRecord();
        expect(await store.insert(record, LEASE)).toBe(true);
        expect(await store.insert(record, LEASE)).toBe(false);
        expect(await store.replace(nextRecord(record), 1, LEASE)).toBe(true);
      }
      const insertOn = async (driver: Driver, replicas: number) =>
        codeOf(
          Promise.resolve(storeOf(await open(driver), { replicas, timeout: 3_000 }).insert(sampleRecord(), LEASE)),
        );
      expect(await Promise.all(DRIVERS.map((driver) => insertOn(driver, 2)))).toEqual([
        "store_not_replicated",
        "store_not_replicated",
      ]);
      replica.pause();
      expect(await Promise.all(DRIVERS.map((driver) => insertOn(driver, 1)))).toEqual([
        "store_not_replicated",
        "store_not_replicated",
      ]);
    } finally {
      await replica.close();
    }
  });

  it("is not believed about replicas on a connection that wrote nothing", async () => {
    const replica = await startServer("--replicaof", "127.0.0.1", String(server.port));
    const proxy = await startProxy(server.port);
    try {
      await eventually("the replica was there", async () => (await admin.wait(1, 100)) === 1);
      const store = storeOf(await open(ioredis, proxy.url), { replicas: 1 });
      expect(await store.insert(sampleRecord(), LEASE)).toBe(true);
      // The client connects anew and asks again, of a connection that Redis has nothing to wait for on.
      proxy.cutBefore("wait");
      expect(await codeOf(Promise.resolve(store.insert(sampleRecord(), LEASE)))).toBe("store_not_replicated");
      expect(await store.insert(sampleRecord(), LEASE)).toBe(true);
    } finally {
      await proxy.close();
      await replica.close();
    }
  });
});
