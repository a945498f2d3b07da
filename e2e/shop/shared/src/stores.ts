import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Store } from "@turnpike/core";
import type { StoreSetting } from "./store-setting.js";

/** A store, and the connection that was opened for it. */
export interface OpenStore {
  /** Nothing for the memory of the process, which the library makes itself. */
  readonly store: Store | undefined;
  /** To be called once nobody uses it any more. */
  close(): Promise<void>;
}

/**
 * Opens what `STORE` names. A driver is loaded only where it is used. A server that is down does not stop the start: free
 * routes are served, priced ones answer 503 until it is there.
 * @throws ConfigError if the name of its keys or tables is none
 */
export async function openStore(setting: StoreSetting): Promise<OpenStore> {
  switch (setting.kind) {
    case "memory":
      return { store: undefined, close: async () => {} };
    case "file": {
      const { sqliteStore } = await import("@turnpike/sqlite");
      mkdirSync(dirname(setting.path), { recursive: true });
      const store = sqliteStore(setting.path);
      return { store, close: () => store.close() };
    }
    case "redis":
      return openRedis(setting);
    case "postgres":
      return openPostgres(setting);
  }
}

async function openRedis({ url, prefix }: Extract<StoreSetting, { kind: "redis" }>): Promise<OpenStore> {
  const [{ createClient }, { redisStore }] = await Promise.all([import("redis"), import("@turnpike/redis")]);
  const client = createClient({ url });
  // The operation that fails tells it; an error that nobody listens to would end the process.
  client.on("error", () => {});
  const store = redisStore(client, prefix === undefined ? {} : { prefix });
  client.connect().catch(() => {});
  return { store, close: async () => void (client.isOpen && client.destroy()) };
}

async function openPostgres({ url, schema }: Extract<StoreSetting, { kind: "postgres" }>): Promise<OpenStore> {
  const [{ default: pg }, { postgresStore }] = await Promise.all([import("pg"), import("@turnpike/postgres")]);
  const pool = new pg.Pool({ connectionString: url });
  pool.on("error", () => {});
  const store = postgresStore(pool, schema === undefined ? {} : { schema });
  return { store, close: () => pool.end() };
}
