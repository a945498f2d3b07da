import { ConfigError, unknownOptions } from "@turnpike/core";
import { openQueries } from "./client.js";
import type { Queries } from "./queries.js";
import { isSchemaName, SCHEMA_NAME_RULE } from "./schema.js";

export interface PostgresStoreOptions {
  /** Schema of the tables; created at the first operation if missing. @default "turnpike" */
  readonly schema?: string;
  /** Use prepared statements. Turn off behind a pooler in transaction mode that does not support them. @default true */
  readonly prepare?: boolean;
  /** Milliseconds that one operation may take. A write that timed out may still happen. @default 2000 */
  readonly timeout?: number;
  /** Bytes of the largest response that is kept. @default 8388608 (8 MiB) */
  readonly maxAnswer?: number;
  /** Approximate total bytes of kept responses; the oldest are dropped first. @default 1073741824 (1 GiB) */
  readonly answerBytes?: number;
  /** Accept connections with `synchronous_commit = off`: a crash of the database then loses the last payments. @default false */
  readonly allowAsyncCommit?: boolean;
}

/** Beyond this a body in transit takes more memory than a connection should. */
const MAX_ANSWER = 64 * 1024 * 1024;

/** @throws ConfigError with every problem */
export function readOptions(
  client: unknown,
  options: PostgresStoreOptions,
): Required<PostgresStoreOptions> & { readonly queries: Queries } {
  const { schema = "turnpike", prepare = true, timeout = 2_000, allowAsyncCommit = false } = options;
  const { maxAnswer = 8 * 1024 * 1024, answerBytes = 1024 * 1024 * 1024 } = options;
  const queries = openQueries(client);
  const checks: [valid: boolean, path: string, message: string][] = [
    [
      queries !== undefined,
      "client",
      "give a Pool of `pg`, a connected Client of `pg`, or the `sql` function of `postgres` (not one inside a transaction)",
    ],
    [isSchemaName(schema), "schema", SCHEMA_NAME_RULE],
    [typeof prepare === "boolean", "prepare", "give true or false"],
    [isWithin(timeout, 1, 60_000), "timeout", "give milliseconds from 1 to 60000"],
    [isWithin(maxAnswer, 0, MAX_ANSWER), "maxAnswer", `give bytes from 0 to ${MAX_ANSWER}`],
    [isWithin(answerBytes, 0, Number.MAX_SAFE_INTEGER), "answerBytes", "give a whole number of bytes"],
    [typeof allowAsyncCommit === "boolean", "allowAsyncCommit", "give true or false"],
  ];
  const wrong = checks
    .filter(([valid]) => !valid)
    .map(([, path, message]) => ({ code: "invalid_option", path: `postgresStore.${path}`, message }));
  const names = checks.map(([, name]) => name);
  const problems = [...wrong, ...unknownOptions("postgresStore", options, names)];
  if (problems.length > 0 || !queries) throw new ConfigError(problems);
  return { queries, schema, prepare, timeout, maxAnswer, answerBytes, allowAsyncCommit };
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
