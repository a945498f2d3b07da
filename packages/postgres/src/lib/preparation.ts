import { StoreError } from "@turnpike/core";
import { limited, repeated } from "./attempts.js";
import { codeOf } from "./failure.js";
import type { Deadline, Queries } from "./queries.js";
import { preparation, quoteName, SCHEMA_VERSION } from "./schema.js";

export interface PreparationSettings {
  readonly schema: string;
  /** Milliseconds. */
  readonly timeout: number;
  readonly allowAsyncCommit: boolean;
}

/** What `CREATE … IF NOT EXISTS` says when another process creates the same at that moment, without our lock. */
const MADE_MEANWHILE = ["23505", "42P06", "42P07", "42710"];

/** Milliseconds after which a change of the tables counts as lost, and is begun anew. */
const LOST = 600_000;

/** Finds the tables, or makes them, at the first call; the others wait for it. One that failed is made up for. */
export function createPreparation(queries: Queries, settings: PreparationSettings): () => Promise<void> {
  let ready: Promise<void> | undefined;
  const upgrade = createUpgrade(queries, settings);
  return () => {
    ready ??= limited(settings.timeout, (deadline) =>
      repeated(deadline, () => prepare(queries, settings, deadline, upgrade), MADE_MEANWHILE),
    ).catch((error: unknown) => {
      ready = undefined;
      throw error;
    });
    return ready;
  };
}

/**
 * Changes tables of an earlier version. With many records that takes longer than an operation may: it goes on while those
 * that come meanwhile are told so.
 */
function createUpgrade(queries: Queries, { schema, timeout }: PreparationSettings): () => Promise<void> {
  let upgrading: Promise<void> | undefined;
  return () => {
    upgrading ??= limited(LOST, (deadline) => queries.script(preparation(schema, true), deadline)).finally(() => {
      upgrading = undefined;
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const impatience = new Promise<never>((_, reject) => {
      const message = "The tables are being updated to a newer version. Operations succeed once that is done";
      timer = setTimeout(() => reject(new StoreError("store_migrating", message)), timeout / 2);
    });
    return Promise.race([upgrading, impatience]).finally(() => clearTimeout(timer));
  };
}

async function prepare(
  queries: Queries,
  settings: PreparationSettings,
  deadline: Deadline,
  upgrade: () => Promise<void>,
): Promise<void> {
  const { schema, allowAsyncCommit } = settings;
  const name = quoteName(schema);
  const text =
    "SELECT current_setting('synchronous_commit'), to_regnamespace($1::text)::text, to_regclass($2::text)::text";
  const [row] = await queries.query({ text }, [name, `${name}.meta`], deadline);
  const [commit, namespace, meta] = row ?? [];
  if (commit === "off" && !allowAsyncCommit) {
    throw new StoreError(
      "store_not_durable",
      "synchronous_commit is off, so a crash of the database would lose payments. Turn it on, or set `allowAsyncCommit: true`",
    );
  }
  if (meta && (await isCurrent(queries, name, deadline))) return;
  const made = meta ? upgrade() : queries.script(preparation(schema, Boolean(namespace)), deadline);
  await made.catch((error: unknown) => {
    if (codeOf(error) !== "42501") throw error;
    const missing = `The role may not create tables in the schema ${schema}: run the SQL of postgresSchema() as a role that may`;
    throw new StoreError("store_not_prepared", missing);
  });
  if (!(await isCurrent(queries, name, deadline))) {
    throw new StoreError("store_not_prepared", `The tables in the schema ${schema} could not be created`);
  }
}

/** Whether the tables are of this code's version; false if of an earlier one. */
async function isCurrent(queries: Queries, name: string, deadline: Deadline): Promise<boolean> {
  const [row] = await queries.query({ text: `SELECT version::text FROM ${name}.meta` }, [], deadline);
  const version = Number(row?.[0] ?? 0);
  if (version <= SCHEMA_VERSION) return version === SCHEMA_VERSION;
  const message = `The tables have version ${version}, and this package supports up to ${SCHEMA_VERSION}. Update @turnpike/postgres`;
  throw new StoreError("store_too_new", message);
}
