import { ConfigError } from "@turnpike/core";

/** Version of the tables that this code reads and writes. */
export const SCHEMA_VERSION = 1;

export const SCHEMA_NAME_RULE =
  "a schema's name has 1 to 63 of A-Z, a-z, 0-9, _ and -, begins with a letter or _, and not with pg_";

export function isSchemaName(name: unknown): name is string {
  return typeof name === "string" && /^(?!pg_)[A-Za-z_][A-Za-z0-9_-]{0,62}$/.test(name);
}

/** A schema's name as SQL: it stands as it was written, in capitals or not. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * The SQL that makes the schema and its tables, for those who run migrations themselves. It can be run again, over what
 * is there already.
 * @param schema the option of the same name @default "turnpike"
 * @throws ConfigError if it can be no schema's name
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
  return `${quiet}\n${lock}\n${present ? tables(quoteName(schema)) : postgresSchema(schema)}`;
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
