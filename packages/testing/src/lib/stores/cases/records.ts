import { expect } from "vitest";
import type { StoreBook } from "../casebook.js";
import { expectAnswer, expectRecord, isLeased, onlyWinner } from "../expectations.js";
import { fullRecord, HOUR, LONG, nextRecord, sampleAnswer, sampleId, sampleRecord } from "../samples.js";

/** A record is inserted once, and each version of it is replaced once. */
export function testRecords({ check }: StoreBook): void {
  check("says what it is", async ({ store }) => {
    expect(store.name).toMatch(/\S/);
    expect(store.atomic).toBe(true);
    expect(["process", "shared"]).toContain(store.scope);
  });

  check("has nothing to begin with", async ({ store }) => {
    const record = sampleRecord();
    expect(await store.read(record.id)).toBeUndefined();
    expect(await store.answer(record.id)).toBeUndefined();
    expect(await store.linked("key")).toBeUndefined();
    expect(await store.list({ order: "newest", limit: 10 })).toEqual([]);
    expect(await store.renew(record.id, record.holder, LONG)).toBe(false);
    expect(await store.read(record.id)).toBeUndefined();
  });

  check("inserts a record once", async ({ store }) => {
    const record = sampleRecord();
    expect(await store.insert(record, LONG)).toBe(true);
    expect(await store.insert(sampleRecord({ id: record.id, route: "GET /other" }), LONG)).toBe(false);
    await expectRecord(store, record);
  });

  check("lets one of a hundred insertions of a record through", async ({ clients }) => {
    const stores = await clients();
    const id = sampleId();
    const claims = Array.from({ length: 100 }, () => sampleRecord({ id }));
    const results = await Promise.all(
      claims.map(async (claim, i) => stores[i % stores.length]?.insert(claim, LONG) ?? false),
    );
    const winner = claims[onlyWinner(results)];
    for (const store of stores) if (winner) await expectRecord(store, winner);
  });

  check("lets a hundred insertions of different records through at once", async ({ clients }) => {
    const stores = await clients();
    const claims = Array.from({ length: 100 }, () => sampleRecord());
    const results = await Promise.all(claims.map(async (claim, i) => stores[i % stores.length]?.insert(claim, LONG)));
    expect(results).toEqual(claims.map(() => true));
    for (const claim of claims) await expectRecord(stores[0] as (typeof stores)[0], claim);
  });

  check("replaces a record of the version that is named", async ({ store }) => {
    const first = sampleRecord();
    await store.insert(first, LONG);
    const second = nextRecord(first, { state: "settling", reason: "second" });
    expect(await store.replace(second, 1, LONG)).toBe(true);
    await expectRecord(store, second);
    const third = nextRecord(second, { state: "settled" });
    expect(await store.replace(third, 2, LONG)).toBe(true);
    await expectRecord(store, third);
  });

  check("does not replace a record of another version", async ({ store }) => {
    const first = sampleRecord();
    await store.insert(first, LONG);
    const second = nextRecord(first, { state: "settling" });
    await store.replace(second, 1, LONG);
    const late = nextRecord(first, { state: "released" });
    expect(await store.replace(late, 1, 0)).toBe(false);
    expect(await store.replace(nextRecord(second), 3, 0)).toBe(false);
    await expectRecord(store, second);
    expect(await isLeased(store, first.id)).toBe(true);
  });

  check("does not replace what it does not have", async ({ store }) => {
    const record = sampleRecord();
    expect(await store.replace(nextRecord(record), 1, LONG, sampleAnswer())).toBe(false);
    expect(await store.read(record.id)).toBeUndefined();
    expect(await store.answer(record.id)).toBeUndefined();
    expect(await store.list({ order: "oldest", limit: 10 })).toEqual([]);
  });

  check("lets one of fifty replacements of one version through, with its answer", async ({ clients }) => {
    const stores = await clients();
    const [store = stores[0] as (typeof stores)[0]] = stores;
    const first = sampleRecord();
    await store.insert(first, LONG);
    const changes = Array.from({ length: 50 }, () => {
      const next = nextRecord(first, { holder: sampleRecord().holder });
      return { next, answer: sampleAnswer({ headers: [["x-holder", next.holder]] }) };
    });
    const results = await Promise.all(
      changes.map(async ({ next, answer }, i) => stores[i % stores.length]?.replace(next, 1, LONG, answer) ?? false),
    );
    const winner = changes[onlyWinner(results)];
    if (!winner) return;
    await expectRecord(store, winner.next);
    await expectAnswer(store, first.id, winner.answer);
  });

  check("keeps a record without an end whatever else comes and goes", async ({ store }) => {
    const past = Date.now() - HOUR;
    const old = { createdAt: past, updatedAt: past };
    const open = [
      sampleRecord({ ...old, state: "running" }),
      sampleRecord({ ...old, state: "settling" }),
      sampleRecord({ ...old, state: "settled" }),
      sampleRecord({ ...old, state: "unknown" }),
      sampleRecord({ ...old, state: "owed" }),
    ];
    for (const record of open) await store.insert(record, 0);
    for (let i = 0; i < 200; i++) {
      await store.insert(sampleRecord({ ...old, state: "released", expiresAt: past + 1 }), 0);
    }
    for (const record of open) await expectRecord(store, record);
  });

  check("drops a record that has ended as a whole, if it does", async ({ store }) => {
    const record = sampleRecord({ state: "released", expiresAt: Date.now() - HOUR });
    await store.insert(record, 0);
    for (let i = 0; i < 50; i++) await store.insert(sampleRecord(), LONG);
    const left = await store.read(record.id);
    if (left) expect(left.record).toStrictEqual(record);
    const again = sampleRecord({ id: record.id });
    if (await store.insert(again, LONG)) await expectRecord(store, again);
    expect(await store.list({ states: ["released"], order: "oldest", limit: 10 })).toHaveLength(
      (await store.read(record.id))?.record.state === "released" ? 1 : 0,
    );
  });

  check("keeps a record that had an end and has none any more", async ({ store }) => {
    // On a machine that stalls the record may be gone before it is replaced: then another is tried.
    for (let attempt = 1; ; attempt++) {
      const closed = sampleRecord({ state: "released", expiresAt: Date.now() + 500 * attempt });
      await store.insert(closed, 0);
      const { expiresAt: end = 0, ...rest } = closed;
      const reopened = nextRecord(rest, { state: "running" });
      if (!(await store.replace(reopened, 1, LONG, sampleAnswer()))) continue;
      while (Date.now() < end + 500) await new Promise((resolve) => setTimeout(resolve, 50));
      for (let i = 0; i < 20; i++) await store.insert(sampleRecord(), LONG);
      await expectRecord(store, reopened);
      expect(await store.answer(closed.id)).toBeDefined();
      expect(await store.list({ states: ["running"], order: "oldest", limit: 1 })).toHaveLength(1);
      return;
    }
  });
}

/** What goes in comes out. */
export function testRoundTrips({ check }: StoreBook): void {
  check("gives a record with every member back as it was", async ({ store }) => {
    const record = fullRecord();
    await store.insert(record, LONG);
    await expectRecord(store, record);
    const next = nextRecord(record, { state: "unknown" });
    await store.replace(next, 1, 0);
    await expectRecord(store, next);
    const [listed] = await store.list({ order: "newest", limit: 1 });
    expect(listed).toStrictEqual({ record: next, leased: false });
  });

  check("adds no member that a record did not have, and forgets those that it lost", async ({ store }) => {
    const { payload: _, expiresAt: __, receipt: ___, ...rest } = fullRecord();
    const full = fullRecord();
    await store.insert({ ...full, id: rest.id }, LONG);
    const bare = nextRecord(rest);
    await store.replace(bare, 1, LONG);
    await expectRecord(store, bare);
    const minimal = sampleRecord();
    await store.insert(minimal, LONG);
    await expectRecord(store, minimal);
  });

  check("keeps a record of a hundred kilobytes", async ({ store }) => {
    const record = sampleRecord({ offer: { ...sampleRecord().offer, extra: { long: "ü".repeat(50_000) } } });
    await store.insert(record, LONG);
    await expectRecord(store, record);
  });

  check("tells ids apart by every character", async ({ store }) => {
    const long = "x402:".padEnd(300, "0123456789");
    const ids = [
      "a:b#c",
      "a:b",
      "a",
      "A",
      "a ",
      " a",
      "a#0xabc",
      "a/b?c=d&e",
      "{a}:b",
      "a%",
      "a_",
      "a*",
      "a?",
      "a[b]",
      "a\\b",
      "a'b\"c`d",
      "a\nb",
      "a,b;c",
      "ü",
      "u\u0308",
      "東京🌍",
      "__proto__",
      "constructor",
      "0",
      "00",
      "-1",
      "null",
      long,
      `${long}1`,
    ];
    const records = ids.map((id) => sampleRecord({ id }));
    for (const record of records) expect(await store.insert(record, LONG)).toBe(true);
    for (const [i, record] of records.entries()) {
      await store.replace(nextRecord(record), 1, LONG, sampleAnswer({ headers: [["x-number", `${i}`]] }));
      expect(await store.renew(record.id, record.holder, LONG)).toBe(true);
      expect(await store.link(record.id, ids[i] as string, Date.now() + HOUR)).toBe(record.id);
    }
    for (const [i, record] of records.entries()) {
      await expectRecord(store, nextRecord(record));
      expect((await store.answer(record.id))?.headers).toEqual([["x-number", `${i}`]]);
      expect(await store.linked(record.id)).toBe(record.id);
    }
    expect(await store.list({ order: "newest", limit: 100 })).toHaveLength(ids.length);
  });
}
