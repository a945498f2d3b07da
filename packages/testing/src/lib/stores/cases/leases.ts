import { expect } from "vitest";
import type { StoreBook } from "../casebook.js";
import { eventually, expectRecord, isLeased } from "../expectations.js";
import { LONG, nextRecord, SHORT, sampleRecord } from "../samples.js";

/** Which process works on a record, and until when. */
export function testLeases({ check }: StoreBook): void {
  check("leases a record that is inserted", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, LONG);
    expect(await isLeased(store, record.id)).toBe(true);
    expect(await store.list({ order: "newest", limit: 1 })).toEqual([{ record, leased: true }]);
  });

  check("lets a lease run out by itself, and no other with it", async ({ store }) => {
    const short = sampleRecord();
    const long = sampleRecord();
    await store.insert(long, LONG);
    await store.insert(short, SHORT);
    await eventually("the lease ran out", async () => !(await isLeased(store, short.id)));
    await expectRecord(store, short);
    expect(await isLeased(store, long.id)).toBe(true);
  });

  check("extends a lease for its holder", async ({ store }) => {
    const renewed = sampleRecord();
    const left = sampleRecord();
    await store.insert(renewed, SHORT);
    expect(await store.renew(renewed.id, renewed.holder, LONG)).toBe(true);
    await store.insert(left, SHORT);
    await eventually("the other lease ran out", async () => !(await isLeased(store, left.id)));
    expect(await isLeased(store, renewed.id)).toBe(true);
  });

  check("extends a lease again that has run out, if the holder is still the same", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, SHORT);
    await eventually("the lease ran out", async () => !(await isLeased(store, record.id)));
    expect(await store.renew(record.id, record.holder, LONG)).toBe(true);
    expect(await isLeased(store, record.id)).toBe(true);
  });

  check("gives a lease to the holder of a record that has none", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, LONG);
    const unknown = nextRecord(record, { state: "unknown" });
    await store.replace(unknown, 1, 0);
    expect(await store.renew(record.id, record.holder, LONG)).toBe(true);
    expect(await isLeased(store, record.id)).toBe(true);
    await expectRecord(store, unknown);
  });

  check("changes nothing else with a lease", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, SHORT);
    await store.renew(record.id, record.holder, LONG);
    await expectRecord(store, record);
    expect(await store.replace(nextRecord(record), 1, LONG)).toBe(true);
  });

  check("refuses the lease to another than the holder", async ({ store }) => {
    const record = sampleRecord();
    const other = sampleRecord();
    await store.insert(record, SHORT);
    expect(await store.renew(record.id, other.holder, LONG)).toBe(false);
    expect(await store.renew(record.id, "", LONG)).toBe(false);
    await eventually("the lease ran out", async () => !(await isLeased(store, record.id)));
    expect(await store.renew(record.id, other.holder, LONG)).toBe(false);
    expect(await isLeased(store, record.id)).toBe(false);
    await expectRecord(store, record);
  });

  check("does not end a lease for another than its holder", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, LONG);
    expect(await store.renew(record.id, sampleRecord().holder, 0)).toBe(false);
    expect(await isLeased(store, record.id)).toBe(true);
  });

  check("passes the lease on with the record", async ({ store }) => {
    const first = sampleRecord();
    await store.insert(first, SHORT);
    const second = nextRecord(first, { holder: sampleRecord().holder });
    expect(await store.replace(second, 1, LONG)).toBe(true);
    expect(await isLeased(store, first.id)).toBe(true);
    expect(await store.renew(first.id, first.holder, LONG)).toBe(false);
    expect(await store.renew(first.id, second.holder, LONG)).toBe(true);
  });

  check("ends a lease with a replacement that wants none", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, LONG);
    await store.replace(nextRecord(record, { state: "released" }), 1, 0);
    expect(await isLeased(store, record.id)).toBe(false);
  });

  check("leases a record anew that had lost its lease", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, 0);
    expect(await isLeased(store, record.id)).toBe(false);
    await store.replace(nextRecord(record), 1, LONG);
    expect(await isLeased(store, record.id)).toBe(true);
  });

  check("keeps the lease when a replacement fails", async ({ store }) => {
    const record = sampleRecord();
    await store.insert(record, LONG);
    expect(await store.replace(nextRecord(record), 2, 0)).toBe(false);
    expect(await isLeased(store, record.id)).toBe(true);
  });

  check("never lets a former holder shorten the lease of the one that took over", async ({ clients }) => {
    const stores = await clients();
    for (let round = 0; round < 20; round++) {
      const first = sampleRecord();
      await stores[0]?.insert(first, LONG);
      const second = nextRecord(first, { holder: sampleRecord().holder });
      const renewals = Array.from({ length: 6 }, async (_, i) =>
        stores[(i + 1) % stores.length]?.renew(first.id, first.holder, 1),
      );
      const [replaced] = await Promise.all([stores[0]?.replace(second, 1, LONG), ...renewals]);
      expect(replaced).toBe(true);
      // Longer than the lease that a late renewal would leave.
      await new Promise((resolve) => setTimeout(resolve, 5));
      for (const store of stores) {
        await expectRecord(store, second);
        expect(await isLeased(store, first.id)).toBe(true);
      }
    }
  });
}
