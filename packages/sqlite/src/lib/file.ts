import { closeSync, existsSync, openSync } from "node:fs";
import { StoreError } from "@turnpike/core";
import Driver from "libsql";
import { codeOf } from "./failure.js";
import { MEMORY, type Settings } from "./options.js";
import { EXAMINE, migration } from "./schema.js";

export type Connection = InstanceType<typeof Driver>;

/** Milliseconds between two tries to get a file that another process has. */
const RETRY = 50;

/**
 * Opens the file, for this process alone.
 * @param wait milliseconds to wait for another process to let go of it
 * @param isWanted once it returns false, the result is no longer awaited
 */
export async function openFile(settings: Settings, wait: number, isWanted: () => boolean): Promise<Connection> {
  const { path } = settings;
  const end = performance.now() + wait;
  for (;;) {
    try {
      return open(settings);
    } catch (error) {
      if (!codeOf(error).startsWith("SQLITE_BUSY")) throw error;
      if (performance.now() >= end || !isWanted()) throw inUse(path, error);
    }
    // Two that wait for the same file should not meet at every try.
    await new Promise((resolve) => setTimeout(resolve, RETRY * (0.5 + Math.random())));
  }
}

/** Brings the schema of an open file up to date. */
export function migrate(connection: Connection): void {
  const { user_version } = connection.prepare("PRAGMA user_version").get([]) as { user_version: number };
  const script = migration(user_version);
  if (!script) return;
  try {
    connection.exec(script);
  } catch (error) {
    rollBack(connection);
    throw error;
  }
}

/** Ends a transaction that failed, if there still is one: the driver's own word on that ends the process at times. */
export function rollBack(connection: Connection): void {
  try {
    connection.exec("ROLLBACK");
  } catch {
    // SQLite took it back by itself; or else the next one cannot begin, and it is tried again.
  }
}

/** Gives the file up, for the next process to open: as one file, without a journal beside it. */
export function closeFile(connection: Connection): void {
  try {
    // Prepared statements outlive `close`, and the lock with them, so it is let go of by name.
    connection.exec("PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT 1 FROM sqlite_schema LIMIT 1");
  } finally {
    connection.close();
  }
}

/** Scripts only: with a prepared statement, a connection that is refused would keep its lock. */
function open({ path, durability }: Settings): Connection {
  if (path !== MEMORY) makeFile(path);
  const connection = new Driver(path, { timeout: 0 });
  try {
    // The operating system holds this lock, so it goes with the process, however that ends.
    connection.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT");
    examine(connection, path);
    connection.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${durability === "power" ? "FULL" : "NORMAL"};
      PRAGMA journal_size_limit = 67108864;
      PRAGMA secure_delete = FAST;
      PRAGMA cell_size_check = ON;
    `);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** For the owner's eyes only: a record may hold a payment that can still be settled. */
function makeFile(path: string): void {
  // A file that is there is not touched: closing it here would end the locks that this process has on it.
  if (existsSync(path)) return;
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
  }
}

function examine(connection: Connection, path: string): void {
  try {
    connection.exec(EXAMINE);
  } catch (error) {
    const message = error instanceof Error ? error.message : "";
    if (message.includes("newer_schema")) {
      throw new StoreError("store_too_new", `${path} was written by a newer @turnpike/sqlite. Update this one`);
    }
    if (message.includes("other_application")) {
      throw new StoreError(
        "store_unreadable",
        `${path} belongs to another application. Use a separate file for payments`,
      );
    }
    throw error;
  }
}

function inUse(path: string, cause: unknown): StoreError {
  const message = `Another process has ${path} open. An SQLite file serves one process: stop the other, or use Redis or PostgreSQL for several`;
  return new StoreError("store_in_use", message, { cause });
}
