export type { SqliteStoreOptions } from "./lib/options.js";
export { type SqliteStore, sqliteStore } from "./lib/sqlite-store.js";
