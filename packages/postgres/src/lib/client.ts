import { overClient, overPool } from "./pg.js";
import { overSql } from "./postgres-js.js";
import type { Queries } from "./queries.js";

/** A `Pool` of `pg` or a compatible package. */
export interface PgPool {
  connect(...args: never[]): unknown;
  query(...args: never[]): unknown;
  readonly totalCount: number;
  readonly waitingCount: number;
}

/** A connected `Client` of `pg`, used by nothing else. */
export interface PgClient {
  query(...args: never[]): unknown;
  escapeIdentifier(text: string): string;
}

/** The `sql` function of `postgres`. */
export interface PostgresSql {
  unsafe(...args: never[]): unknown;
  begin(...args: never[]): unknown;
}

export type PostgresClient = PgPool | PgClient | PostgresSql;

/** What the seller's client can do for the store; `undefined` if it is none that the store knows. */
export function openQueries(client: unknown): Queries | undefined {
  // Within a transaction `sql` has no `begin`: what is written there counts for nothing until it is committed.
  if (typeof client === "function") return has(client, "unsafe") && has(client, "begin") ? overSql(client) : undefined;
  if (typeof client !== "object" || client === null || !has(client, "query")) return undefined;
  // Drivers of other databases have `query` and `connect` too.
  if (has(client, "connect") && "totalCount" in client && "waitingCount" in client) return overPool(client);
  return has(client, "escapeIdentifier") ? overClient(client) : undefined;
}

function has(value: object, method: string): boolean {
  return typeof Reflect.get(value, method) === "function";
}
