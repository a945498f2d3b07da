import type { Store } from "@turnpike/core";
import { postgresStore } from "@turnpike/postgres";
import { redisStore } from "@turnpike/redis";
import { sqliteStore } from "@turnpike/sqlite";
import pg from "pg";
import { createClient } from "redis";

/** Opens the store that a URL names: `file:<path>`, `redis://…?prefix=…` or `postgres://…?schema=…`. */
export async function openStore(address: string): Promise<Store> {
  if (address.startsWith("file:")) return sqliteStore(address.slice("file:".length));
  const url = new URL(address);
  const room = url.searchParams.get("room") ?? "turnpike";
  url.search = "";
  if (url.protocol === "redis:") {
    const client = createClient({
      url: url.href,
      disableOfflineQueue: true,
      socket: { reconnectStrategy: 100, connectTimeout: 1_000 },
    });
    client.on("error", () => {});
    await client.connect();
    return redisStore(client, { prefix: room, timeout: 10_000 });
  }
  const pool = new pg.Pool({ connectionString: url.href, max: 8, connectionTimeoutMillis: 1_500 });
  pool.on("error", () => {});
  return postgresStore(pool, { schema: room, timeout: 10_000 });
}

/** Removes what a run has left in a store that others use too. */
export async function clearRoom(address: string): Promise<void> {
  if (address.startsWith("file:")) return;
  const url = new URL(address);
  const room = url.searchParams.get("room") ?? "";
  url.search = "";
  if (url.protocol === "redis:") {
    const client = createClient({ url: url.href });
    await client.connect();
    for await (const keys of client.scanIterator({ MATCH: `*{${room}}*`, COUNT: 1_000 })) {
      if (keys.length > 0) await client.del(keys);
    }
    client.destroy();
    return;
  }
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await client.query(`drop schema if exists "${room.replaceAll('"', "")}" cascade`);
  await client.end();
}
