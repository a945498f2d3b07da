import { type Stats, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { StoreError } from "@turnpike/core";
import { CommandError } from "./errors.js";

/** Stores create what is missing. The command checks first, since a misspelt name would look like an empty store. */

/** Most names in a hint. */
const NAMES = 10;
/** Most calls of SCAN for a hint, and keys that Redis examines in each. */
const SCANS = 50;
const KEYS = 1_000;

/** Refused connections to PostgreSQL, by SQLSTATE. */
const REFUSALS: Readonly<Record<string, string>> = {
  "3D000": "PostgreSQL has no database of this name",
  "28P01": "PostgreSQL does not accept the user or the password",
  "28000": "PostgreSQL refuses this user",
};

/** @returns the path of the file that a `file:` address names */
export function requireFile(url: string): string {
  const path = url.startsWith("file://") ? fileURLToPath(url) : url.slice("file:".length);
  const found = look(path);
  if (!found) throw notFound(`There is no file ${path}`);
  if (!found.isFile()) throw notFound(`${path} is not a file`);
  // Just after an app created the file, all data may still be in the file beside it.
  if (found.size === 0 && !look(`${path}-wal`)?.size) throw notFound(`The file ${path} is empty`);
  return path;
}

function look(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}

/** @param send sends one command */
export async function requireKeys(send: (args: readonly string[]) => Promise<unknown>, prefix: string): Promise<void> {
  const found = await send(["EXISTS", `{${prefix}}:schema`]).catch((cause: unknown) => {
    throw new StoreError("store_unavailable", "Redis could not be read", { cause });
  });
  if (Number(found) > 0) return;
  // Without permission to SCAN there is no hint.
  const others = await findPrefixes(send).catch(() => []);
  throw notFound(`Redis has no payments with the prefix ${prefix}${hint(others, "--prefix")}`);
}

async function findPrefixes(send: (args: readonly string[]) => Promise<unknown>): Promise<readonly string[]> {
  const found = new Set<string>();
  let cursor = "0";
  for (let scans = 0; scans < SCANS && found.size <= NAMES; scans++) {
    const [next, keys] = (await send(["SCAN", cursor, "MATCH", "{*}:schema", "COUNT", String(KEYS)])) as [
      unknown,
      unknown[],
    ];
    for (const key of keys) found.add(String(key).slice(1, -"}:schema".length));
    cursor = String(next);
    if (cursor === "0") break;
  }
  return [...found].sort();
}

/** @param query runs one query */
export async function requireTables(
  query: (text: string, values: readonly string[]) => Promise<readonly Record<string, unknown>[]>,
  schema: string,
): Promise<void> {
  const found = await query(
    `select n.nspname as name from pg_catalog.pg_namespace n
      where exists (select 1 from pg_catalog.pg_class c where c.relnamespace = n.oid and c.relname = 'meta')
        and exists (select 1 from pg_catalog.pg_class c where c.relnamespace = n.oid and c.relname = 'payments')
      order by n.nspname = $1 desc, n.nspname limit ${NAMES + 1}`,
    [schema],
  ).catch((cause: unknown) => {
    const { code } = cause as { readonly code?: unknown };
    throw new StoreError("store_unavailable", REFUSALS[String(code)] ?? "PostgreSQL cannot be reached", { cause });
  });
  const names = found.map(({ name }) => String(name));
  if (names[0] === schema) return;
  throw notFound(`The database has no payments in the schema ${schema}${hint(names, "--schema")}`);
}

function hint(names: readonly string[], option: string): string {
  if (names.length === 0) return "";
  const more = names.length > NAMES ? ", …" : "";
  return `. ${option} may be ${names.slice(0, NAMES).join(", ")}${more}`;
}

function notFound(message: string): CommandError {
  return new CommandError("store_not_found", message);
}
