import Driver from "libsql";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type SqliteStore, sqliteStore } from "../src/index.js";
import { freshPath, removeFolders } from "./support/folder.js";
import { answer, HOUR, LEASE, record } from "./support/records.js";

removeFolders();

afterEach(() => {
  vi.useRealTimers();
});

/** Inserts a delivered record with an answer of so many bytes. */
async function deliver(store: SqliteStore, id: string, bytes: number): Promise<void> {
  await store.insert(record(id), LEASE);
  const delivered = record(id, { version: 2, state: "delivered", expiresAt: Date.now() + HOUR });
  await store.replace(delivered, 1, 0, answer(bytes));
}

/** How many rows the tables of a closed file have. */
function count(path: string): Record<string, number> {
  const driver = new Driver(path);
  const tables = ["payments", "answers", "links"];
  const counts = tables.map((table) => {
    const row = driver.prepare(`SELECT count(*) AS rows FROM ${table}`).get([]) as { rows: number };
    return [table, row.rows];
  });
  driver.close();
  return Object.fromEntries(counts);
}

describe("answers", () => {
  it("are dropped beyond the limit, the oldest first, and their records kept", async () => {
    const store = sqliteStore(":memory:", { answerBytes: 1_000 });
    for (const id of ["a", "b", "c"]) await deliver(store, id, 400);
    expect(await store.answer("a")).toBeUndefined();
    expect(await store.answer("b")).toBeDefined();
    expect(await store.answer("c")).toBeDefined();
    expect((await store.read("a"))?.record.state).toBe("delivered");
  });

  it("are counted over a restart", async () => {
    const path = freshPath();
    const first = sqliteStore(path, { answerBytes: 1_000 });
    await deliver(first, "a", 400);
    await deliver(first, "b", 400);
    await first.close();
    const second = sqliteStore(path, { answerBytes: 1_000 });
    await deliver(second, "c", 400);
    expect(await second.answer("a")).toBeUndefined();
    expect(await second.answer("b")).toBeDefined();
    await second.close();
  });

  it("are declined beyond the limit of one, and none is dropped for them", async () => {
    const store = sqliteStore(":memory:", { maxAnswer: 500, answerBytes: 1_000 });
    await deliver(store, "a", 500);
    await deliver(store, "b", 501);
    expect(await store.answer("a")).toBeDefined();
    expect(await store.answer("b")).toBeUndefined();
    expect((await store.read("b"))?.record.state).toBe("delivered");
  });
});

describe("what has ended", () => {
  it("is dropped with everything that belongs to it, and nothing that is open", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const path = freshPath();
    const store = sqliteStore(path, { durability: "process" });
    for (const state of ["running", "settling", "settled", "unknown", "owed"] as const) {
      await store.insert(record(state, { state }), LEASE);
    }
    for (let i = 0; i < 50; i++) {
      await deliver(store, `closed ${i}`, 10);
      await store.link(`key ${i}`, `closed ${i}`, Date.now() + HOUR);
    }
    vi.setSystemTime(Date.now() + HOUR);
    for (let i = 0; i < 60; i++) await store.insert(record(`new ${i}`), LEASE);
    await store.close();
    expect(count(path)).toEqual({ payments: 65, answers: 0, links: 0 });
  });

  it("takes its answer with it, and an answer does not take its record", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const path = freshPath();
    const store = sqliteStore(path, { durability: "process" });
    const ends = { expiresAt: Date.now() + HOUR };
    const lasts = { expiresAt: Date.now() + 2 * HOUR };
    await store.insert(record("short record"), LEASE);
    await store.replace(record("short record", { version: 2, ...ends }), 1, 0, answer(10, lasts));
    await store.insert(record("short answer"), LEASE);
    await store.replace(record("short answer", { version: 2, ...lasts }), 1, 0, answer(10, ends));
    await store.insert(record("both last"), LEASE);
    await store.replace(record("both last", { version: 2, ...lasts }), 1, 0, answer(10, lasts));
    vi.setSystemTime(Date.now() + HOUR);
    for (let i = 0; i < 10; i++) await store.insert(record(`new ${i}`), LEASE);
    expect(await store.read("short record")).toBeUndefined();
    expect(await store.answer("short record")).toBeUndefined();
    expect(await store.read("short answer")).toBeDefined();
    expect(await store.answer("both last")).toBeDefined();
    await store.close();
    expect(count(path)).toEqual({ payments: 12, answers: 1, links: 0 });
  });
});

it("lists a state that is named twice once", async () => {
  const store = sqliteStore(":memory:");
  await store.insert(record("id"), LEASE);
  expect(await store.list({ states: ["running", "running"], order: "newest", limit: 10 })).toHaveLength(1);
});

describe("leases", () => {
  it("R18 do not mind a clock that jumps by an hour", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const store = sqliteStore(":memory:");
    const now = Date.now();
    await store.insert(record("held"), LEASE);
    await store.insert(record("lost"), 0);
    for (const jump of [HOUR, -HOUR]) {
      vi.setSystemTime(now + jump);
      expect((await store.read("held"))?.leased).toBe(true);
      const lapsed = await store.list({ lapsed: true, order: "oldest", limit: 10 });
      expect(lapsed.map(({ record: { id } }) => id)).toEqual(["lost"]);
    }
  });

  it("are extended beside a change that fails", async () => {
    const store = sqliteStore(":memory:");
    await store.insert(record("held"), 1);
    const unwritable = record("held", { version: 2, validBefore: 1n as unknown as number });
    const [renewed, replaced] = await Promise.allSettled([
      store.renew("held", "held", LEASE),
      store.replace(unwritable, 1, 0),
    ]);
    expect([renewed.status, replaced.status]).toEqual(["fulfilled", "rejected"]);
    expect((await store.read("held"))?.leased).toBe(true);
  });
});

describe("a change whose answer cannot be written", () => {
  const unwritable = () => answer(10, { headers: [["x", 1n as unknown as string]] });

  it("leaves the record and its lease as they were", async () => {
    const store = sqliteStore(":memory:");
    await store.insert(record("id"), LEASE);
    await expect(store.replace(record("id", { version: 2 }), 1, 0, unwritable())).rejects.toThrow();
    expect(await store.read("id")).toMatchObject({ record: { version: 1 }, leased: true });
  });

  it("leaves the answer that was there, and the count of bytes", async () => {
    const store = sqliteStore(":memory:", { answerBytes: 1_000 });
    await deliver(store, "a", 400);
    for (let i = 0; i < 3; i++) {
      await expect(store.replace(record("a", { version: 3 }), 2, 0, unwritable())).rejects.toThrow();
    }
    expect((await store.answer("a"))?.body).toHaveLength(400);
    await deliver(store, "b", 400);
    await deliver(store, "c", 400);
    expect(await store.answer("a")).toBeUndefined();
    expect(await store.answer("b")).toBeDefined();
  });
});
