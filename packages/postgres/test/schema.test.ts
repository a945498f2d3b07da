import { randomBytes } from "node:crypto";
import { StoreError } from "@turnpike/core";
import { afterEach, beforeEach, expect, it } from "vitest";
import { postgresSchema } from "../src/index.js";
import { failureOf, LONG, nextRecord, sampleAnswer, sampleRecord } from "./samples.js";
import { describeWithPostgres } from "./service.js";
import { driverNames, openStage, type Stage } from "./stage.js";

describeWithPostgres("how the tables come to be", () => {
  let stage: Stage;
  beforeEach(() => {
    stage = openStage();
  });
  afterEach(() => stage.close());

  const codeOf = async (operation: unknown) => {
    const error = await failureOf(operation);
    expect(error).toBeInstanceOf(StoreError);
    return (error as StoreError).code;
  };
  const setVersion = (version: number) => stage.admin.query(`UPDATE "${stage.schema}".meta SET version = ${version}`);
  const readVersion = async () => (await stage.admin.query(`SELECT version FROM "${stage.schema}".meta`)).rows;

  /** What the catalogue knows of the schema's tables and indexes. */
  const describeTables = async () => {
    const columns = await stage.admin.query(
      `SELECT table_name, column_name, data_type, collation_name, is_nullable, column_default
       FROM information_schema.columns WHERE table_schema = $1 ORDER BY 1, ordinal_position`,
      [stage.schema],
    );
    const indexes = await stage.admin.query(
      "SELECT indexdef FROM pg_indexes WHERE schemaname = $1 ORDER BY indexname",
      [stage.schema],
    );
    return { columns: columns.rows, indexes: indexes.rows };
  };

  it("makes them once when twenty processes begin at the same time", async () => {
    const stores = Array.from({ length: 20 }, (_, i) => stage.store(i % 2 ? "pg" : "postgres", {}, { max: 1 }));
    const { id } = sampleRecord();
    const claims = await Promise.all(stores.map((store) => store.insert(sampleRecord({ id }), LONG)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await readVersion()).toEqual([{ version: 2 }]);
  });

  it("makes them once when twenty processes begin in full isolation", async () => {
    const settings = { default_transaction_isolation: "serializable" };
    const stores = Array.from({ length: 20 }, (_, i) =>
      stage.store(i % 2 ? "pg" : "postgres", {}, { max: 1, settings }),
    );
    const { id } = sampleRecord();
    const claims = await Promise.all(stores.map((store) => store.insert(sampleRecord({ id }), LONG)));
    expect(claims.filter(Boolean)).toHaveLength(1);
    expect(await readVersion()).toEqual([{ version: 2 }]);
  });

  it("makes what postgresSchema() makes", async () => {
    await stage.store("pg").read("nothing");
    const own = await describeTables();
    expect(own.columns.length).toBeGreaterThan(10);
    await stage.admin.query(`DROP SCHEMA "${stage.schema}" CASCADE`);
    await stage.admin.query(postgresSchema(stage.schema));
    expect(await describeTables()).toEqual(own);
  });

  it("lets postgresSchema() run again over what is there", async () => {
    const store = stage.store("pg");
    const record = sampleRecord();
    await store.insert(record, LONG);
    await stage.admin.query(postgresSchema(stage.schema));
    expect((await store.read(record.id))?.record).toEqual(record);
    expect(await readVersion()).toEqual([{ version: 2 }]);
  });

  it("refuses tables of a later version, and changes nothing of them", async () => {
    await stage.store("pg").insert(sampleRecord(), LONG);
    await setVersion(3);
    for (const driver of driverNames) {
      const store = stage.store(driver);
      expect(await codeOf(store.insert(sampleRecord(), LONG))).toBe("store_too_new");
      expect(await codeOf(store.list({ order: "newest", limit: 1 }))).toBe("store_too_new");
    }
    await stage.admin.query(postgresSchema(stage.schema));
    expect(await readVersion()).toEqual([{ version: 3 }]);
    expect((await stage.admin.query(`SELECT FROM "${stage.schema}".payments`)).rowCount).toBe(1);
  });

  it("brings tables of an earlier version up to its own", async () => {
    const record = sampleRecord();
    await stage.store("pg").insert(record, LONG);
    await setVersion(0);
    expect((await stage.store("postgres").read(record.id))?.record).toEqual(record);
    expect(await readVersion()).toEqual([{ version: 2 }]);
  });

  it("looks again after a refusal, without a restart", async () => {
    await stage.admin.query(postgresSchema(stage.schema));
    await setVersion(3);
    const store = stage.store("pg");
    expect(await codeOf(store.read("x"))).toBe("store_too_new");
    await setVersion(2);
    expect(await store.read("x")).toBeUndefined();
  });

  it("keeps ledgers in several schemas apart, over one pool", async () => {
    const other = `${stage.schema}-Other`;
    try {
      for (const driver of driverNames) {
        const { client } = stage.open(driver, { max: 1 });
        const [first, second] = [stage.over(client), stage.over(client, { schema: other })];
        const record = sampleRecord();
        expect(await first.insert(record, LONG)).toBe(true);
        expect(await second.read(record.id)).toBeUndefined();
        expect(await second.insert({ ...record, route: "GET /other" }, LONG)).toBe(true);
        expect((await first.read(record.id))?.record.route).toBe("GET /weather");
      }
    } finally {
      await stage.admin.query(`DROP SCHEMA IF EXISTS "${other}" CASCADE`);
    }
  });

  it("refuses connections whose commits may be lost, unless that is wanted", async () => {
    for (const driver of driverNames) {
      const { client } = stage.open(driver, { settings: { synchronous_commit: "off" } });
      expect(await codeOf(stage.over(client).insert(sampleRecord(), LONG))).toBe("store_not_durable");
      expect(await stage.over(client, { allowAsyncCommit: true }).insert(sampleRecord(), LONG)).toBe(true);
    }
  });

  it("prepares its statements, or none of them", async () => {
    for (const driver of driverNames) {
      for (const prepare of [true, false]) {
        const { client } = stage.open(driver, { max: 1 });
        const store = stage.over(client, { prepare });
        const record = sampleRecord();
        await store.insert(record, LONG);
        await store.replace(nextRecord(record), 1, LONG, sampleAnswer());
        expect((await store.answer(record.id))?.status).toBe(200);
        const count = "SELECT count(*)::int AS count FROM pg_prepared_statements WHERE NOT from_sql";
        const rows = await ("unsafe" in client
          ? (client as unknown as { unsafe(text: string): Promise<unknown> }).unsafe(count)
          : (client as unknown as { query(text: string): Promise<{ rows: unknown }> })
              .query(count)
              .then((r) => r.rows));
        const own = (rows as { count: number }[])[0]?.count ?? 0;
        if (prepare) expect(own).toBeGreaterThanOrEqual(3);
        // `postgres` itself prepares one for what it wants to know of types.
        else expect(own).toBeLessThanOrEqual(driver === "pg" ? 0 : 1);
      }
    }
  });

  it("works for a role that may only read and write, once the tables are there", async () => {
    await withRole(stage, async (user) => {
      for (const driver of driverNames) {
        expect(await codeOf(stage.store(driver, {}, { user }).read("x"))).toBe("store_not_prepared");
      }
      await stage.admin.query(`${postgresSchema(stage.schema)};
        GRANT USAGE ON SCHEMA "${stage.schema}" TO ${user};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "${stage.schema}" TO ${user}`);
      for (const driver of driverNames) {
        const store = stage.store(driver, {}, { user });
        const record = sampleRecord();
        expect(await store.insert(record, LONG)).toBe(true);
        expect(await store.replace(nextRecord(record), 1, 0, sampleAnswer())).toBe(true);
        expect((await store.answer(record.id))?.status).toBe(200);
        expect(await store.link(`key of ${driver}`, record.id, Date.now() + LONG)).toBe(record.id);
        expect(await store.list({ order: "newest", limit: 1 })).toHaveLength(1);
      }
    });
  });

  it("makes the tables in a schema that was made for the role", async () => {
    await withRole(stage, async (user) => {
      await stage.admin.query(`CREATE SCHEMA "${stage.schema}" AUTHORIZATION ${user}`);
      const record = sampleRecord();
      const store = stage.store("pg", {}, { user });
      expect(await store.insert(record, LONG)).toBe(true);
      expect((await store.read(record.id))?.record).toEqual(record);
    });
  });
});

/** A role without rights, for as long as the cases take. */
async function withRole(stage: Stage, cases: (user: string) => Promise<void>): Promise<void> {
  const user = `turnpike_test_${randomBytes(6).toString("hex")}`;
  await stage.admin.query(`CREATE ROLE ${user} LOGIN`);
  try {
    await cases(user);
  } finally {
    await stage.admin.query(
      `DROP SCHEMA IF EXISTS "${stage.schema}" CASCADE; DROP OWNED BY ${user}; DROP ROLE ${user}`,
    );
  }
}
