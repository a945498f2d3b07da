import type { StoredPayment } from "@turnpike/core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { expectUpgraded } from "../../testing/test/expect-upgraded.js";
import { firstVersion } from "../../testing/test/first-version.js";
import { bridgeStore, runSql } from "./support/bridge.js";
import { sampleRecord } from "./support/samples.js";
import { startWorkerd, type Workerd } from "./support/workerd.js";

let workerd: Workerd;
beforeAll(async () => {
  workerd = await startWorkerd();
});
afterAll(() => workerd.remove());

const text = (value: string) => `'${value.replaceAll("'", "''")}'`;

/** Takes away what the second version has added, and writes records as the first one did. */
async function makeFirst(object: string, records: readonly StoredPayment[]): Promise<void> {
  const run = (sql: string) => runSql(workerd, object, sql);
  await run("DROP INDEX records_charged");
  for (const column of ["route", "payer", "charged_at"]) await run(`ALTER TABLE records DROP COLUMN ${column}`);
  await run("UPDATE settings SET value = 1 WHERE name = 'schema'");
  for (const record of records) {
    const { id, version, state, holder, createdAt, updatedAt, expiresAt = "NULL" } = record;
    await run(`INSERT INTO records (id, version, state, holder, leased_until, created_at, updated_at, expires_at, record)
      VALUES (${text(id)}, ${version}, '${state}', ${text(holder)}, 0, ${createdAt}, ${updatedAt}, ${expiresAt},
      ${text(JSON.stringify(record))})`);
  }
}

test("an object of the first version has its sales in the books, also after another restart", async () => {
  const store = bridgeStore(workerd, { name: "first" }, { binding: "OPEN" });
  await store.read("nothing");
  const first = firstVersion();
  await makeFirst("first/0", first.records);
  await workerd.restart();
  await expectUpgraded(store, first);
  await workerd.restart();
  await expectUpgraded(store, first);
});

for (const shards of [1, 2]) {
  test(`what is rare among many is found in ${shards} objects, a part at a time`, async () => {
    const name = `many ${shards}`;
    const store = bridgeStore(workerd, { name, shards }, { binding: "OPEN" });
    await store.insert(sampleRecord(), 0);
    for (let shard = 0; shard < shards; shard++) {
      await store.read("nothing");
      await runSql(
        workerd,
        `${name}/${shard}`,
        `WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < 4500)
        INSERT INTO records (id, version, state, holder, leased_until, created_at, updated_at, charged_at, route, record)
        SELECT 'sale ' || i || ' of ${shard}', 1, 'delivered', 'h', 0, i, i, i, CASE i WHEN 7 THEN 'GET /rare' ELSE 'GET /usual' END,
          json_object('id', 'sale ' || i || ' of ${shard}', 'createdAt', i, 'updatedAt', i, 'chargedAt', i) FROM numbers`,
      );
    }
    const rare = Array.from({ length: shards }, (_, shard) => `sale 7 of ${shard}`);
    for (const order of ["newest", "oldest", "charged"] as const) {
      const found = (await store.list({ order, route: "GET /rare", limit: 5 })).map(({ record }) => record.id);
      expect(found).toEqual(order === "newest" ? [...rare].reverse() : rare);
      const all = await store.list({ order, limit: 4_400 * shards, states: ["delivered"] });
      expect(new Set(all.map(({ record }) => record.id)).size).toBe(4_400 * shards);
    }
    await store.insert(sampleRecord({ state: "owed", id: "owed", createdAt: 3, updatedAt: 3 }), 0);
    const owed = await store.list({ order: "newest", states: ["owed", "refunding"], limit: 5 });
    expect(owed.map(({ record }) => record.id)).toEqual(["owed"]);
  });
}
