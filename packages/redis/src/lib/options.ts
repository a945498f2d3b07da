import { ConfigError, unknownOptions } from "@turnpike/core";
import { openCommands } from "./client.js";
import type { Commands } from "./commands.js";

export interface RedisStoreOptions {
  /** Prefix of the keys, in braces, so that a cluster keeps them together. @default "turnpike" */
  readonly prefix?: string;
  /** Bytes of the largest response that is kept. @default 8388608 (8 MiB) */
  readonly maxAnswer?: number;
  /** Total bytes of kept responses, including headers; the oldest are dropped first. @default 268435456 (256 MiB) */
  readonly answerBytes?: number;
  /** Milliseconds that one operation may take. A write that timed out may still happen. @default 2000 */
  readonly timeout?: number;
  /**
   * Replicas that must have a record before it counts as written; with fewer the operation rejects. Needs a client with
   * one connection, used only by the store: waiting for replicas blocks it. @default 0
   */
  readonly replicas?: number;
  /**
   * Accept a Redis that evicts keys when memory runs out: a payment whose record is evicted may buy again, and one that
   * is owed or unknown is lost. @default false
   */
  readonly allowEviction?: boolean;
}

export interface Settings extends Required<RedisStoreOptions> {
  readonly commands: Commands;
  /** What every key begins with. */
  readonly key: string;
}

/** Half of what Redis takes as one string. */
const MAX_ANSWER = 256 * 1024 * 1024;

/** @throws ConfigError with every problem */
export function readOptions(client: unknown, options: RedisStoreOptions): Settings {
  const { prefix = "turnpike", timeout = 2_000, replicas = 0, allowEviction = false } = options;
  const { maxAnswer = 8 * 1024 * 1024, answerBytes = 256 * 1024 * 1024 } = options;
  const key = `{${prefix}}:`;
  const commands = openCommands(client, key);
  const checks: [valid: boolean, path: string, message: string][] = [
    [
      commands !== undefined,
      "client",
      "give a client, pool, sentinel or cluster of `redis` (4 or later), or a Redis or Cluster of `ioredis` (5 or later)",
    ],
    [typeof prefix === "string" && /^[^{}]{1,200}$/.test(prefix), "prefix", "give 1 to 200 characters, no braces"],
    [isWithin(maxAnswer, 0, MAX_ANSWER), "maxAnswer", `give bytes from 0 to ${MAX_ANSWER}`],
    [isWithin(answerBytes, 0, Number.MAX_SAFE_INTEGER), "answerBytes", "give a whole number of bytes"],
    [isWithin(timeout, 1, 60_000), "timeout", "give milliseconds from 1 to 60000"],
    [isWithin(replicas, 0, 100), "replicas", "give a whole number from 0 to 100"],
    [
      replicas === 0 || commands === undefined || commands.countConnections !== undefined,
      "replicas",
      "a pool, sentinel or cluster has several connections, and only the one that wrote can wait for replicas: " +
        "give a client with one connection, or set `min-replicas-to-write` in Redis",
    ],
    [typeof allowEviction === "boolean", "allowEviction", "give true or false"],
  ];
  const wrong = checks
    .filter(([valid]) => !valid)
    .map(([, path, message]) => ({ code: "invalid_option", path: `redisStore.${path}`, message }));
  const names = checks.map(([, name]) => name);
  const problems = [...wrong, ...unknownOptions("redisStore", options, names)];
  if (problems.length > 0 || !commands) throw new ConfigError(problems);
  return { commands, key, prefix, maxAnswer, answerBytes, timeout, replicas, allowEviction };
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
