import { PAYMENT_STATES, type PaymentState, type Reading } from "@turnpike/core";
import { expect } from "vitest";
import type { StoreBook } from "../casebook.js";
import { eventually, isLeased } from "../expectations.js";
import { HOUR, LONG, nextRecord, SHORT, sampleRecord } from "../samples.js";

const ids = (readings: readonly Reading[]) => readings.map(({ record }) => record.id);

/** Lists choose, order and cut. */
export function testLists({ check }: StoreBook): void {
  check("lists the newest by when they were made", async ({ store }) => {
    const base = Date.now() - HOUR;
    const order = [3, 0, 4, 1, 2];
    const records = order.map((i) => sampleRecord({ createdAt: base + i, updatedAt: base - i }));
    for (const record of records) await store.insert(record, LONG);
    const newest = [...records].sort((a, b) => b.createdAt - a.createdAt).map(({ id }) => id);
    expect(ids(await store.list({ order: "newest", limit: 10 }))).toEqual(newest);
    expect(ids(await store.list({ order: "newest", limit: 2 }))).toEqual(newest.slice(0, 2));
  });

  check("lists the oldest by when they last changed", async ({ store }) => {
    const base = Date.now() - HOUR;
    const order = [3, 0, 4, 1, 2];
    const records = order.map((i) => sampleRecord({ createdAt: base - i, updatedAt: base + i }));
    for (const record of records) await store.insert(record, LONG);
    const oldest = [...records].sort((a, b) => a.updatedAt - b.updatedAt).map(({ id }) => id);
    expect(ids(await store.list({ order: "oldest", limit: 10 }))).toEqual(oldest);
    expect(ids(await store.list({ order: "oldest", limit: 2 }))).toEqual(oldest.slice(0, 2));
    const first = records.find(({ id }) => id === oldest[0]) as (typeof records)[0];
    await store.replace(nextRecord(first, { updatedAt: base + 100 }), 1, LONG);
    expect(ids(await store.list({ order: "oldest", limit: 10 }))).toEqual([...oldest.slice(1), first.id]);
  });

  check("lists the states that are asked for", async ({ store }) => {
    const states = PAYMENT_STATES;
    const base = Date.now();
    const records = states.map((state, i) => sampleRecord({ state, createdAt: base + i, updatedAt: base + i }));
    for (const record of records) await store.insert(record, LONG);
    for (const record of records) {
      expect(ids(await store.list({ states: [record.state], order: "oldest", limit: 10 }))).toEqual([record.id]);
    }
    const some = await store.list({ states: ["unknown", "running", "owed"], order: "oldest", limit: 10 });
    expect(some.map(({ record }) => record.state)).toEqual(["running", "owed", "unknown"]);
    expect(await store.list({ states: ["unknown", "running", "owed"], order: "newest", limit: 1 })).toHaveLength(1);
    expect(await store.list({ states: [], order: "oldest", limit: 10 })).toEqual([]);
    expect(await store.list({ order: "oldest", limit: 10 })).toHaveLength(states.length);
  });

  check("lists a record in its present state only", async ({ store }) => {
    let record = sampleRecord();
    await store.insert(record, LONG);
    const path: PaymentState[] = ["settling", "unknown", "settling", "settled", "owed", "running", "delivered"];
    for (const state of path) {
      const before = record.state;
      record = nextRecord(record, { state });
      await store.replace(record, record.version - 1, LONG);
      expect(await store.list({ states: [before], order: "newest", limit: 10 })).toEqual([]);
      expect(await store.list({ states: [state], order: "newest", limit: 10 })).toEqual([{ record, leased: true }]);
      expect(await store.list({ states: [before, state], order: "oldest", limit: 10 })).toHaveLength(1);
      expect(await store.list({ order: "oldest", limit: 10 })).toHaveLength(1);
    }
    await store.replace(nextRecord(record, { state: "failed" }), record.version - 1, LONG);
    expect(await store.list({ states: ["failed"], order: "newest", limit: 10 })).toEqual([]);
  });

  check("lists records whose lease has run out, and only those if asked", async ({ store }) => {
    const held = sampleRecord();
    const lost = sampleRecord();
    const ended = sampleRecord({ state: "unknown" });
    await store.insert(held, LONG);
    await store.insert(lost, SHORT);
    await store.insert(ended, 0);
    await eventually("the lease ran out", async () => !(await isLeased(store, lost.id)));
    const lapsed = await store.list({ lapsed: true, order: "oldest", limit: 10 });
    expect(new Set(ids(lapsed))).toEqual(new Set([lost.id, ended.id]));
    expect(lapsed.map(({ leased }) => leased)).toEqual([false, false]);
    const all = await store.list({ lapsed: false, order: "oldest", limit: 10 });
    expect(new Map(all.map(({ record, leased }) => [record.id, leased]))).toEqual(
      new Map([
        [held.id, true],
        [lost.id, false],
        [ended.id, false],
      ]),
    );
    await store.renew(lost.id, lost.holder, LONG);
    expect(ids(await store.list({ lapsed: true, order: "oldest", limit: 10 }))).toEqual([ended.id]);
  });

  check("counts to the limit only what it lists", async ({ store }) => {
    const base = Date.now() - HOUR;
    const at = (time: number) => ({ createdAt: time, updatedAt: time });
    for (let i = 0; i < 40; i++) await store.insert(sampleRecord(at(base + i)), LONG);
    for (let i = 0; i < 40; i++) await store.insert(sampleRecord({ ...at(base + i), state: "delivered" }), 0);
    const lapsed = Array.from({ length: 5 }, (_, i) => sampleRecord(at(base + 100 + i)));
    for (const record of lapsed) await store.insert(record, 0);
    const query = { states: ["running", "settling"], lapsed: true, order: "oldest" } as const;
    expect(ids(await store.list({ ...query, limit: 5 }))).toEqual(lapsed.map(({ id }) => id));
    expect(ids(await store.list({ ...query, limit: 3 }))).toEqual(lapsed.slice(0, 3).map(({ id }) => id));
  });

  check("lists what it has among many", async ({ store }) => {
    const base = Date.now() - HOUR;
    const records = Array.from({ length: 300 }, (_, i) => {
      const time = base + ((i * 7) % 300);
      return sampleRecord({ createdAt: time, updatedAt: time, state: i % 3 ? "owed" : "unknown" });
    });
    await Promise.all(records.map((record) => store.insert(record, 0)));
    const newest = [...records].sort((a, b) => b.createdAt - a.createdAt).map(({ id }) => id);
    expect(ids(await store.list({ order: "newest", limit: 1_000 }))).toEqual(newest);
    expect(ids(await store.list({ order: "newest", limit: 50 }))).toEqual(newest.slice(0, 50));
    expect(await store.list({ states: ["unknown"], lapsed: true, order: "oldest", limit: 1_000 })).toHaveLength(100);
  });
}
