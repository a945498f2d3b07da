import type { Commands } from "./commands.js";
import { overIoredis } from "./ioredis.js";
import { overNodeRedis } from "./node-redis.js";

/** A client, pool, sentinel or cluster of `redis`, version 4 or later. */
export interface NodeRedisClient {
  sendCommand(...args: never[]): unknown;
  readonly isOpen: boolean;
}

/** A `Redis` or `Cluster` of `ioredis`, version 5 or later. */
export interface IoredisClient {
  callBuffer(...args: never[]): unknown;
  readonly status: string;
}

export type RedisClient = NodeRedisClient | IoredisClient;

/**
 * What the seller's client can do for the store; `undefined` if it is none that the store knows.
 * @param key decides which node of a cluster is asked
 */
export function openCommands(client: unknown, key: string): Commands | undefined {
  if (typeof client !== "object" || client === null) return undefined;
  // Pipelines of ioredis have the same methods, but no status: what is put into one waits for `exec`.
  if (has(client, "evalshaBuffer") && "status" in client) return overIoredis(client);
  // Older versions of `redis`, and the legacy form of a client, send commands too, but have callbacks.
  if (!has(client, "sendCommand") || !("isOpen" in client) || isLegacy(client)) return undefined;
  return overNodeRedis(client, key);
}

/** A client of version 4 may have been made with `legacyMode`. */
function isLegacy(client: object): boolean {
  const { options } = client as { readonly options?: { readonly legacyMode?: unknown } | undefined };
  return options?.legacyMode === true;
}

function has(value: object, method: string): boolean {
  return typeof Reflect.get(value, method) === "function";
}
