import { type Store, StoreError } from "@turnpike/core";
import { load } from "./drivers.js";
import { CommandError } from "./errors.js";
import { requireFile, requireKeys, requireTables } from "./existing.js";
import type { StoreSettings } from "./settings.js";

/** A store and the connection that was opened for it. */
export interface OpenedStore {
  readonly store: Store;
  close(): Promise<void>;
}

/** Milliseconds to connect. */
const CONNECT = 5_000;

/** Opens the store at an address, with its driver. Never creates one: a misspelt name would look empty and fine. */
export async function openStore(settings: StoreSettings): Promise<OpenedStore> {
  const protocol = /^([a-z]+):/.exec(settings.url)?.[1];
  if (protocol === "file") return openFile(settings);
  if (protocol === undefined || protocol === "sqlite") {
    const path = protocol === undefined ? settings.url : settings.url.slice("sqlite:".length);
    const file = /^[\w./-]{1,200}$/.test(path) && !/[0-9a-f]{64}/i.test(path) ? path : "<path>";
    throw new CommandError("invalid_arguments", `Write a file as file:${file}`);
  }
  if (!URL.canParse(settings.url) || !settings.url.startsWith(`${protocol}://`)) {
    throw new CommandError("invalid_arguments", "The store's address is not valid: use redis://… or postgres://…");
  }
  if (protocol === "redis" || protocol === "rediss") return openRedis(settings);
  if (protocol === "postgres" || protocol === "postgresql") return openPostgres(settings);
  throw new CommandError("invalid_arguments", "The store must be redis://…, rediss://…, postgres://… or file:<path>");
}

async function openFile({ url }: StoreSettings): Promise<OpenedStore> {
  const path = requireFile(url);
  const { sqliteStore } = await load("libsql", "A store in a file", () => import("@turnpike/sqlite"));
  const store = sqliteStore(path);
  return { store, close: async () => store.close() };
}

async function openRedis({ url, prefix = "turnpike" }: StoreSettings): Promise<OpenedStore> {
  const [{ createClient }, { redisStore }] = await load("redis", "A store in Redis", () =>
    Promise.all([import("redis"), import("@turnpike/redis")]),
  );
  const client = createClient({ url, socket: { connectTimeout: CONNECT, reconnectStrategy: false } });
  // Failures show in the operation that fails; an error without a listener would end the process.
  client.on("error", () => {});
  await client.connect().catch((cause: unknown) => {
    throw new StoreError("store_unavailable", "Redis cannot be reached", { cause });
  });
  const close = async () => {
    if (client.isOpen) await client.close();
  };
  try {
    // Whether eviction is acceptable is decided by the app.
    const store = redisStore(client, { allowEviction: true, prefix });
    await requireKeys((args) => client.sendCommand([...args]), prefix);
    return { store, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openPostgres({ url, schema = "turnpike" }: StoreSettings): Promise<OpenedStore> {
  const [{ default: pg }, { postgresStore }] = await load("pg", "A store in PostgreSQL", () =>
    Promise.all([import("pg"), import("@turnpike/postgres")]),
  );
  const pool = new pg.Pool({ connectionString: url, max: 4, connectionTimeoutMillis: CONNECT });
  pool.on("error", () => {});
  const close = () => pool.end();
  try {
    const store = postgresStore(pool, { schema, allowAsyncCommit: true });
    await requireTables(async (text, values) => (await pool.query(text, [...values])).rows, schema);
    return { store, close };
  } catch (error) {
    await close();
    throw error;
  }
}
