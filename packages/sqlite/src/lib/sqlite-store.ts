import type { Store } from "@turnpike/core";
import { closedError, createDatabase, type Database, type Tables } from "./database.js";
import { MEMORY, readOptions, type Settings, type SqliteStoreOptions } from "./options.js";

export interface SqliteStore extends Store {
  /** Finishes pending writes and releases the file. Operations reject from then on. */
  close(): Promise<void>;
}

interface Shared {
  readonly database: Database;
  users: number;
}

/** Frameworks load modules more than once, and a process opens a file once: by its path, for all copies. */
const KEY = Symbol.for("turnpike.sqlite");
const home = globalThis as { [KEY]?: Map<string, Shared> };
home[KEY] ??= new Map();
const files = home[KEY];

/**
 * Keeps payment records in an SQLite file, which only one process can open at a time. The file is opened at the first
 * operation. Stores of one path share it within a process; the options of the first apply.
 *
 * @param path of the file, or `:memory:` for a database that lasts as long as the store
 * @throws ConfigError
 */
export function sqliteStore(path: string | URL, options: SqliteStoreOptions = {}): SqliteStore {
  const settings = readOptions(path, options);
  let shared: Shared | undefined;
  let closed = false;

  const run = async <T>(operation: (tables: Tables) => T, writes: boolean): Promise<T> => {
    if (closed) throw closedError(settings.path);
    shared ??= share(settings);
    return shared.database.run(operation, writes);
  };
  const reading = <T>(operation: (tables: Tables) => T) => run(operation, false);
  const writing = <T>(operation: (tables: Tables) => T) => run(operation, true);

  return {
    name: "sqlite",
    atomic: true,
    scope: "process",
    read: (id) => reading(({ payments }) => payments.read(id)),
    insert: (record, lease) => writing(({ payments }) => payments.insert(record, lease)),
    replace: (record, version, lease, answer) =>
      writing(({ payments, answers }) => {
        if (!payments.replace(record, version, lease)) return false;
        if (answer) answers.put(record.id, answer);
        return true;
      }),
    // Leases are in memory: nothing is written.
    renew: (id, holder, lease) => reading(({ payments }) => payments.renew(id, holder, lease)),
    answer: (id) => reading(({ answers }) => answers.read(id)),
    link: (key, id, expiresAt, instead) => writing(({ links }) => links.link(key, id, expiresAt, instead)),
    linked: (key) => reading(({ links }) => links.linked(key)),
    list: (query) => reading(({ payments }) => payments.list(query)),
    close: async () => {
      if (closed) return;
      closed = true;
      if (!shared || --shared.users > 0) return;
      if (files.get(settings.path) === shared) files.delete(settings.path);
      await shared.database.close();
    },
  };
}

function share(settings: Settings): Shared {
  const { path } = settings;
  const shared = files.get(path) ?? { database: createDatabase(settings), users: 0 };
  shared.users++;
  if (path !== MEMORY) files.set(path, shared);
  return shared;
}
