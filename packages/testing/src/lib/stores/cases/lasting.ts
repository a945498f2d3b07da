import { expect } from "vitest";
import type { StoreBook } from "../casebook.js";
import { expectAnswer, expectRecord, isLeased } from "../expectations.js";
import { fullRecord, HOUR, LONG, nextRecord, sampleAnswer, sampleBytes, sampleRecord } from "../samples.js";

/** What is there after a restart, and what happens when nothing is. */
export function testLasting({ check }: StoreBook): void {
  check(
    "has records, answers and links after a restart",
    async ({ store, reopen }) => {
      const record = fullRecord();
      const answer = sampleAnswer({ body: sampleBytes(70_000) });
      await store.insert(record, LONG);
      const next = nextRecord(record);
      await store.replace(next, 1, LONG, answer);
      await store.link("key", record.id, Date.now() + HOUR);
      const later = await reopen();
      await expectRecord(later, next);
      await expectAnswer(later, record.id, answer);
      expect(await later.linked("key")).toBe(record.id);
      expect(await later.link("key", "other", Date.now() + HOUR)).toBe(record.id);
      expect(await later.insert(record, LONG)).toBe(false);
      expect(await later.replace(nextRecord(next), 1, LONG)).toBe(false);
      expect(await later.list({ states: [next.state], order: "oldest", limit: 10 })).toHaveLength(1);
      expect(await later.replace(nextRecord(next), 2, LONG)).toBe(true);
    },
    "reopen",
  );

  check(
    "holds leases over a restart if others may hold them, and counts them as run out if nobody can",
    async ({ store, reopen }) => {
      const record = sampleRecord();
      await store.insert(record, LONG);
      const later = await reopen();
      expect(await isLeased(later, record.id)).toBe(store.scope === "shared");
      expect(await later.list({ lapsed: true, order: "oldest", limit: 10 })).toHaveLength(
        store.scope === "shared" ? 0 : 1,
      );
      expect(await later.renew(record.id, record.holder, LONG)).toBe(true);
      expect(await isLeased(later, record.id)).toBe(true);
    },
    "reopen",
  );

  check(
    "rejects every operation once it cannot be asked",
    async ({ store, cut }) => {
      const record = sampleRecord();
      await store.insert(record, LONG);
      await cut();
      const operations = {
        read: async () => store.read(record.id),
        insert: async () => store.insert(sampleRecord(), LONG),
        replace: async () => store.replace(nextRecord(record), 1, LONG, sampleAnswer()),
        renew: async () => store.renew(record.id, record.holder, LONG),
        answer: async () => store.answer(record.id),
        link: async () => store.link("key", record.id, Date.now() + HOUR),
        linked: async () => store.linked("key"),
        list: async () => store.list({ order: "newest", limit: 1 }),
      };
      const ends = await Promise.all(
        Object.entries(operations).map(async ([name, operation]) => [
          name,
          await operation().then(
            () => "resolved",
            () => "rejected",
          ),
        ]),
      );
      expect(ends).toEqual(Object.keys(operations).map((name) => [name, "rejected"]));
    },
    "cut",
  );
}

/** Several clients of one store see the same. */
export function testSharing({ check }: StoreBook): void {
  check(
    "shows one client at once what another wrote",
    async ({ store, another }) => {
      const other = await another();
      const first = sampleRecord();
      const answer = sampleAnswer();
      await store.insert(first, LONG);
      await expectRecord(other, first);
      expect(await isLeased(other, first.id)).toBe(true);
      const second = nextRecord(first, { state: "settling", holder: sampleRecord().holder });
      expect(await other.replace(second, 1, 0, answer)).toBe(true);
      await expectRecord(store, second);
      expect(await isLeased(store, first.id)).toBe(false);
      await expectAnswer(store, first.id, answer);
      expect(await store.replace(nextRecord(first), 1, LONG)).toBe(false);
      expect(await store.renew(first.id, first.holder, LONG)).toBe(false);
      expect(await store.renew(first.id, second.holder, LONG)).toBe(true);
      expect(await isLeased(other, first.id)).toBe(true);
      expect(await other.list({ states: ["settling"], order: "newest", limit: 10 })).toHaveLength(1);
      await store.link("key", first.id, Date.now() + HOUR);
      expect(await other.linked("key")).toBe(first.id);
      expect(await other.link("key", "other", Date.now() + HOUR, first.id)).toBe("other");
      expect(await store.linked("key")).toBe("other");
    },
    "another",
  );

  check(
    "prepares itself once when two clients come at the same time",
    async ({ store, another }) => {
      const other = await another();
      const records = Array.from({ length: 10 }, () => sampleRecord());
      const inserted = await Promise.all(
        records.map(async (record, i) => (i % 2 ? store : other).insert(record, LONG)),
      );
      expect(inserted).toEqual(records.map(() => true));
      expect(await store.list({ order: "newest", limit: 20 })).toHaveLength(records.length);
    },
    "another",
  );

  check(
    "moves a record on step by step between clients, each version once",
    async ({ store, another }) => {
      const stores = [store, await another()];
      const record = sampleRecord({ runs: 0 });
      await store.insert(record, LONG);
      let moved = 0;
      const move = async (client: typeof store): Promise<void> => {
        for (let done = 0; done < 10; ) {
          const found = await client.read(record.id);
          if (!found) throw new Error("The record is gone.");
          const { record: at } = found;
          if (!(await client.replace(nextRecord(at, { runs: at.runs + 1 }), at.version, LONG))) continue;
          done++;
          moved++;
        }
      };
      await Promise.all([...stores, ...stores].map(move));
      expect(moved).toBe(40);
      expect((await store.read(record.id))?.record).toMatchObject({ version: 41, runs: 40 });
    },
    "another",
  );
}
