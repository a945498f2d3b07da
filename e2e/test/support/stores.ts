import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { createClient } from "redis";
import { describe, test } from "vitest";
import { limitsOfShop } from "./limits.js";

export type StoreName = "file" | "redis" | "postgres";

/** A store of one test's own. */
export interface TestStore extends AsyncDisposable {
  /** What `STORE` has to be. */
  readonly variable: string;
}

const redis = "redis://127.0.0.1:6379";
const postgres = "postgres://postgres@127.0.0.1/test";

const makers: Readonly<Record<StoreName, () => Promise<TestStore>>> = {
  async file() {
    const folder = await mkdtemp(join(tmpdir(), "turnpike-shop-test-"));
    return {
      variable: `file:${join(folder, "payments")}`,
      [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
    };
  },
  async redis() {
    const prefix = `shop-${randomBytes(6).toString("hex")}`;
    return {
      variable: `${redis}/0?prefix=${prefix}`,
      [Symbol.asyncDispose]: () =>
        withRedis(async (client) => {
          const keys = await client.keys(`{${prefix}}:*`);
          if (keys.length > 0) await client.del(keys);
        }),
    };
  },
  async postgres() {
    const schema = `shop_${randomBytes(6).toString("hex")}`;
    return {
      variable: `${postgres}?schema=${schema}`,
      [Symbol.asyncDispose]: () =>
        withPostgres(async (client) => void (await client.query(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`))),
    };
  },
};

const services: Partial<Record<StoreName, { readonly needs: string; readonly trouble: string | undefined }>> = {
  redis: { needs: `Redis at ${redis}`, trouble: await findTrouble(() => withRedis((client) => client.ping())) },
  postgres: {
    needs: `PostgreSQL at ${postgres}`,
    trouble: await findTrouble(() => withPostgres((client) => client.query("SELECT 1"))),
  },
};

/** Where the services belong to the machine, a case that is left out is a failure. */
const required = Boolean(process.env.CI) || process.env.TURNPIKE_REQUIRE_SERVICES === "1";

/**
 * Cases for each store that the shop of this project has. Where the server of one is not there they are left out, and say
 * so; with `CI` or `TURNPIKE_REQUIRE_SERVICES=1` in the environment they fail.
 */
export function describeStores(cases: (name: StoreName, open: () => Promise<TestStore>) => void): void {
  for (const name of limitsOfShop().stores) {
    describe(`with STORE=${name}:`, () => {
      const { needs, trouble } = services[name] ?? {};
      if (trouble === undefined) return cases(name, makers[name]);
      const reason = `left out, for there is no ${needs} (${trouble})`;
      if (!required) process.stdout.write(`STORE=${name}: ${reason}\n`);
      test(`needs ${needs}`, ({ skip }) => {
        if (required) throw new Error(reason);
        skip(reason);
      });
    });
  }
}

/** A store in a file, which every shop has. */
export const openFileStore = makers.file;

async function findTrouble(ask: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await ask();
    return undefined;
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error);
  }
}

async function withRedis<T>(act: (client: ReturnType<typeof connectRedis>) => Promise<T>): Promise<void> {
  const client = connectRedis();
  client.on("error", () => {});
  await client.connect();
  try {
    await act(client);
  } finally {
    client.destroy();
  }
}

function connectRedis() {
  return createClient({ url: redis, socket: { connectTimeout: 5_000, reconnectStrategy: false } });
}

async function withPostgres<T>(act: (client: Client) => Promise<T>): Promise<void> {
  const client = new Client({ connectionString: postgres, connectionTimeoutMillis: 5_000 });
  client.on("error", () => {});
  await client.connect();
  try {
    await act(client);
  } finally {
    await client.end();
  }
}
