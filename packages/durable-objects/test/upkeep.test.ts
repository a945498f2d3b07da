import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DurableObjectStoreOptions } from "../src/index.js";
import { bridgeStore, forward, runSql } from "./support/bridge.js";
import { sampleAnswer, sampleRecord } from "./support/samples.js";
import { startWorkerd, type Workerd } from "./support/workerd.js";

let workerd: Workerd;
let ledgers = 0;
beforeAll(async () => {
  workerd = await startWorkerd();
});
afterAll(() => workerd.remove());

/** A fresh store over objects that can be looked into. */
function openLedger(options: DurableObjectStoreOptions = {}) {
  const name = `ledger ${++ledgers}`;
  const store = bridgeStore(workerd, { name, ...options }, { binding: "OPEN" });
  const sql = (query: string, shard = 0) => runSql(workerd, `${name}/${shard}`, query);
  const count = async (table: string, shard = 0) => {
    return (await sql(`SELECT count(*) AS count FROM ${table}`, shard))[0]?.count as number;
  };
  /** A record with an answer of so many bytes. */
  const keep = async (bytes: number, members: Parameters<typeof sampleAnswer>[1] = {}) => {
    const record = sampleRecord();
    await store.insert(record, 0);
    const delivered = { ...record, version: 2, state: "delivered" } as const;
    expect(await store.replace(delivered, 1, 0, sampleAnswer(bytes, members))).toBe(true);
    return record.id;
  };
  const sizes = (ids: readonly string[]) =>
    Promise.all(ids.map(async (id) => (await store.answer(id))?.body.byteLength));
  return { name, store, sql, count, keep, sizes };
}

describe("answers", () => {
  test("beyond the limit of all make room, the oldest first, and their records stay", async () => {
    const { store, keep, sizes } = openLedger({ answerBytes: 1000 });
    const ids = [await keep(400), await keep(300), await keep(200)];
    expect(await sizes(ids)).toEqual([400, 300, 200]);
    ids.push(await keep(500));
    expect(await sizes(ids)).toEqual([undefined, 300, 200, 500]);
    ids.push(await keep(1000));
    expect(await sizes(ids)).toEqual([undefined, undefined, undefined, undefined, 1000]);
    ids.push(await keep(1001));
    expect((await sizes(ids)).slice(4)).toEqual([1000, undefined]);
    for (const id of ids) expect((await store.read(id))?.record.state).toBe("delivered");
  });

  test("that are written again or dropped with their records do not count any more", async () => {
    const { store, sql, keep, sizes } = openLedger({ answerBytes: 1000 });
    const first = await keep(600);
    for (let version = 2; version < 6; version++) {
      const record = sampleRecord({ id: first, version: version + 1, state: "delivered" });
      expect(await store.replace(record, version, 0, sampleAnswer(600 + version))).toBe(true);
    }
    const second = await keep(395);
    expect(await sizes([first, second])).toEqual([605, 395]);
    await sql(`DELETE FROM records WHERE id = '${first}'`);
    const third = await keep(605);
    expect(await sizes([first, second, third])).toEqual([undefined, 395, 605]);
  });

  test("share the limit of all between the objects", async () => {
    const { keep, sizes } = openLedger({ answerBytes: 1000, shards: 2 });
    expect(await sizes([await keep(501), await keep(500)])).toEqual([undefined, 500]);
  });

  test("beyond the limit of each are declined, and their records stay", async () => {
    const { store, keep, sizes } = openLedger({ maxAnswer: 100 });
    const ids = [await keep(100), await keep(101)];
    expect(await sizes(ids)).toEqual([100, undefined]);
    expect((await store.read(ids[1] as string))?.record.version).toBe(2);
  });

  test("whose headers would exceed what Cloudflare allows a row are declined, and their records stay", async () => {
    const { store, keep, sizes } = openLedger({ maxAnswer: 1_900_000 });
    const long = await keep(1_900_000, { headers: [["x-long", "é".repeat(50_000)]] });
    expect(await sizes([await keep(1_900_000), long])).toEqual([1_900_000, undefined]);
    expect((await store.read(long))?.record.version).toBe(2);
  });
});

describe("what has expired", () => {
  test("goes a little at a time as records come, and nothing else goes", async () => {
    const { store, count } = openLedger();
    const past = Date.now() - 1000;
    const open = sampleRecord({ state: "unknown" });
    const later = sampleRecord({ state: "delivered", expiresAt: Date.now() + 60_000 });
    await store.insert(open, 0);
    await store.insert(later, 0);
    await store.replace({ ...later, version: 2 }, 1, 0, sampleAnswer(10));
    const closed = Array.from({ length: 20 }, () => sampleRecord());
    for (const record of closed) await store.insert(record, 0);
    for (const record of closed) {
      const ended = { ...record, version: 2, state: "delivered", expiresAt: past } as const;
      await store.replace(ended, 1, 0, sampleAnswer(10));
    }
    expect(await count("records")).toBe(22);
    expect(await count("answers")).toBe(21);

    await store.insert(sampleRecord(), 0);
    const left = await count("records");
    expect(left).toBeGreaterThan(10);
    expect(left).toBeLessThan(23);
    for (let i = 0; i < 20; i++) await store.insert(sampleRecord(), 0);
    expect(await count("records")).toBe(2 + 21);
    expect(await count("answers")).toBe(1);
    expect(await store.read(open.id)).toBeDefined();
    expect((await store.answer(later.id))?.body.byteLength).toBe(10);
  });

  test("of answers goes, and their records stay", async () => {
    const { store, count, keep } = openLedger();
    const ids = [await keep(10, { expiresAt: Date.now() - 1000 }), await keep(10)];
    for (let i = 0; i < 4; i++) await store.insert(sampleRecord(), 0);
    expect(await count("answers")).toBe(1);
    for (const id of ids) expect(await store.read(id)).toBeDefined();
  });

  test("of links goes as links come", async () => {
    const { store, count } = openLedger();
    for (let i = 0; i < 10; i++) await store.link(`old ${i}`, "id", Date.now() - 1000);
    for (let i = 0; i < 10; i++) await store.link(`new ${i}`, "id", Date.now() + 60_000);
    expect(await count("links")).toBe(10);
    expect(await store.linked("new 0")).toBe("id");
  });
});

describe("several objects", () => {
  test("share the records", async () => {
    const { store, count } = openLedger({ shards: 3 });
    for (let i = 0; i < 60; i++) await store.insert(sampleRecord(), 0);
    const counts = [await count("records", 0), await count("records", 1), await count("records", 2)];
    expect(counts.reduce((sum, some) => sum + some)).toBe(60);
    for (const some of counts) expect(some).toBeGreaterThan(5);
  });

  test("are never more or fewer than they began with: payments would be looked for in the wrong one", async () => {
    for (const [began, asked] of [
      [1, 4],
      [4, 1],
      [4, 8],
    ] as const) {
      const { name, store } = openLedger({ shards: began });
      const record = sampleRecord();
      await store.insert(record, 0);
      const changed = bridgeStore(workerd, { name, shards: asked }, { binding: "OPEN" });
      const attempts = Array.from({ length: 20 }, () => changed.insert(sampleRecord(), 0));
      for (const { status } of await Promise.allSettled(attempts)) expect(status).toBe("rejected");
      await expect(changed.read(record.id)).rejects.toThrow(`it was created with ${began} \`shards\`, not ${asked}`);
      expect(await store.read(record.id)).toBeDefined();
      expect(await store.list({ order: "newest", limit: 30 })).toHaveLength(1);
    }
  });
});

describe("what cannot be asked, or may not", () => {
  test("tables of a later version are left alone", async () => {
    const { store, sql } = openLedger();
    const record = sampleRecord();
    await store.insert(record, 0);
    await sql("UPDATE settings SET value = value + 1 WHERE name = 'schema'");
    await workerd.restart();
    await expect(store.read(record.id)).rejects.toThrow("written by a later version of @turnpike/durable-objects");
    await expect(store.insert(sampleRecord(), 0)).rejects.toThrow("later version");
  });

  test("an object that does not answer is given up", async () => {
    const store = bridgeStore(workerd, { timeout: 300 }, { binding: "SILENT" });
    await expect(store.read("id")).rejects.toThrow("The payment ledger did not respond within 300 ms");
  });

  test("a class without SQLite storage rejects, and says which storage it needs", async () => {
    const store = bridgeStore(workerd, {}, { binding: "OLD" });
    await expect(store.read("id")).rejects.toThrow("new_sqlite_classes");
  });

  test("a namespace of Workers KV is refused at once", async () => {
    const store = bridgeStore(workerd, {}, { binding: "KV" });
    await expect(store.read("id")).rejects.toThrow("only eventually consistent, so it cannot claim a payment");
  });

  test("a request that a Worker passes on to an object reaches no record", async () => {
    const { name, store } = openLedger();
    const record = sampleRecord();
    await store.insert(record, 0);
    const body = JSON.stringify({ shards: 1, id: record.id });
    const ask = (url: string) => forward(workerd, { binding: "OPEN", object: `${name}/0`, url, body: `${body}\n` });
    expect((await ask("https://payment-ledger.invalid/read")).text).toContain(record.id);
    for (const url of [
      "https://shop.test/read",
      "https://payment-market.invalid/read",
      "https://shop.test/https://payment-ledger.invalid/read",
      "https://payment-ledger.invalid/toString",
      "https://payment-ledger.invalid/",
    ]) {
      expect(await ask(url)).toEqual({ status: 404, text: "this operation is unknown" });
    }
  });

  test("no error quotes what was written or sent", async () => {
    const { name, store, sql } = openLedger();
    const record = sampleRecord();
    await store.insert(record, 0);
    await sql(`UPDATE records SET record = 'x0123signature'`);
    const read = async () => store.read(record.id);
    await expect(read()).rejects.toThrow("cannot be read");
    await expect(read()).rejects.not.toThrow("0123");
    const url = "https://payment-ledger.invalid/insert";
    const sent = await forward(workerd, { binding: "OPEN", object: `${name}/0`, url, body: "x0123signature\n" });
    expect(sent.text).toContain("cannot be read");
    expect(sent.text).not.toContain("0123");
  });
});
