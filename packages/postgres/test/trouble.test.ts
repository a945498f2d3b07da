import { inspect } from "node:util";
import { type Store, StoreError } from "@turnpike/core";
import { Client, type Pool } from "pg";
import type { Sql } from "postgres";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openRelay, type Relay } from "./relay.js";
import { eventually, failureOf, LONG, nextRecord, sampleAnswer, sampleRecord } from "./samples.js";
import { address, describeWithPostgres } from "./service.js";
import { driverNames, openStage, type Stage } from "./stage.js";

describeWithPostgres("when something goes wrong", () => {
  let stage: Stage;
  let relay: Relay;
  beforeEach(async () => {
    stage = openStage();
    relay = await openRelay();
  });
  afterEach(async () => {
    await relay.close();
    await stage.close();
  });

  const codeOf = async (operation: unknown) => {
    const error = await failureOf(operation);
    expect(error).toBeInstanceOf(StoreError);
    return (error as StoreError).code;
  };

  /** Keeps everybody else from changing a record, until it is told to stop. */
  const lock = async (id: string) => {
    const client = new Client({ ...address });
    await client.connect();
    await client.query("BEGIN");
    await client.query(`SELECT FROM "${stage.schema}".payments WHERE id = $1 FOR UPDATE`, [id]);
    return async () => {
      await client.query("ROLLBACK");
      await client.end();
    };
  };

  const ours = "FROM pg_stat_activity WHERE application_name = $1";
  const isWaiting = async () =>
    ((await stage.admin.query(`SELECT ${ours} AND wait_event_type = 'Lock'`, [stage.application])).rowCount ?? 0) > 0;

  for (const driver of driverNames) {
    it(`rejects the operation whose connection is cut, and goes on with the next (${driver})`, async () => {
      const store = stage.store(driver);
      const record = sampleRecord();
      await store.insert(record, LONG);
      const unlock = await lock(record.id);
      const next = nextRecord(record, { state: "settling" });
      const failure = failureOf(store.replace(next, 1, LONG, sampleAnswer()));
      await eventually("the operation waits", isWaiting);
      await stage.admin.query(`SELECT pg_terminate_backend(pid) ${ours} AND pid <> pg_backend_pid()`, [
        stage.application,
      ]);
      expect(await failure).toMatchObject({ name: "StoreError", code: "store_unavailable" });
      await unlock();
      expect((await store.read(record.id))?.record).toEqual(record);
      expect(await store.answer(record.id)).toBeUndefined();
      expect(await store.replace(next, 1, LONG)).toBe(true);
      const open = `SELECT ${ours} AND state LIKE 'idle in transaction%'`;
      expect((await stage.admin.query(open, [stage.application])).rowCount).toBe(0);
    });

    it(`gives up when nothing comes back, and goes on once something does (${driver})`, async () => {
      const { client } = stage.open(driver, { port: relay.port });
      const record = sampleRecord();
      expect(await stage.over(client).insert(record, LONG)).toBe(true);
      const hasty = stage.over(client, { timeout: 150 });
      relay.freeze();
      expect(await codeOf(hasty.read(record.id))).toBe("store_timeout");
      relay.thaw();
      expect((await stage.over(client).read(record.id))?.record).toEqual(record);
    });

    it(`gives up when the app uses every connection itself (${driver})`, async () => {
      const { client } = stage.open(driver, { max: 1 });
      const [patient, hasty] = [stage.over(client), stage.over(client, { timeout: 150 })];
      await patient.read("x");
      await eventually("the hasty one is prepared", () => answers(hasty));
      const give = await takeConnection(client);
      const record = sampleRecord();
      expect(await codeOf(hasty.insert(record, LONG))).toBe("store_timeout");
      give();
      const claim = await patient.insert(record, LONG);
      // `postgres` cannot take a statement back: it may still have been sent, and then it was first.
      if (driver === "pg") expect(claim).toBe(true);
      expect((await patient.read(record.id))?.record).toEqual(record);
    });

    it(`says what happened without the payment in it (${driver})`, async () => {
      const store = stage.store(driver);
      const record = withSignature();
      await store.insert(record, LONG);
      const breakings = {
        "a rule that the record breaks": `ALTER TABLE "${stage.schema}".payments ADD CHECK (version < 2)`,
        "a table that is gone": `DROP TABLE "${stage.schema}".payments CASCADE`,
      };
      for (const breaking of Object.values(breakings)) {
        await stage.admin.query(breaking);
        const error = await failureOf(store.replace(nextRecord(record), 1, LONG, sampleAnswer()));
        expect(error).toMatchObject({ code: "store_unavailable" });
        const everything = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error);
        expect(everything).toMatch(/23514|42P01/);
        expect(everything).not.toContain(SIGNATURE);
        expect(everything).not.toContain(record.id);
      }
    });
  }

  it("writes nothing inside a transaction of the app's", async () => {
    const client = new Client({ ...address });
    await client.connect();
    try {
      const store = stage.over(client);
      const record = sampleRecord();
      await store.read("x");
      await client.query("BEGIN");
      expect(await codeOf(store.insert(record, LONG))).toBe("store_in_transaction");
      await client.query("ROLLBACK");
      expect(await store.insert(record, LONG)).toBe(true);
    } finally {
      await client.end();
    }
  });

  it("does not use a connection that the app gave back inside a transaction", async () => {
    const { client } = stage.open("pg", { max: 1 });
    const store = stage.over(client);
    await store.read("x");
    const borrowed = await (client as Pool).connect();
    await borrowed.query("BEGIN");
    borrowed.release();
    const record = sampleRecord();
    expect(await codeOf(store.insert(record, LONG))).toBe("store_in_transaction");
    expect(await store.insert(record, LONG)).toBe(true);
    const { rowCount } = await stage.admin.query(`SELECT FROM "${stage.schema}".payments`);
    expect(rowCount).toBe(1);
  });

  it("keeps the connection of a claim that has to be repeated", async () => {
    const settings = { default_transaction_isolation: "serializable" };
    const { client } = stage.open("pg", { max: 1, settings });
    const store: Store = stage.over(client);
    const record = sampleRecord();
    await store.insert(record, LONG);
    const pidOf = async () => (await (client as Pool).query("SELECT pg_backend_pid() AS pid")).rows[0];
    const before = await pidOf();
    const other = new Client({ ...address });
    await other.connect();
    await other.query("BEGIN");
    await other.query(`UPDATE "${stage.schema}".payments SET holder = 'another' WHERE id = $1`, [record.id]);
    // It waits for the other, fails when that commits, and finds the other's holder when it comes again.
    const renewed = store.renew(record.id, record.holder, LONG);
    await eventually("the operation waits", isWaiting);
    await other.query("COMMIT");
    await other.end();
    expect(await renewed).toBe(false);
    expect(await pidOf()).toEqual(before);
  });
});

async function answers(store: Store): Promise<boolean> {
  try {
    await store.read("x");
    return true;
  } catch {
    return false;
  }
}

/** Takes the only connection of a pool; gives it back when called. */
async function takeConnection(client: unknown): Promise<() => void> {
  if (typeof client === "function") {
    const reserved = await (client as Sql).reserve();
    return () => reserved.release();
  }
  const borrowed = await (client as Pool).connect();
  return () => borrowed.release();
}

const SIGNATURE = `0x${"5e".repeat(65)}`;

function withSignature() {
  const { offer } = sampleRecord();
  return sampleRecord({
    payload: {
      x402Version: 2,
      resource: { url: "https://shop.test/weather" },
      accepted: offer,
      payload: { signature: SIGNATURE },
    },
  });
}
