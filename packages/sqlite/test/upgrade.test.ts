import type { StoredPayment } from "@turnpike/core";
import Driver from "libsql";
import { afterEach, describe, expect, it } from "vitest";
import { expectUpgraded } from "../../testing/test/expect-upgraded.js";
import { firstVersion } from "../../testing/test/first-version.js";
import { type SqliteStore, sqliteStore } from "../src/index.js";
import { freshPath, removeFolders } from "./support/folder.js";
import { LEASE } from "./support/records.js";

/** As the first version made it. */
const SCHEMA = `
CREATE TABLE payments (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, state TEXT NOT NULL, holder TEXT NOT NULL,
  created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, expires_at INTEGER, record TEXT NOT NULL
) STRICT;
CREATE INDEX payments_newest ON payments (state, created_at);
CREATE INDEX payments_oldest ON payments (state, updated_at);
CREATE INDEX payments_over ON payments (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE answers (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, expires_at INTEGER NOT NULL,
  status INTEGER NOT NULL, headers TEXT NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE INDEX answers_over ON answers (expires_at, size);
CREATE TABLE links (
  seq INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, id TEXT NOT NULL, expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX links_over ON links (expires_at);
PRAGMA application_id = ${0x5475726e};
PRAGMA user_version = 1;
`;

function makeFirst(path: string, records: readonly StoredPayment[]): void {
  const database = new Driver(path);
  database.exec(SCHEMA);
  const insert = database.prepare(
    "INSERT INTO payments (id, version, state, holder, created_at, updated_at, expires_at, record) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  );
  for (const record of records) {
    const { id, version, state, holder, createdAt, updatedAt, expiresAt = null } = record;
    insert.run([id, version, state, holder, createdAt, updatedAt, expiresAt, JSON.stringify(record)]);
  }
  database.close();
}

removeFolders();

describe("a file of the first version", () => {
  const stores: SqliteStore[] = [];
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
  });
  const open = (path: string) => {
    const store = sqliteStore(path);
    stores.push(store);
    return store;
  };

  it("has its sales in the books once it was opened, and again after a restart, and nothing else has changed", async () => {
    const path = freshPath();
    const first = firstVersion();
    makeFirst(path, first.records);
    const store = open(path);
    await expectUpgraded(store, first);
    await store.close();
    stores.length = 0;
    await expectUpgraded(open(path), first);
  });

  it("lets its payments go on", async () => {
    const path = freshPath();
    const first = firstVersion();
    makeFirst(path, first.records);
    const store = open(path);
    const owed = (await store.list({ states: ["owed"], order: "charged", limit: 1 }))[0]?.record as StoredPayment;
    expect(await store.replace({ ...owed, state: "delivered", version: 2 }, 1, LEASE)).toBe(true);
    expect((await store.read(owed.id))?.record.chargedAt).toBe(owed.chargedAt);
  });
});
