import { StoreError } from "@turnpike/core";

/** Of an error, a SQLSTATE or the code of a driver or a socket. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : undefined;
}

/** A serialization failure or a deadlock: the transaction is undone for certain, and may be tried again. */
export function isUndone(error: unknown): boolean {
  const code = codeOf(error);
  return code === "40001" || code === "40P01";
}

/** What a pooler says that does not keep prepared statements. */
const UNPREPARED = ["26000", "42P05"];

/**
 * The error as the seller sees it. A driver's error may have the statement's parameters in it, and PostgreSQL's details
 * quote rows: only the message and the code are handed on, which have neither.
 */
export function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  const cause = Object.assign(new Error(error instanceof Error ? error.message : "unknown"), code ? { code } : {});
  const hint = code && UNPREPARED.includes(code) ? "; behind a pooler in transaction mode, set `prepare: false`" : "";
  return new StoreError("store_unavailable", `PostgreSQL failed${code ? `: ${code}` : ""}${hint}`, { cause });
}
