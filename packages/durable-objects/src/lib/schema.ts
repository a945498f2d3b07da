import type { LedgerStorage, Sql } from "./cloudflare.js";

/** Milliseconds that a charged payment of the first version is kept: 400 days. */
const RETAINED = 400 * 24 * 3_600_000;

/** Each step brings the tables one version further. One that was published never changes. */
const STEPS: readonly string[] = [
  `CREATE TABLE records (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    version INTEGER NOT NULL,
    state TEXT NOT NULL,
    holder TEXT NOT NULL,
    leased_until INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    expires_at INTEGER,
    record TEXT NOT NULL
  );
  CREATE INDEX records_by_state ON records (state, updated_at);
  CREATE INDEX records_by_creation ON records (created_at);
  CREATE INDEX records_by_expiry ON records (expires_at) WHERE expires_at IS NOT NULL;

  CREATE TABLE answers (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    expires_at INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    head TEXT NOT NULL,
    body BLOB NOT NULL
  );
  CREATE INDEX answers_by_expiry ON answers (expires_at);
  INSERT INTO settings VALUES ('answer_bytes', 0);
  CREATE TRIGGER answer_kept AFTER INSERT ON answers BEGIN
    UPDATE settings SET value = value + new.bytes WHERE name = 'answer_bytes';
  END;
  CREATE TRIGGER answer_dropped AFTER DELETE ON answers BEGIN
    UPDATE settings SET value = value - old.bytes WHERE name = 'answer_bytes';
  END;
  CREATE TRIGGER record_dropped AFTER DELETE ON records BEGIN
    DELETE FROM answers WHERE id = old.id;
  END;

  CREATE TABLE links (
    key TEXT PRIMARY KEY,
    id TEXT NOT NULL,
    expires_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX links_by_expiry ON links (expires_at);`,
  // Sales stay: records that are there know neither when they were charged nor that they are kept for longer. A member that
  // is written behind an older one of its name counts in its place.
  `ALTER TABLE records ADD COLUMN route TEXT;
  ALTER TABLE records ADD COLUMN payer TEXT;
  ALTER TABLE records ADD COLUMN charged_at INTEGER;
  UPDATE records SET route = json_extract(record, '$.route'), payer = json_extract(record, '$.payer'),
    charged_at = CASE WHEN json_extract(record, '$.receipt.success') = 1
      AND coalesce(json_extract(record, '$.reason'), '') <> 'moved'
      THEN coalesce(json_extract(record, '$.times.settled'), updated_at) END;
  UPDATE records SET
    expires_at = max(expires_at, charged_at + ${RETAINED}),
    record = substr(record, 1, length(record) - 1) || ',"chargedAt":' || charged_at ||
      coalesce(',"expiresAt":' || max(expires_at, charged_at + ${RETAINED}), '') || '}'
    WHERE charged_at IS NOT NULL;
  CREATE INDEX records_charged ON records (charged_at, id) WHERE charged_at IS NOT NULL;`,
];

/** Makes the tables, or brings those of an earlier version up to date. Throws if they are of a later one. */
export function prepareTables(storage: LedgerStorage): void {
  const { sql } = storage;
  storage.transactionSync(() => {
    sql.exec("CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID");
    const version = readSetting(sql, "schema") ?? 0;
    if (version > STEPS.length) {
      throw new Error(
        "The payment ledger was written by a later version of @turnpike/durable-objects: deploy that one",
      );
    }
    for (const step of STEPS.slice(version)) sql.exec(step);
    if (version < STEPS.length) writeSetting(sql, "schema", STEPS.length);
  });
}

/** What an object knows of itself. */
type Setting = "schema" | "shards" | "answer_bytes";

export function readSetting(sql: Sql, name: Setting): number | undefined {
  return sql.exec<{ value: number }>("SELECT value FROM settings WHERE name = ?", name).toArray()[0]?.value;
}

export function writeSetting(sql: Sql, name: Setting, value: number): void {
  sql.exec("INSERT OR REPLACE INTO settings VALUES (?, ?)", name, value);
}
