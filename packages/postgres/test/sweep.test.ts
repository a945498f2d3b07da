import type { Store } from "@turnpike/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { eventually, HOUR, LONG, nextRecord, sampleAnswer, sampleRecord } from "./samples.js";
import { describeWithPostgres } from "./service.js";
import { openStage, type Stage } from "./stage.js";

describeWithPostgres("what is dropped", () => {
  let stage: Stage;
  beforeEach(() => {
    stage = openStage();
  });
  afterEach(() => stage.close());

  const count = async (table: string, where = "true") => {
    const { rows } = await stage.admin.query(
      `SELECT count(*)::int AS n FROM "${stage.schema}".${table} WHERE ${where}`,
    );
    return (rows[0] as { n: number }).n;
  };

  const insertMany = async (store: Store, number: number) => {
    for (let i = 0; i < number; i += 20) {
      await Promise.all(Array.from({ length: 20 }, () => store.insert(sampleRecord(), LONG)));
    }
  };

  it("drops records that have ended with their answers, and nothing that is open", async () => {
    const store = stage.store("pg");
    const ended = { state: "delivered", expiresAt: Date.now() - HOUR } as const;
    const records = Array.from({ length: 30 }, () => sampleRecord());
    for (const record of records) {
      await store.insert(record, LONG);
      await store.replace(nextRecord(record, ended), 1, 0, sampleAnswer());
    }
    const open = sampleRecord({ state: "owed", createdAt: 1, updatedAt: 1 });
    await store.insert(open, 0);
    const later = sampleRecord();
    await store.insert(later, LONG);
    await store.replace(nextRecord(later, { state: "delivered", expiresAt: Date.now() + HOUR }), 1, 0, sampleAnswer());
    await insertMany(store, 80);
    await eventually("what has ended was dropped", async () => (await count("payments", "expires_at < now()")) === 0);
    expect(await store.read(records[0]?.id ?? "")).toBeUndefined();
    expect((await store.read(open.id))?.record).toEqual(open);
    expect(await store.answer(later.id)).toBeDefined();
    expect(await count("answers")).toBe(1);
  });

  it("drops links and answers whose time is over, and keeps the records", async () => {
    const store = stage.store("postgres");
    const record = sampleRecord();
    await store.insert(record, LONG);
    await store.replace(nextRecord(record), 1, LONG, sampleAnswer({ expiresAt: Date.now() - 1 }));
    for (let i = 0; i < 5; i++) await store.link(`old ${i}`, record.id, Date.now() - 1);
    await store.link("new", record.id, Date.now() + HOUR);
    await insertMany(store, 80);
    await eventually("they were dropped", async () => (await count("links")) === 1 && (await count("answers")) === 0);
    expect(await store.linked("new")).toBe(record.id);
    expect((await store.read(record.id))?.record.version).toBe(2);
  });

  it("catches up with more than one sweep can drop", async () => {
    const store = stage.store("pg");
    await store.read("x");
    await stage.admin.query(
      `INSERT INTO "${stage.schema}".links SELECT 'old ' || i, 'x', now() - interval '1 hour' FROM generate_series(1, 350) i`,
    );
    await eventually("all were dropped", async () => {
      await store.insert(sampleRecord(), LONG);
      return (await count("links")) === 0;
    });
    // A hundred at the 64th insertion, and from then on at every eighth: not at every 64th, which would take 256.
    const inserted = await count("payments");
    expect(inserted).toBeGreaterThanOrEqual(64);
    expect(inserted).toBeLessThan(256);
  });

  it("drops the oldest answers beyond the room for them, and keeps their records", async () => {
    const store = stage.store("pg", { answerBytes: 10_000 });
    const records = Array.from({ length: 25 }, () => sampleRecord());
    for (const record of records) {
      await store.insert(record, LONG);
      await store.replace(nextRecord(record), 1, LONG, sampleAnswer({ body: new Uint8Array(1_000) }));
    }
    const last = sampleRecord();
    await store.insert(last, LONG);
    await eventually("the answers fit", async () => {
      const kept = (await store.read(last.id))?.record ?? last;
      await store.replace(nextRecord(kept), kept.version, LONG, sampleAnswer({ body: new Uint8Array(1_000) }));
      return (await count("answers")) <= 11;
    });
    expect(await count("payments")).toBe(26);
    expect(await store.answer(records[0]?.id ?? "")).toBeUndefined();
    expect((await store.answer(records[24]?.id ?? ""))?.body.byteLength).toBe(1_000);
    expect((await store.answer(last.id))?.body.byteLength).toBe(1_000);
    expect(await count("answers")).toBeGreaterThanOrEqual(9);
  });

  it("keeps an insertion whose sweep fails", async () => {
    const store = stage.store("pg");
    await store.read("x");
    await stage.admin.query(`DROP TABLE "${stage.schema}".links`);
    const records = Array.from({ length: 130 }, () => sampleRecord());
    for (const record of records) expect(await store.insert(record, LONG)).toBe(true);
    expect(await count("payments")).toBe(130);
  });
});
