import { StoreError } from "@turnpike/core";

/** SQLite's own name of a failure, such as `SQLITE_FULL`. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === "string" ? code : "";
}

const HINTS: readonly (readonly [code: string, hint: string])[] = [
  ["SQLITE_FULL", "the disk is full"],
  ["SQLITE_READONLY", "it may not be written"],
  ["SQLITE_IOERR", "the disk failed, or the file cannot grow"],
  ["SQLITE_CANTOPEN", "it, or a file beside it, cannot be opened"],
  ["EACCES", "there is no permission to create it"],
  ["EROFS", "the file system is read-only"],
  ["ENOENT", "its directory does not exist"],
  ["ENOTDIR", "its directory is not a directory"],
];

/** What an operation on the file at `path` rejects with. */
export function toStoreError(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  const cause = error;
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB") {
    const message = `${path} is damaged, or not an SQLite file. It was not changed: stop the process and replace it with a good copy`;
    return new StoreError("store_unreadable", message, { cause });
  }
  const hint = HINTS.find(([name]) => code.startsWith(name))?.[1] ?? "it cannot be used";
  return new StoreError("store_unavailable", `${path} failed: ${hint}${code && ` (${code})`}`, { cause });
}
