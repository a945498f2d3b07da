import type { StoredPayment } from "@turnpike/core";
import { Client } from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import { expectUpgraded } from "../../testing/test/expect-upgraded.js";
import { firstVersion } from "../../testing/test/first-version.js";
import { postgresSchema } from "../src/index.js";
import { eventually, HOUR, LONG, sampleRecord } from "./samples.js";
import { address, describeWithPostgres } from "./service.js";
import { driverNames, openStage, type Stage } from "./stage.js";

/** As the first version made them. */
const tables = (schema: string) => `CREATE SCHEMA ${schema};
CREATE TABLE ${schema}.meta (one boolean PRIMARY KEY DEFAULT true CHECK (one), version integer NOT NULL);
CREATE TABLE ${schema}.payments (
  id text COLLATE "C" PRIMARY KEY, version bigint NOT NULL, state text COLLATE "C" NOT NULL,
  holder text COLLATE "C" NOT NULL, leased_until timestamptz NOT NULL, created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL, expires_at timestamptz, record json NOT NULL
);
CREATE INDEX payments_by_state ON ${schema}.payments (state, updated_at);
CREATE INDEX payments_by_creation ON ${schema}.payments (created_at);
CREATE INDEX payments_by_expiry ON ${schema}.payments (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE ${schema}.answers (
  id text COLLATE "C" PRIMARY KEY REFERENCES ${schema}.payments ON DELETE CASCADE, head json NOT NULL, body bytea NOT NULL,
  bytes bigint NOT NULL, kept_at timestamptz NOT NULL, expires_at timestamptz NOT NULL
);
CREATE INDEX answers_by_age ON ${schema}.answers (kept_at) INCLUDE (bytes);
CREATE INDEX answers_by_expiry ON ${schema}.answers (expires_at);
CREATE TABLE ${schema}.links (key text COLLATE "C" PRIMARY KEY, id text COLLATE "C" NOT NULL, expires_at timestamptz NOT NULL);
CREATE INDEX links_by_expiry ON ${schema}.links (expires_at);
INSERT INTO ${schema}.meta (version) VALUES (1);`;

describeWithPostgres("tables of the first version", () => {
  let stage: Stage;
  beforeEach(() => {
    stage = openStage();
  });
  afterEach(() => stage.close());

  const ascii = (text: string) =>
    text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const write = (record: StoredPayment) => {
    const { id, version, state, holder, createdAt, updatedAt, expiresAt } = record;
    const times = [createdAt, updatedAt, expiresAt].map((time) => (time === undefined ? null : time / 1000));
    return stage.admin.query(
      `INSERT INTO "${stage.schema}".payments
        (id, version, state, holder, leased_until, created_at, updated_at, expires_at, record)
       VALUES ($1, $2, $3, $4, '-infinity', to_timestamp($5), to_timestamp($6), to_timestamp($7), $8)`,
      [id, version, state, holder, ...times, ascii(JSON.stringify(record))],
    );
  };
  const make = async (records: readonly StoredPayment[]) => {
    await stage.admin.query(tables(`"${stage.schema}"`));
    for (const record of records) await write(record);
  };
  const inBooks = async () => (await stage.store("pg").list({ order: "charged", limit: 5_000 })).length;

  for (const driver of driverNames) {
    it(`have their sales in the books, over ${driver}, and nothing else has changed`, async () => {
      const first = firstVersion();
      await make(first.records);
      await expectUpgraded(stage.store(driver), first);
      await stage.admin.query(postgresSchema(stage.schema));
      await expectUpgraded(stage.store(driver), first);
    });
  }

  it("are brought over by postgresSchema(), also where strings are written as of old", async () => {
    const first = firstVersion();
    await make(first.records);
    const client = new Client({ ...address, options: "-c standard_conforming_strings=off" });
    await client.connect();
    await client.query(postgresSchema(stage.schema));
    await client.end();
    await expectUpgraded(stage.store("pg"), first);
  });

  it("are brought over once by twenty processes that begin at the same time", async () => {
    const first = firstVersion();
    await make(first.records);
    const stores = Array.from({ length: 20 }, (_, i) => stage.store(i % 2 ? "pg" : "postgres", {}, { max: 1 }));
    await Promise.all(stores.map((store) => store.insert(sampleRecord({ state: "running" }), LONG)));
    expect(await inBooks()).toBe(3);
  });

  it("say so while the change goes on, and serve once it is done", async () => {
    const first = firstVersion();
    await make(first.records);
    // Whoever reads a table keeps it from being changed, as many records do by the time that they take.
    const reader = new Client(address);
    await reader.connect();
    await reader.query(`BEGIN; SELECT count(*) FROM "${stage.schema}".payments`);
    const settings = { statement_timeout: "300", lock_timeout: "300" };
    const store = stage.store("pg", { timeout: 500 }, { settings });
    for (let i = 0; i < 4; i++) {
      await expect(store.read("x")).rejects.toMatchObject({ name: "StoreError", code: "store_migrating" });
    }
    await reader.query("ROLLBACK");
    await reader.end();
    await eventually("it serves", async () => {
      try {
        await store.read("x");
        return true;
      } catch {
        return false;
      }
    });
    await expectUpgraded(stage.store("pg"), first);
  });

  it("are noticed when a process of the first version goes on writing: sales are in the books, and are not dropped", async () => {
    const first = firstVersion();
    await make(first.records);
    const store = stage.store("pg");
    await store.read("x");
    const [sale] = first.records as [StoredPayment];
    const over = { ...sale, id: "late sale", expiresAt: Date.now() - HOUR };
    await write(over);
    // It knows nothing of the newer columns when it changes a record either.
    const running = sampleRecord();
    await store.insert(running, LONG);
    const delivered = { ...sale, id: running.id, version: 2 };
    await stage.admin.query(
      `UPDATE "${stage.schema}".payments SET version = 2, state = 'delivered', record = $2 WHERE id = $1`,
      [running.id, ascii(JSON.stringify(delivered))],
    );
    for (let i = 0; i < 100; i++) await store.insert(sampleRecord(), LONG);
    await eventually("they are in the books", async () => (await inBooks()) === 5);
    expect((await store.read(over.id))?.record.expiresAt).toBeGreaterThan(Date.now() + 399 * 24 * HOUR);
  });

  it("take no longer than a statement may for what is rare among many", async () => {
    const store = stage.store("pg");
    await store.read("x");
    await stage.admin.query(
      `INSERT INTO "${stage.schema}".payments
        (id, version, state, holder, leased_until, created_at, updated_at, charged_at, noted, route, record)
       SELECT 'sale ' || i, 1, 'delivered', 'h', '-infinity', to_timestamp(i), to_timestamp(i), to_timestamp(i), 1,
         CASE WHEN i = 7 THEN 'GET /rare' ELSE 'GET /usual' END,
         json_build_object('id', 'sale ' || i, 'createdAt', i * 1000, 'updatedAt', i * 1000, 'chargedAt', i * 1000, 'state', 'delivered')
       FROM generate_series(1, 9000) AS i`,
    );
    for (const order of ["newest", "oldest", "charged"] as const) {
      const found = await store.list({ order, route: "GET /rare", limit: 2 });
      expect(found.map(({ record }) => record.id)).toEqual(["sale 7"]);
      expect(await store.list({ order, limit: 8_500 })).toHaveLength(8_500);
      expect(await store.list({ order, states: ["delivered"], limit: 8_500 })).toHaveLength(8_500);
    }
    await store.insert(sampleRecord({ state: "owed", id: "owed", createdAt: 3_500, updatedAt: 3_500 }), 0);
    const owed = await store.list({ order: "newest", states: ["owed", "refunding"], limit: 5 });
    expect(owed.map(({ record }) => record.id)).toEqual(["owed"]);
  });
});
