/** `Turn` as a number: tells our files from those of others. */
const APPLICATION = 0x5475726e;

/** Milliseconds that a charged payment of the first version is kept: 400 days. */
const RETAINED = 400 * 24 * 3_600_000;

/**
 * Each step brings a file to the next version, which is its `user_version`. Steps are never changed, only added.
 * A record is JSON; its columns are what it is found by. Bodies stand last, so that the rest is read without them.
 */
const STEPS: readonly string[] = [
  `
CREATE TABLE payments (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL,
  state TEXT NOT NULL,
  holder TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER,
  record TEXT NOT NULL
) STRICT;
CREATE INDEX payments_newest ON payments (state, created_at);
CREATE INDEX payments_oldest ON payments (state, updated_at);
CREATE INDEX payments_over ON payments (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE answers (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  status INTEGER NOT NULL,
  headers TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX answers_over ON answers (expires_at, size);
CREATE TABLE links (
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  id TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX links_over ON links (expires_at);
`,
  // Sales stay: records that are there know neither when they were charged nor that they are kept for longer. A member that
  // is written behind an older one of its name counts in its place.
  `
ALTER TABLE payments ADD COLUMN route TEXT;
ALTER TABLE payments ADD COLUMN payer TEXT;
ALTER TABLE payments ADD COLUMN charged_at INTEGER;
UPDATE payments SET route = json_extract(record, '$.route'), payer = json_extract(record, '$.payer'),
  charged_at = CASE WHEN json_extract(record, '$.receipt.success') = 1
    AND coalesce(json_extract(record, '$.reason'), '') <> 'moved'
    THEN coalesce(json_extract(record, '$.times.settled'), updated_at) END;
UPDATE payments SET
  expires_at = max(expires_at, charged_at + ${RETAINED}),
  record = substr(record, 1, length(record) - 1) || ',"chargedAt":' || charged_at ||
    coalesce(',"expiresAt":' || max(expires_at, charged_at + ${RETAINED}), '') || '}'
  WHERE charged_at IS NOT NULL;
CREATE INDEX payments_charged ON payments (charged_at, id) WHERE charged_at IS NOT NULL;
CREATE INDEX payments_by_payer ON payments (payer, created_at) WHERE payer IS NOT NULL;
CREATE INDEX payments_by_route ON payments (route, created_at);
`,
];

const SCHEMA_VERSION = STEPS.length;

/** Fails with `CHECK constraint failed: newer_schema` or `: other_application`. */
export const EXAMINE = `
CREATE TEMP TABLE examined (
  version INTEGER CONSTRAINT newer_schema CHECK (version <= ${SCHEMA_VERSION}),
  ours INTEGER CONSTRAINT other_application CHECK (ours)
);
INSERT INTO temp.examined (ours)
  SELECT application_id = ${APPLICATION} OR NOT EXISTS (SELECT 1 FROM main.sqlite_schema) FROM pragma_application_id;
INSERT INTO temp.examined (version) SELECT user_version FROM pragma_user_version;
DROP TABLE temp.examined;
`;

/** The script that brings a file of `version` to ours, in one transaction; nothing if it is there. */
export function migration(version: number): string | undefined {
  if (version >= SCHEMA_VERSION) return undefined;
  const steps = STEPS.slice(version).join("");
  return `BEGIN IMMEDIATE; ${steps} PRAGMA application_id = ${APPLICATION}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`;
}
