import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Store, StoredPayment } from "@turnpike/core";
import { postgresStore } from "@turnpike/postgres";
import { redisStore } from "@turnpike/redis";
import { sqliteStore } from "@turnpike/sqlite";
import pg from "pg";
import { createClient } from "redis";

export type StageName = "sqlite" | "redis" | "postgres";

/** A store of a test's own, as the app whose payments it has would use it. */
export interface Stage {
  /** What the command is told of it. */
  readonly args: readonly string[];
  /** The store, for as long as `work` takes: a file serves one process, and one store, at a time. */
  use<T>(work: (store: Store) => Promise<T>): Promise<T>;
  /** Puts payments on record, which nobody is at work on. */
  put(...payments: readonly StoredPayment[]): Promise<void>;
  /** Whether there is a store of this name beside it. */
  exists(name: string): Promise<boolean>;
  /** The payment as it is now, with what only the engine may see. */
  read(id: string): Promise<StoredPayment | undefined>;
  close(): Promise<void>;
}

const addresses = {
  redis: process.env.REDIS_URL ?? "redis://127.0.0.1:6379",
  postgres: "postgres://postgres@127.0.0.1:5432/test",
};

export async function openStage(name: StageName): Promise<Stage> {
  const own = `turnpike_cli_${randomBytes(6).toString("hex")}`;
  if (name === "sqlite") return openSqlite();
  return name === "redis" ? openRedis(own) : openPostgres(own);
}

/** Why a stage cannot be had; nothing if it can. */
export async function findTrouble(name: StageName): Promise<string | undefined> {
  if (name === "sqlite") return undefined;
  try {
    const stage = await openStage(name);
    await stage.use((store) => Promise.resolve(store.list({ order: "newest", limit: 1 })));
    await stage.close();
    return undefined;
  } catch (error) {
    return `${name} does not answer at ${addresses[name]} (${String(Reflect.get(Object(error), "code"))})`;
  }
}

function stage(
  args: readonly string[],
  use: Stage["use"],
  close: Stage["close"],
  exists: Stage["exists"] = async () => false,
): Stage {
  return {
    args,
    use,
    exists,
    put: (...payments) =>
      use(async (store) => {
        await Promise.all(payments.map((payment) => store.insert(payment, 0)));
      }),
    read: async (id) => (await use(async (store) => store.read(id)))?.record,
    close,
  };
}

function openSqlite(): Stage {
  const folder = mkdtempSync(join(tmpdir(), "turnpike-cli-"));
  const path = join(folder, "payments.db");
  const use: Stage["use"] = async (work) => {
    const store = sqliteStore(path);
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  };
  return stage(["--store", `file:${path}`], use, async () => rmSync(folder, { recursive: true }));
}

async function openRedis(prefix: string): Promise<Stage> {
  const client = createClient({ url: addresses.redis, socket: { reconnectStrategy: false } });
  client.on("error", () => {});
  await client.connect();
  const store = redisStore(client, { prefix, allowEviction: true });
  const close = async () => {
    const keys = await client.keys(`{${prefix}}:*`);
    if (keys.length > 0) await client.del(keys);
    await client.close();
  };
  return stage(
    ["--store", addresses.redis, "--prefix", prefix],
    (work) => work(store),
    close,
    async (other) => {
      return (await client.keys(`*${other}*`)).length > 0;
    },
  );
}

async function openPostgres(schema: string): Promise<Stage> {
  const pool = new pg.Pool({ connectionString: addresses.postgres, max: 2 });
  pool.on("error", () => {});
  const store = postgresStore(pool, { schema });
  const close = async () => {
    await pool.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
    await pool.end();
  };
  return stage(
    ["--store", addresses.postgres, "--schema", schema],
    (work) => work(store),
    close,
    async (other) => {
      return (await pool.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [other])).rows.length > 0;
    },
  );
}
