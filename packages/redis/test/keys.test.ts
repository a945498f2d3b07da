import type { StoredAnswer } from "@turnpike/core";
import { Redis } from "ioredis";
import { createClient, createClientPool } from "redis";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type RedisClient, type RedisStoreOptions, redisStore } from "../src/index.js";
import { describeWith, missRedis, REDIS_URL } from "./service.js";
import { freshPrefix, ioredis, keysOf, nodeRedis, type Opened, removeKeys } from "./support/clients.js";
import { eventually, HOUR, LEASE, nextRecord, sampleAnswer, sampleRecord } from "./support/samples.js";

describeWith(await missRedis(), "what the store keeps in Redis", () => {
  let admin: Redis;
  let node: Opened;
  let io: Opened;
  const prefixes: string[] = [];

  const begin = () => {
    const prefix = freshPrefix();
    prefixes.push(prefix);
    const open = (client: RedisClient, options: RedisStoreOptions = {}) =>
      redisStore(client, { prefix, timeout: 20_000, ...options });
    const key = (name: string) => `{${prefix}}:${name}`;
    return { prefix, open, key };
  };

  beforeAll(async () => {
    admin = new Redis(REDIS_URL);
    node = await nodeRedis.open(REDIS_URL);
    io = await ioredis.open(REDIS_URL);
  });
  afterEach(async () => {
    for (const prefix of prefixes.splice(0)) await removeKeys(admin, prefix);
  });
  afterAll(() => {
    node.close();
    io.close();
    admin.disconnect();
  });

  it("is the same over both drivers", async () => {
    const { open } = begin();
    const stores = [open(node.client), open(io.client)] as const;
    for (const [mine, other] of [stores, [stores[1], stores[0]] as const]) {
      const record = sampleRecord({ route: "GET /zürich/🌍" });
      await mine.insert(record, LEASE);
      expect(await other.insert(sampleRecord({ id: record.id }), LEASE)).toBe(false);
      const answer = sampleAnswer();
      const next = nextRecord(record, { state: "settled" });
      expect(await other.replace(next, 1, LEASE, answer)).toBe(true);
      expect(await mine.replace(next, 1, LEASE)).toBe(false);
      expect(await mine.read(record.id)).toStrictEqual({ record: next, leased: true });
      expect(await mine.answer(record.id)).toStrictEqual(answer);
      const name = `ü ${record.id}`;
      expect(await mine.link(name, record.id, Date.now() + HOUR)).toBe(record.id);
      expect(await other.linked(name)).toBe(record.id);
      expect(await other.link(name, "other", Date.now() + HOUR, record.id)).toBe("other");
      expect(await mine.linked(name)).toBe("other");
    }
    const query = { order: "newest", limit: 10 } as const;
    expect(await stores[0].list(query)).toStrictEqual(await stores[1].list(query));
    expect(await stores[0].list(query)).toHaveLength(2);
  });

  it("gives a body of many megabytes back byte for byte, over both drivers", async () => {
    const { open } = begin();
    const body = Uint8Array.from({ length: 6 * 1024 * 1024 }, (_, i) => (i ^ (i >> 8) ^ (i >> 16)) & 255);
    for (const { client } of [node, io]) {
      const store = open(client);
      const record = sampleRecord();
      await store.insert(record, LEASE);
      await store.replace(nextRecord(record), 1, LEASE, sampleAnswer({ body }));
      const { body: given = new Uint8Array() } = (await store.answer(record.id)) ?? {};
      expect(Buffer.compare(given, body)).toBe(0);
    }
  });

  it("serves a pool, a client with types of its own, and one that prefixes every key", async () => {
    const pool = createClientPool({ url: REDIS_URL });
    const base = createClient({ url: REDIS_URL });
    const typed = base.withTypeMapping({ 36: Buffer, 58: String });
    const odd = new Redis(REDIS_URL, { keyPrefix: "app:", stringNumbers: true, enableAutoPipelining: true });
    await Promise.all([pool.connect(), base.connect()]);
    try {
      for (const client of [pool, typed, odd]) {
        const { open, prefix } = begin();
        const store = open(client);
        const record = sampleRecord();
        expect(await Promise.all([store.insert(record, LEASE), store.insert(record, LEASE)])).toEqual([true, false]);
        const answer = sampleAnswer();
        expect(await store.replace(nextRecord(record), 1, 0, answer)).toBe(true);
        expect(await store.renew(record.id, record.holder, LEASE)).toBe(true);
        expect(await store.answer(record.id)).toStrictEqual(answer);
        expect(await store.link("key", record.id, Date.now() + HOUR)).toBe(record.id);
        expect(await store.linked("key")).toBe(record.id);
        expect(await store.list({ order: "oldest", limit: 5 })).toHaveLength(1);
        const start = client === odd ? `app:{${prefix}}:` : `{${prefix}}:`;
        expect((await keysOf(admin, prefix)).filter((key) => !key.startsWith(start))).toEqual([]);
      }
    } finally {
      odd.disconnect();
      pool.destroy();
      base.destroy();
    }
  });

  it("keeps all its keys in one slot of a cluster, whatever is in an id", async () => {
    const { open, prefix } = begin();
    const store = open(node.client);
    const record = sampleRecord({ id: "a}b{c}" });
    await store.insert(record, LEASE);
    await store.replace(nextRecord(record, { expiresAt: Date.now() + HOUR }), 1, LEASE, sampleAnswer());
    await store.link("{x}", record.id, Date.now() + HOUR);
    const keys = await keysOf(admin, prefix);
    expect(keys.length).toBeGreaterThan(8);
    expect(keys.filter((key) => !key.startsWith(`{${prefix}}:`))).toEqual([]);
  });

  it("G07 lets Redis expire what guards nothing, and no record that keeps a payment from buying twice", async () => {
    const { open, key } = begin();
    const store = open(io.client);
    const soon = Date.now() + HOUR;
    const record = sampleRecord({ state: "released", expiresAt: soon });
    const stored = key(`record:${record.id}`);
    await store.insert(record, 0);
    expect(await admin.pexpiretime(stored)).toBe(soon);
    let version = 1;
    for (const state of ["running", "settling", "unknown", "settled", "owed"] as const) {
      const { expiresAt: _, ...rest } = record;
      await store.replace(
        { ...rest, state, version: version + 1 },
        version++,
        LEASE,
        sampleAnswer({ expiresAt: soon }),
      );
      expect(await admin.pttl(stored)).toBe(-1);
    }
    expect(await admin.pexpiretime(key(`answer:${record.id}`))).toBe(soon);
    await store.replace({ ...record, state: "delivered", version: version + 1, expiresAt: soon + 1 }, version, 0);
    expect(await admin.pttl(stored)).toBe(-1);
    const unpaid = sampleRecord({ state: "failed", answered: true, expiresAt: soon });
    await store.insert(unpaid, 0);
    expect(await admin.pttl(key(`record:${unpaid.id}`))).toBe(-1);
    await store.link("key", record.id, soon);
    expect(await admin.pexpiretime(key("link:key"))).toBe(soon);
  });

  it("looks at no more than 500 records in one script, so that Redis serves others meanwhile", async () => {
    const { open } = begin();
    const counting = new Redis(REDIS_URL);
    let scripts = 0;
    const evalsha = Reflect.get(counting, "evalshaBuffer") as (...args: unknown[]) => unknown;
    const evalshaBuffer = (...args: unknown[]) => {
      scripts++;
      return evalsha.apply(counting, args);
    };
    Object.assign(counting, { evalshaBuffer });
    try {
      const store = open(counting);
      const records = Array.from({ length: 1_200 }, (_, i) =>
        sampleRecord({ createdAt: i, updatedAt: i, chargedAt: i }),
      );
      await Promise.all(records.map((record) => store.insert(record, 0)));
      for (const order of ["newest", "oldest", "charged"] as const) {
        scripts = 0;
        expect(await store.list({ order, limit: 10, route: "GET /nothing" })).toEqual([]);
        expect(scripts).toBe(3);
        scripts = 0;
        expect(await store.list({ order, limit: 1_100 })).toHaveLength(1_100);
        expect(scripts).toBe(3);
      }
    } finally {
      counting.disconnect();
    }
  });

  it("leaves nothing of records and answers that have expired", async () => {
    const { open, key, prefix } = begin();
    const store = open(node.client);
    const kept = sampleRecord();
    await store.insert(kept, LEASE);
    const before = await keysOf(admin, prefix);
    const end = Date.now() + 300;
    const gone = Array.from({ length: 40 }, () => sampleRecord());
    for (const record of gone) {
      await store.insert(record, LEASE);
      const closed = nextRecord(record, { state: "delivered", expiresAt: end });
      await store.replace(closed, 1, 0, sampleAnswer({ expiresAt: end }));
    }
    await eventually("they expired", async () => Date.now() > end + 10);
    expect(await store.list({ order: "newest", limit: 100 })).toHaveLength(1);
    const later = Array.from({ length: 12 }, () => sampleRecord());
    for (const record of later) await store.insert(record, LEASE);
    const left = [kept, ...later].map(({ id }) => id).sort();
    for (const index of ["created:running", "updated:running", "leased:running"]) {
      expect((await admin.zrange(key(index), "0", "-1")).sort()).toEqual(left);
    }
    const records = [...before, ...later.map(({ id }) => key(`record:${id}`))];
    expect(await keysOf(admin, prefix)).toEqual([...records, key("answer-bytes")].sort());
    expect(await admin.get(key("answer-bytes"))).toBe("0");
  });

  it("takes the id of a record that expired as new, with nothing of the old one", async () => {
    const { open, key } = begin();
    const store = open(io.client);
    const first = sampleRecord({ state: "released" });
    await store.insert(first, 0);
    const closed = nextRecord(first, { expiresAt: Date.now() + 100 });
    await store.replace(closed, 1, 0, sampleAnswer());
    await eventually("it expired", async () => (await store.read(first.id)) === undefined);
    expect(await store.answer(first.id)).toBeUndefined();
    expect(await store.insert(sampleRecord({ id: first.id }), LEASE)).toBe(true);
    expect(await store.answer(first.id)).toBeUndefined();
    expect(await store.list({ states: ["released"], order: "newest", limit: 5 })).toEqual([]);
    expect(await admin.zcard(key("created:released"))).toBe(0);
    expect(await admin.zcard(key("ends"))).toBe(0);
  });

  it("drops the oldest answers for room, and keeps their records", async () => {
    const { open, key } = begin();
    const body = new Uint8Array(1000);
    const headers: StoredAnswer["headers"] = [];
    const store = open(node.client, { answerBytes: 3 * 1002 });
    const records = Array.from({ length: 5 }, () => sampleRecord());
    for (const record of records) {
      await store.insert(record, LEASE);
      await store.replace(nextRecord(record), 1, LEASE, sampleAnswer({ body, headers }));
      // Answers of the same millisecond are equally old.
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    const kept = await Promise.all(records.map(async ({ id }) => (await store.answer(id)) !== undefined));
    expect(kept).toEqual([false, false, true, true, true]);
    expect(await admin.get(key("answer-bytes"))).toBe(String(3 * 1002));
    expect(await store.list({ order: "newest", limit: 10 })).toHaveLength(5);
    const [, , , , last = sampleRecord()] = records;
    await store.replace(nextRecord(nextRecord(last)), 2, 0, sampleAnswer({ body: new Uint8Array(3005), headers }));
    expect(await store.answer(last.id)).toBeUndefined();
    expect(await admin.get(key("answer-bytes"))).toBe(String(2 * 1002));
  });

  it("counts answers that expired as room", async () => {
    const { open, key } = begin();
    const store = open(io.client, { answerBytes: 2300 });
    const put = async (length: number, expiresAt: number) => {
      const record = sampleRecord();
      await store.insert(record, LEASE);
      const answer = sampleAnswer({ body: new Uint8Array(length), headers: [], expiresAt });
      await store.replace(nextRecord(record), 1, 0, answer);
      return record.id;
    };
    const first = await put(1000, Date.now() + HOUR);
    const end = Date.now() + 300;
    const short = await Promise.all(Array.from({ length: 12 }, () => put(100, end)));
    await eventually("they expired", async () => Date.now() > end + 10);
    const last = await put(1000, Date.now() + HOUR);
    const kept = await Promise.all([first, last, ...short].map(async (id) => (await store.answer(id)) !== undefined));
    expect(kept).toEqual([true, true, ...short.map(() => false)]);
    expect(await admin.get(key("answer-bytes"))).toBe("2004");
  });

  it("keeps a body as it was when it came, also if its buffer is used again at once", async () => {
    for (const { client } of [node, io]) {
      const store = begin().open(client);
      const record = sampleRecord();
      await store.insert(record, LEASE);
      const answer = sampleAnswer();
      const body = answer.body.slice();
      const replaced = store.replace(nextRecord(record), 1, LEASE, { ...answer, body });
      body.fill(0);
      expect(await replaced).toBe(true);
      expect(await store.answer(record.id)).toStrictEqual(answer);
    }
  });
});
