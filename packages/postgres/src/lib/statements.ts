import { createHash } from "node:crypto";
import type { Statement } from "./queries.js";
import { adoption, quoteName } from "./schema.js";

/** Rows that one statement of a sweep drops at most. */
export const SWEPT = 100;
/** Records that one statement of a list looks at. */
export const LOOKED_AT = 2_000;

const lease = (milliseconds: string) =>
  `CASE WHEN ${milliseconds}::text::double precision > 0
    THEN clock_timestamp() + ${milliseconds}::text::double precision * interval '1 millisecond'
    ELSE '-infinity'::timestamptz END`;

/** Unix milliseconds. */
export const time = (parameter: string) => `to_timestamp(${parameter}::text::double precision / 1000)`;

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
      expires_at = ${time("$8")}, record = $9::text::json, route = $10::text, payer = $11::text,
      charged_at = ${time("$12")}, noted = $2::text::bigint
    WHERE id = $1::text AND version = $13::text::bigint RETURNING id`;
  // A row that another process is dropping or changing is left to it.
  const expired = (table: string, name: string, condition = "true") =>
    `DELETE FROM ${table} WHERE ${name} IN (
      SELECT ${name} FROM ${table} WHERE expires_at <= (SELECT clock_timestamp()) AND ${condition}
      ORDER BY expires_at LIMIT ${SWEPT} FOR UPDATE SKIP LOCKED
    ) RETURNING 'x'`;
  return {
    read: `SELECT ${reading} FROM ${payments} WHERE id = $1::text`,

    insert: `INSERT INTO ${payments}
        (id, version, state, holder, leased_until, created_at, updated_at, expires_at, record, route, payer, charged_at, noted)
      VALUES ($1::text, $2::text::bigint, $3::text, $4::text, ${lease("$5")}, ${time("$6")}, ${time("$7")},
        ${time("$8")}, $9::text::json, $10::text, $11::text, ${time("$12")}, $2::text::bigint)
      ON CONFLICT (id) DO NOTHING RETURNING 'x'`,

    replace,

    replaceWithAnswer: `WITH replaced AS (${replace}), kept AS (
        INSERT INTO ${answers} (id, head, body, bytes, kept_at, expires_at)
        SELECT id, $14::text::json, decode($15::text, 'base64'), $16::text::bigint, clock_timestamp(), ${time("$17")}
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

    /** Of the given states, up to one more than a list looks at in one statement. */
    countOf: `SELECT count(*)::text FROM (
        SELECT FROM ${payments} WHERE state = ANY (string_to_array($1::text, ',')) LIMIT ${LOOKED_AT + 1}
      ) AS counted`,

    adopt: `${adoption(payments, SWEPT)} RETURNING 'x'`,

    // What a process of an earlier version wrote may be a sale, which is kept for longer than that one knows.
    sweepPayments: expired(payments, "id", "noted = version"),
    sweepAnswers: expired(answers, "id"),
    sweepLinks: expired(links, "key"),

    /** Drops as many of the oldest responses as it takes for the others to fit. */
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
  const written = Object.entries(texts(quoteName(schema))).map(([name, text]): [string, Statement] => [
    name,
    writeStatement(name, text, prepare),
  ]);
  return Object.fromEntries(written) as Statements;
}

export function writeStatement(name: string, text: string, prepare: boolean): Statement {
  if (!prepare) return { text };
  // Two stores, or two versions of this code, may share a connection: each text has a name of its own.
  const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return { text, name: `turnpike_${name}_${digest}` };
}
