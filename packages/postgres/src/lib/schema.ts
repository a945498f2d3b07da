import { ConfigError } from "@turnpike/core";

/** Version of the tables that this code reads and writes. */
export const SCHEMA_VERSION = 2;

/** Milliseconds that a charged payment of the first version is kept: 400 days. */
const RETAINED = 400 * 24 * 3_600_000;

export const SCHEMA_NAME_RULE =
  "a schema name must have 1 to 63 of A-Z, a-z, 0-9, _ and -, begin with a letter or _, and not with pg_";

export function isSchemaName(name: unknown): name is string {
  return typeof name === "string" && /^(?!pg_)[A-Za-z_][A-Za-z0-9_-]{0,62}$/.test(name);
}

/** A schema's name as SQL: it stands as it was written, in capitals or not. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * The SQL that creates the schema and its tables, for your own migrations. It can be run again over an existing schema.
 * @param schema the option of the same name @default "turnpike"
 * @throws ConfigError if it is not a valid schema name
 */
export function postgresSchema(schema = "turnpike"): string {
  if (!isSchemaName(schema)) {
    throw new ConfigError([{ code: "invalid_option", path: "postgresSchema.schema", message: SCHEMA_NAME_RULE }]);
  }
  return `CREATE SCHEMA IF NOT EXISTS ${quoteName(schema)};\n${tables(quoteName(schema))}`;
}

/** The same for the store itself: one process at a time, and without the schema if that is there. */
export function preparation(schema: string, present: boolean): string {
  const lock = `SELECT pg_advisory_xact_lock(hashtextextended('turnpike ${schema}', 0));`;
  // Two that begin at once find each other's tables: that is no news for the app's console.
  const quiet = "SET LOCAL client_min_messages = warning;";
  // With many records of an earlier version it takes longer than the app lets its own statements take.
  const patient = "SET LOCAL statement_timeout = 0;\nSET LOCAL lock_timeout = 0;";
  return `${quiet}\n${patient}\n${lock}\n${present ? tables(quoteName(schema)) : postgresSchema(schema)}`;
}

/**
 * Brings records that code of the first version wrote to this one: their columns lack what `noted`, the record's version,
 * says that they have, and they know neither when they were charged nor that sales are kept for longer. What is new is
 * written behind a record's text: of two members of one name the later one counts. What is there is read from a copy
 * without escapes, since PostgreSQL refuses some that JSON may have; names have those escapes in their columns too.
 * @param most how many
 */
export function adoption(payments: string, most?: number): string {
  const backslash = "chr(92)";
  const name = (json: string) =>
    `replace(substr(${json}::text, 2, length(${json}::text) - 2), ${backslash} || '/u', ${backslash} || 'u')`;
  return `UPDATE ${payments} AS kept SET noted = kept.version, route = ${name("found.route")}, payer = ${name("found.payer")},
  charged_at = to_timestamp(found.charged::double precision / 1000),
  expires_at = to_timestamp(found.expires::double precision / 1000),
  record = CASE WHEN found.charged IS NULL THEN kept.record ELSE (left(kept.record::text, -1) || ',"chargedAt":' || found.charged
    || coalesce(',"expiresAt":' || found.expires, '') || '}')::json END
  FROM (
    SELECT id, version, route, payer, charged,
      CASE WHEN expires IS NULL OR charged IS NULL THEN expires ELSE greatest(expires, charged + ${RETAINED}) END AS expires
    FROM (
      SELECT id, version, told -> 'route' AS route, told -> 'payer' AS payer, (told ->> 'expiresAt')::numeric AS expires,
        CASE WHEN told #>> '{receipt,success}' = 'true' AND coalesce(told ->> 'reason', '') <> 'moved'
          THEN coalesce(told ->> 'chargedAt', told #>> '{times,settled}', told ->> 'updatedAt')::numeric END AS charged
      FROM (
        SELECT id, version, replace(record::text, ${backslash} || 'u', ${backslash} || '/u')::json AS told
        FROM ${payments} WHERE noted IS DISTINCT FROM version
        ${most === undefined ? "" : `LIMIT ${most} `}FOR UPDATE SKIP LOCKED
      ) AS old
    ) AS read
  ) AS found
  WHERE kept.id = found.id AND kept.version = found.version`;
}

/*
 * Records are `json`, which keeps the text as it was written; `jsonb` would sort the members and refuse \u0000. Names
 * compare byte by byte, whatever the database's language. No rule beyond NOT NULL: a violation would quote the record.
 */
function tables(schema: string): string {
  return `CREATE TABLE IF NOT EXISTS ${schema}.meta (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  version integer NOT NULL
);
CREATE TABLE IF NOT EXISTS ${schema}.payments (
  id text COLLATE "C" PRIMARY KEY,
  version bigint NOT NULL,
  state text COLLATE "C" NOT NULL,
  holder text COLLATE "C" NOT NULL,
  leased_until timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  expires_at timestamptz,
  record json NOT NULL
);
ALTER TABLE ${schema}.payments ADD COLUMN IF NOT EXISTS route text COLLATE "C";
ALTER TABLE ${schema}.payments ADD COLUMN IF NOT EXISTS payer text COLLATE "C";
ALTER TABLE ${schema}.payments ADD COLUMN IF NOT EXISTS charged_at timestamptz;
ALTER TABLE ${schema}.payments ADD COLUMN IF NOT EXISTS noted bigint;
${adoption(`${schema}.payments`)};
CREATE INDEX IF NOT EXISTS payments_to_note ON ${schema}.payments (id) WHERE noted IS DISTINCT FROM version;
CREATE INDEX IF NOT EXISTS payments_charged ON ${schema}.payments (charged_at, id) WHERE charged_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS payments_by_state ON ${schema}.payments (state, updated_at);
CREATE INDEX IF NOT EXISTS payments_by_creation ON ${schema}.payments (created_at);
CREATE INDEX IF NOT EXISTS payments_by_expiry ON ${schema}.payments (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS ${schema}.answers (
  id text COLLATE "C" PRIMARY KEY REFERENCES ${schema}.payments ON DELETE CASCADE,
  head json NOT NULL,
  body bytea NOT NULL,
  bytes bigint NOT NULL,
  kept_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS answers_by_age ON ${schema}.answers (kept_at) INCLUDE (bytes);
CREATE INDEX IF NOT EXISTS answers_by_expiry ON ${schema}.answers (expires_at);
CREATE TABLE IF NOT EXISTS ${schema}.links (
  key text COLLATE "C" PRIMARY KEY,
  id text COLLATE "C" NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS links_by_expiry ON ${schema}.links (expires_at);
INSERT INTO ${schema}.meta AS present (version) VALUES (${SCHEMA_VERSION})
  ON CONFLICT (one) DO UPDATE SET version = excluded.version WHERE present.version < excluded.version;
`;
}
