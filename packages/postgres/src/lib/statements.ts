import { createHash } from "node:crypto";
import type { Statement } from "./queries.js";
import { quoteName } from "./schema.js";

/** Rows that one statement of a sweep drops at most. */
export const SWEPT = 100;

const lease = (milliseconds: string) =>
  `CASE WHEN ${milliseconds}::text::double precision > 0
    THEN clock_timestamp() + ${milliseconds}::text::double precision * interval '1 millisecond'
    ELSE '-infinity'::timestamptz END`;

/** Unix milliseconds. */
const time = (parameter: string) => `to_timestamp(${parameter}::text::double precision / 1000)`;

/** A list without limit of states is `NULL`. */
const states = "string_to_array($1::text, ',')";
const lapsed = "($3::text::boolean IS NOT TRUE OR leased_until <= clock_timestamp())";
const limit = "LIMIT $2::text::bigint";

/**
 * Every statement of the store; each is a transaction of its own. Parameters are text, whose meaning the cast after it
 * says, and columns come out as text.
 */
function texts(schema: string) {
  const payments = `${schema}.payments`;
  const answers = `${schema}.answers`;
  const links = `${schema}.links`;
  const reading = "record::text, (leased_until > clock_timestamp())::text";
  const replace = `UPDATE ${payments} SET version = $2::text::bigint, state = $3::text, holder = $4::text,
      leased_until = ${lease("$5")}, created_at = ${time("$6")}, updated_at = ${time("$7")},
      expires_at = ${time("$8")}, record = $9::text::json
    WHERE id = $1::text AND version = $10::text::bigint RETURNING id`;
  // A row that somebody else is dropping, or changing, is left to them.
  const expired = (table: string, name: string) =>
    `DELETE FROM ${table} WHERE ${name} IN (
      SELECT ${name} FROM ${table} WHERE expires_at <= (SELECT clock_timestamp())
      ORDER BY expires_at LIMIT ${SWEPT} FOR UPDATE SKIP LOCKED
    ) RETURNING 'x'`;
  return {
    read: `SELECT ${reading} FROM ${payments} WHERE id = $1::text`,

    insert: `INSERT INTO ${payments}
        (id, version, state, holder, leased_until, created_at, updated_at, expires_at, record)
      VALUES ($1::text, $2::text::bigint, $3::text, $4::text, ${lease("$5")}, ${time("$6")}, ${time("$7")},
        ${time("$8")}, $9::text::json)
      ON CONFLICT (id) DO NOTHING RETURNING 'x'`,

    replace,

    replaceWithAnswer: `WITH replaced AS (${replace}), kept AS (
        INSERT INTO ${answers} (id, head, body, bytes, kept_at, expires_at)
        SELECT id, $11::text::json, decode($12::text, 'base64'), $13::text::bigint, clock_timestamp(), ${time("$14")}
        FROM replaced
        ON CONFLICT (id) DO UPDATE SET head = excluded.head, body = excluded.body, bytes = excluded.bytes,
          kept_at = excluded.kept_at, expires_at = excluded.expires_at
      ) SELECT 'x'::text FROM replaced`,

    replaceWithoutAnswer: `WITH replaced AS (${replace}), dropped AS (
        DELETE FROM ${answers} WHERE id IN (SELECT id FROM replaced)
      ) SELECT 'x'::text FROM replaced`,

    // No index holds the lease, so this changes none.
    renew: `UPDATE ${payments} SET leased_until = ${lease("$3")}
      WHERE id = $1::text AND holder = $2::text RETURNING 'x'`,

    answer: `SELECT head::text, encode(body, 'base64') FROM ${answers}
      WHERE id = $1::text AND expires_at > clock_timestamp()`,

    // It writes in any case: only the row that it holds tells what the key is bound to from then on.
    link: `INSERT INTO ${links} AS present (key, id, expires_at) VALUES ($1::text, $2::text, ${time("$3")})
      ON CONFLICT (key) DO UPDATE SET (id, expires_at) = (
        SELECT CASE WHEN free THEN excluded.id ELSE present.id END,
          CASE WHEN free THEN excluded.expires_at ELSE present.expires_at END
        FROM (SELECT coalesce(present.id = $4::text, false) OR present.expires_at <= clock_timestamp() AS free) AS judged
      ) RETURNING id`,

    linked: `SELECT id FROM ${links} WHERE key = $1::text AND expires_at > clock_timestamp()`,

    newest: `SELECT ${reading} FROM ${payments}
      WHERE ($1::text IS NULL OR state = ANY (${states})) AND ${lapsed} ORDER BY created_at DESC ${limit}`,

    oldest: `SELECT ${reading} FROM ${payments}
      WHERE ($1::text IS NULL OR state = ANY (${states})) AND ${lapsed} ORDER BY updated_at ${limit}`,

    // The oldest of each state are at the beginning of its part of the index, however many others there are.
    oldestOf: `SELECT ${reading} FROM (SELECT DISTINCT unnest(${states}) AS wanted) AS wanted
      CROSS JOIN LATERAL (
        SELECT record, leased_until, updated_at FROM ${payments}
        WHERE state = wanted AND ${lapsed} ORDER BY updated_at ${limit}
      ) AS found ORDER BY updated_at ${limit}`,

    sweepPayments: expired(payments, "id"),
    sweepAnswers: expired(answers, "id"),
    sweepLinks: expired(links, "key"),

    /** Drops of the oldest answers so many that the others fit. */
    sweepBytes: `WITH oldest AS (
        SELECT id, kept_at, bytes FROM ${answers} ORDER BY kept_at LIMIT ${SWEPT} FOR UPDATE SKIP LOCKED
      ), counted AS (
        SELECT id, kept_at, sum(bytes) OVER (ORDER BY kept_at, id) - bytes AS before FROM oldest
      ) DELETE FROM ${answers} AS kept USING counted
      WHERE kept.id = counted.id AND kept.kept_at = counted.kept_at
        AND counted.before < (SELECT sum(bytes) FROM ${answers}) - $1::text::bigint
      RETURNING 'x'`,
  };
}

export type StatementName = keyof ReturnType<typeof texts>;
export type Statements = Readonly<Record<StatementName, Statement>>;

/** @param prepare names them, so that the server plans each once for a connection */
export function writeStatements(schema: string, prepare: boolean): Statements {
  const written = Object.entries(texts(quoteName(schema))).map(([name, text]): [string, Statement] => {
    if (!prepare) return [name, { text }];
    // Two stores, or two versions of this code, may share a connection: each text has a name of its own.
    const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
    return [name, { text, name: `turnpike_${name}_${digest}` }];
  });
  return Object.fromEntries(written) as Statements;
}
