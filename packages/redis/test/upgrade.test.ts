import type { Store, StoredPayment } from "@turnpike/core";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { expectUpgraded } from "../../testing/test/expect-upgraded.js";
import { firstVersion } from "../../testing/test/first-version.js";
import { redisStore } from "../src/index.js";
import { describeWith, missRedis, REDIS_URL } from "./service.js";
import { freshPrefix, ioredis, keysOf, type Opened, removeKeys } from "./support/clients.js";
import { codeOf, eventually, sampleRecord } from "./support/samples.js";

describeWith(await missRedis(), "keys of the first version", () => {
  let admin: Redis;
  let io: Opened;
  const prefixes: string[] = [];
  beforeAll(async () => {
    admin = new Redis(REDIS_URL);
    io = await ioredis.open(REDIS_URL);
  });
  afterEach(async () => {
    for (const prefix of prefixes.splice(0)) await removeKeys(admin, prefix);
  });
  afterAll(() => {
    io.close();
    admin.disconnect();
  });

  const begin = async (records: readonly StoredPayment[]) => {
    const prefix = freshPrefix();
    prefixes.push(prefix);
    const key = (name: string) => `{${prefix}}:${name}`;
    await admin.set(key("schema"), "1");
    for (const record of records) await write(key, record);
    const open = (timeout = 20_000): Store => redisStore(io.client, { prefix, timeout });
    return { prefix, key, open };
  };

  /** As the first version wrote it: what has ended expires by itself. */
  const write = async (key: (name: string) => string, record: StoredPayment) => {
    const { id, version, state, holder, createdAt, updatedAt, expiresAt } = record;
    const stored = key(`record:${id}`);
    const json = JSON.stringify(record);
    const pipeline = admin.pipeline();
    pipeline.hset(stored, { token: `old-${id}`, json, version: String(version), state, holder });
    pipeline.zadd(key(`created:${state}`), createdAt, id);
    pipeline.zadd(key(`updated:${state}`), updatedAt, id);
    if (expiresAt !== undefined) {
      pipeline.zadd(key("ends"), expiresAt, id);
      pipeline.pexpireat(stored, expiresAt);
    }
    await pipeline.exec();
  };

  it("have their sales in the books, which Redis does not expire, and nothing else has changed", async () => {
    const first = firstVersion();
    const { open, key } = await begin(first.records);
    await expectUpgraded(open(), first);
    expect(await admin.get(key("schema"))).toBe("2");
    for (const id of first.charged) {
      const { expiresAt } = first.expected.get(id) as StoredPayment;
      expect(await admin.pttl(key(`record:${id}`))).toBe(-1);
      expect(await admin.zscore(key("ends"), id)).toBe(expiresAt === undefined ? null : String(expiresAt));
    }
    await expectUpgraded(open(), first);
  });

  it("are brought over by several processes at once, and again after one that ended midway", async () => {
    const first = firstVersion();
    const many = Array.from({ length: 450 }, (_, i) => ({ ...(first.records[0] as StoredPayment), id: `sale ${i}` }));
    const { open, key } = await begin([...first.records, ...many]);
    await Promise.all(Array.from({ length: 4 }, () => open().read("nothing")));
    const charged = async () => (await open().list({ order: "charged", limit: 1_000 })).length;
    expect(await charged()).toBe(453);
    // One that ended before the last step has left the version as it was, and records of both.
    await admin.set(key("schema"), "1");
    await write(key, { ...(first.records[0] as StoredPayment), id: "late sale" });
    expect(await charged()).toBe(454);
  });

  it("take in what a process of the first version writes shortly after", async () => {
    const first = firstVersion();
    const { open, key } = await begin(first.records);
    await open().read("nothing");
    await write(key, { ...(first.records[0] as StoredPayment), id: "late sale", updatedAt: Date.now() });
    // Another process looks for the version at its first operation, as ours do once a minute.
    await open().read("nothing");
    await eventually("the sale is in the books", async () => {
      const charged = await open().list({ order: "charged", limit: 10 });
      return charged.some(({ record }) => record.id === "late sale");
    });
  });

  it("say so while that takes long, and serve once it is done", async () => {
    const first = firstVersion();
    const many = Array.from({ length: 3_000 }, (_, i) => ({ ...(first.records[0] as StoredPayment), id: `sale ${i}` }));
    const { open, key } = await begin(many);
    // Each step is well within the limit, and all of them together are not.
    const store = open(250);
    const codes = new Set<unknown>();
    await eventually("it is done", async () => {
      codes.add(await codeOf(Promise.resolve(store.insert(sampleRecord(), 0))));
      return (await admin.get(key("schema"))) === "2";
    });
    const expected = ["none", "store_migrating", "store_timeout"];
    expect([...codes].filter((code) => !expected.includes(code as string))).toEqual([]);
    expect(await open().list({ order: "charged", limit: 5_000 })).toHaveLength(3_000);
    expect(await open().insert(sampleRecord(), 0)).toBe(true);
  });

  it("leaves no key behind that it has not had before, but for the books and the time of the change", async () => {
    const first = firstVersion();
    const { open, key, prefix } = await begin(first.records);
    const before = await keysOf(admin, prefix);
    await open().read("nothing");
    expect(await keysOf(admin, prefix)).toEqual([...before, key("charged"), key("late")].sort());
    expect(await admin.pttl(key("late"))).toBeGreaterThan(0);
  });
});
