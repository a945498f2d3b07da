export type { PgClient, PgPool, PostgresClient, PostgresSql } from "./lib/client.js";
export type { PostgresStoreOptions } from "./lib/options.js";
export { postgresStore } from "./lib/postgres-store.js";
export { postgresSchema } from "./lib/schema.js";
