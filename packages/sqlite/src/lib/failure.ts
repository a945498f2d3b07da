import { StoreError } from "@turnpike/core";

/** SQLite's own name of a failure, such as `SQLITE_FULL`. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === "string" ? code : "";
}

const HINTS: readonly (readonly [code: string, hint: string])[] = [
  ["SQLITE_FULL", "the disk is full"],
  ["SQLITE_READONLY", "it may not be written"],
  ["SQLITE_IOERR", "the disk failed, or may not grow the file"],
  ["SQLITE_CANTOPEN", "it, or a file beside it, cannot be opened"],
  ["EACCES", "there is no permission to make it"],
  ["EROFS", "the file system is read-only"],
  ["ENOENT", "its directory does not exist"],
  ["ENOTDIR", "its directory is none"],
];

/** What an operation on the file at `path` rejects with. */
export function toStoreError(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const code = codeOf(error);
  const cause = error;
  if (code.startsWith("SQLITE_CORRUPT") || code === "SQLITE_NOTADB") {
    const message = `${path} is damaged, or is no SQLite file. It was left as it is: stop the process, and put a sound copy in its place`;
    return new StoreError("store_unreadable", message, { cause });
  }
  const hint = HINTS.find(([name]) => code.startsWith(name))?.[1] ?? "it cannot be used";
  return new StoreError("store_unavailable", `${path} failed: ${hint}${code && ` (${code})`}`, { cause });
}
