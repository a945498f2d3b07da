import { randomBytes } from "node:crypto";
import { Redis } from "ioredis";
import { createClient } from "redis";
import type { RedisClient } from "../../src/index.js";

/** A client of one of the two drivers. */
export interface Opened {
  readonly client: RedisClient;
  /** The server's id of the connection. */
  connection(): Promise<string>;
  close(): void;
}

export interface Driver {
  readonly name: string;
  /** @param reconnect whether it connects again by itself */
  open(url: string, reconnect?: boolean): Promise<Opened>;
}

/** Errors of a connection are what some tests are about: the clients want to be listened to. */
const ignore = () => {};

export const nodeRedis: Driver = {
  name: "redis",
  open: async (url, reconnect = true) => {
    const socket = { reconnectStrategy: reconnect ? () => 20 : (false as const) };
    const client = createClient({ url, socket });
    client.on("error", ignore);
    await client.connect();
    return {
      client,
      connection: async () => String(await client.sendCommand(["CLIENT", "ID"])),
      close: () => {
        if (client.isOpen) client.destroy();
      },
    };
  },
};

export const ioredis: Driver = {
  name: "ioredis",
  open: async (url, reconnect = true) => {
    const client = new Redis(url, { retryStrategy: () => (reconnect ? 20 : null) });
    client.on("error", ignore);
    await client.ping();
    return {
      client,
      connection: async () => String(await client.call("CLIENT", "ID")),
      close: () => client.disconnect(),
    };
  },
};

export const DRIVERS = [nodeRedis, ioredis] as const;

/** A prefix that nobody else has. */
export function freshPrefix(): string {
  return `turnpike-test-${randomBytes(8).toString("hex")}`;
}

export async function keysOf(redis: Redis, prefix: string): Promise<string[]> {
  const keys = new Set<string>();
  let cursor = "0";
  do {
    const [next, some] = await redis.scan(cursor, "MATCH", `*{${prefix}}:*`, "COUNT", 1000);
    for (const key of some) keys.add(key);
    cursor = next;
  } while (cursor !== "0");
  return [...keys].sort();
}

export async function removeKeys(redis: Redis, prefix: string): Promise<void> {
  const keys = await keysOf(redis, prefix);
  if (keys.length > 0) await redis.unlink(...keys);
}
