import type { Store } from "@turnpike/core";

// Each driver is loaded where it is used: hundreds of shops start, each with one of them.

/** Opens the store that a URL names: `file:<path>`, `redis://…?room=…` or `postgres://…?room=…`. */
export async function openStore(address: string): Promise<Store> {
  if (address.startsWith("file:")) {
    const { sqliteStore } = await import("@turnpike/sqlite");
    return sqliteStore(address.slice("file:".length));
  }
  const url = new URL(address);
  const room = url.searchParams.get("room") ?? "turnpike";
  url.search = "";
  return url.protocol === "redis:" ? openRedis(url, room) : openPostgres(url, room);
}

async function openRedis({ href }: URL, prefix: string): Promise<Store> {
  const [{ redisStore }, { createClient }] = await Promise.all([import("@turnpike/redis"), import("redis")]);
  const client = createClient({
    url: href,
    disableOfflineQueue: true,
    socket: { reconnectStrategy: 100, connectTimeout: 1_000 },
  });
  client.on("error", () => {});
  await client.connect();
  return redisStore(client, { prefix, timeout: 10_000 });
}

async function openPostgres({ href }: URL, schema: string): Promise<Store> {
  const [{ postgresStore }, { default: pg }] = await Promise.all([import("@turnpike/postgres"), import("pg")]);
  const pool = new pg.Pool({ connectionString: href, max: 8, connectionTimeoutMillis: 1_500 });
  pool.on("error", () => {});
  return postgresStore(pool, { schema, timeout: 10_000 });
}

/** Removes what a run has left in a store that others use too. */
export async function clearRoom(address: string): Promise<void> {
  if (address.startsWith("file:")) return;
  const url = new URL(address);
  const room = url.searchParams.get("room") ?? "";
  url.search = "";
  if (url.protocol === "redis:") {
    const { createClient } = await import("redis");
    const client = createClient({ url: url.href });
    await client.connect();
    for await (const keys of client.scanIterator({ MATCH: `*{${room}}*`, COUNT: 1_000 })) {
      if (keys.length > 0) await client.del(keys);
    }
    client.destroy();
    return;
  }
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  await client.query(`drop schema if exists "${room.replaceAll('"', "")}" cascade`);
  await client.end();
}
