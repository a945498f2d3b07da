import type { ListOrder, ListPosition, Store, StoredPayment, StoreQuery } from "@turnpike/core";
import { expect } from "vitest";
import type { StoreBook } from "../casebook.js";
import { eventually, expectRecord } from "../expectations.js";
import { HOUR, LONG, nextRecord, sampleRecord } from "../samples.js";

const DAY = 24 * HOUR;
/** Writes of a flood, which give a store occasion to drop what it may. */
const FLOOD = 300;

/** What was charged stays, and can be read page by page (G44). */
export function testBooks({ check }: StoreBook): void {
  check("G44 has a sale after 26 hours and after 399 days, and one that is kept for ever", async ({ store }) => {
    const now = Date.now();
    const yesterday = await sell(store, now - 26 * HOUR, now - 26 * HOUR + 400 * DAY);
    const lastYear = await sell(store, now - 399 * DAY, now + DAY);
    const forever = await sell(store, now - 5_000 * DAY, 8_640_000_000_000_000);
    await flood(store);
    for (const sale of [yesterday, lastYear, forever]) await expectRecord(store, sale);
    expect(await idsOf(store, { order: "charged", limit: 10 })).toEqual([forever.id, lastYear.id, yesterday.id]);
  });

  check("G44b drops a sale once its time is over", async ({ store }) => {
    const now = Date.now();
    const over = await sell(store, now - 401 * DAY, now - DAY);
    const kept = await sell(store, now - 399 * DAY, now + DAY);
    await eventually("the sale is gone", async () => {
      await flood(store, 20);
      return (await store.read(over.id)) === undefined;
    });
    expect(await idsOf(store, { order: "charged", limit: 10 })).toEqual([kept.id]);
  });

  check("G44c drops what came to nothing while sales stay", async ({ store }) => {
    const now = Date.now();
    const sale = await sell(store, now - 26 * HOUR, now + 399 * DAY);
    const junk = sampleRecord({ state: "released", createdAt: now - 26 * HOUR, expiresAt: now - HOUR });
    await store.insert(junk, 0);
    await eventually("the junk is gone", async () => {
      await flood(store, 20);
      return (await store.read(junk.id)) === undefined;
    });
    await expectRecord(store, sale);
  });

  check("lists what was charged by the time of the charge, and nothing else", async ({ store }) => {
    const now = Date.now();
    const second = await sell(store, now - 2 * HOUR, now + DAY, { createdAt: now - 9 * HOUR });
    const third = await sell(store, now - HOUR, now + DAY, { state: "owed" });
    const first = await sell(store, now - 3 * HOUR, now + DAY, { state: "refunded" });
    await store.insert(sampleRecord(), LONG);
    await store.insert(sampleRecord({ state: "failed", expiresAt: now + HOUR }), 0);
    expect(await idsOf(store, { order: "charged", limit: 10 })).toEqual([first.id, second.id, third.id]);
    const refunded = { states: ["refunded", "refunding"], order: "charged", limit: 10 } as const;
    expect(await idsOf(store, refunded)).toEqual([first.id]);
  });

  check("lists no more as charged what turns out not to be", async ({ store }) => {
    const now = Date.now();
    const sale = await sell(store, now - HOUR, now + DAY);
    const { chargedAt: _, ...rest } = nextRecord(sale);
    expect(await store.replace(rest, sale.version, 0)).toBe(true);
    expect(await idsOf(store, { order: "charged", limit: 10 })).toEqual([]);
    expect(await idsOf(store, { order: "newest", limit: 10 })).toEqual([sale.id]);
  });

  for (const order of ["newest", "oldest", "charged"] as const) {
    check(`reads the ${order} page by page: each once, also those of one moment`, async ({ store }) => {
      const base = Date.now() - HOUR;
      const records = await many(store, 60, (i) => timesOf(base + Math.floor(i / 7)));
      const pages: string[][] = [];
      for (let after: ListPosition | undefined; ; ) {
        const query: StoreQuery = { order, limit: 8, ...(after ? { after } : {}) };
        const found = (await store.list(query)).map(({ record }) => record);
        if (found.length === 0) break;
        pages.push(found.map(({ id }) => id));
        after = positionOf(found.at(-1) as StoredPayment, order);
      }
      expect(pages.map(({ length }) => length)).toEqual([8, 8, 8, 8, 8, 8, 8, 4]);
      expect(pages.flat()).toEqual(await idsOf(store, { order, limit: 100 }));
      expect(new Set(pages.flat())).toEqual(new Set(records.map(({ id }) => id)));
    });
  }

  check("goes on behind a record that is gone, and behind others that came meanwhile", async ({ store }) => {
    const base = Date.now() - HOUR;
    const records = await many(store, 6, (i) => timesOf(base + i));
    const newest = [...records].reverse().map(({ id }) => id);
    await many(store, 3, (i) => timesOf(base + 100 + i));
    const after = { time: base + 4, id: newest[1] as string };
    expect(await idsOf(store, { order: "newest", limit: 10, after })).toEqual(newest.slice(2));
    expect(await idsOf(store, { order: "newest", limit: 2, after: { time: base + 3, id: "" } })).toEqual(
      newest.slice(3, 5),
    );
    expect(await idsOf(store, { order: "newest", limit: 2, after: { time: base + 3, id: "~" } })).toEqual(
      newest.slice(2, 4),
    );
  });

  check("lists the payments of one payer, and of one route", async ({ store }) => {
    const base = Date.now() - HOUR;
    const payers = ["0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF", "0x6813Eb9362372EEF6200f3b1dbC3f819671cBA69"];
    const routes = ["GET /a", "GET /ü", "GET /a/b"];
    const records = await many(store, 60, (i) => ({
      ...timesOf(base + i),
      ...(i % 3 === 2 ? {} : { payer: payers[i % 3] as string }),
      route: routes[i % 5 === 0 ? 1 : 2] as string,
      state: i % 2 ? "delivered" : "owed",
    }));
    for (const order of ["newest", "oldest", "charged"] as const) {
      const all = order === "newest" ? [...records].reverse() : records;
      const those = (isWanted: (record: StoredPayment) => boolean) => all.filter(isWanted).map(({ id }) => id);
      const [payer, route] = [payers[1] as string, routes[1] as string];
      const list = (query: Partial<StoreQuery>) => idsOf(store, { order, limit: 100, ...query });
      expect(await list({ payer })).toEqual(those((record) => record.payer === payer));
      expect(await list({ route })).toEqual(those((record) => record.route === route));
      expect(await list({ payer, route })).toEqual(those((one) => one.route === route && one.payer === payer));
      const owed = { states: ["owed"], payer } as const;
      expect(await list(owed)).toEqual(those((one) => one.state === "owed" && one.payer === payer));
      expect(await list({ payer, limit: 3 })).toEqual(those((record) => record.payer === payer).slice(0, 3));
      expect(await list({ route: "GET /A" })).toEqual([]);
      expect(await list({ payer: payer.toLowerCase() })).toEqual([]);
    }
  });

  check("lists a span of time: its beginning is in it, its end is not", async ({ store }) => {
    const base = Date.now() - HOUR;
    const records = await many(store, 10, (i) => timesOf(base + i * 1_000));
    const some = records.slice(3, 7).map(({ id }) => id);
    const span = { from: base + 3_000, to: base + 7_000 };
    expect(await idsOf(store, { order: "oldest", limit: 100, ...span })).toEqual(some);
    expect(await idsOf(store, { order: "charged", limit: 100, ...span })).toEqual(some);
    expect(await idsOf(store, { order: "newest", limit: 100, ...span })).toEqual([...some].reverse());
    expect(await idsOf(store, { order: "charged", limit: 2, ...span })).toEqual(some.slice(0, 2));
    expect(await idsOf(store, { order: "charged", limit: 9, from: base + 60_000 })).toEqual([]);
  });

  check("finds what is rare among many", async ({ store }) => {
    const base = Date.now() - HOUR;
    const records = await many(store, 1_500, (i) => ({
      ...timesOf(base + i),
      ...(i % 500 === 7 ? { payer: "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF" } : {}),
      route: i % 500 === 9 ? "GET /rare" : "GET /usual",
    }));
    const rare = records.filter((_, i) => i % 500 === 9).map(({ id }) => id);
    const payers = records.filter((_, i) => i % 500 === 7).map(({ id }) => id);
    const payer = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";
    expect(await idsOf(store, { order: "charged", limit: 10, route: "GET /rare" })).toEqual(rare);
    expect(await idsOf(store, { order: "newest", limit: 10, route: "GET /rare" })).toEqual([...rare].reverse());
    expect(await idsOf(store, { order: "newest", limit: 2, payer })).toEqual([...payers].reverse().slice(0, 2));
    expect(await idsOf(store, { order: "charged", limit: 10, payer, states: ["delivered"] })).toEqual(payers);
  });
}

const timesOf = (time: number) => ({ createdAt: time, updatedAt: time, chargedAt: time, expiresAt: time + 400 * DAY });

const positionOf = (record: StoredPayment, order: ListOrder): ListPosition => ({
  id: record.id,
  time: (order === "newest" ? record.createdAt : order === "oldest" ? record.updatedAt : record.chargedAt) ?? 0,
});

async function idsOf(store: Store, query: StoreQuery): Promise<string[]> {
  return (await store.list(query)).map(({ record }) => record.id);
}

/** A sale as the engine leaves it: in progress first. */
async function sell(
  store: Store,
  chargedAt: number,
  expiresAt: number,
  members: Partial<StoredPayment> = {},
): Promise<StoredPayment> {
  const record = sampleRecord({ createdAt: chargedAt, updatedAt: chargedAt, ...members, state: "running" });
  await store.insert(record, LONG);
  const sold = nextRecord(record, { state: "delivered", chargedAt, expiresAt, ...members });
  await store.replace(sold, record.version, 0);
  return sold;
}

/** Delivered records, made a few at a time. */
async function many(
  store: Store,
  count: number,
  members: (i: number) => Partial<StoredPayment>,
): Promise<StoredPayment[]> {
  const records = Array.from({ length: count }, (_, i) => sampleRecord({ state: "delivered", ...members(i) }));
  for (let i = 0; i < count; i += 50) {
    await Promise.all(records.slice(i, i + 50).map(async (record) => store.insert(record, 0)));
  }
  return records;
}

async function flood(store: Store, count = FLOOD): Promise<void> {
  await many(store, count, () => ({ state: "released", expiresAt: Date.now() + HOUR }));
}
