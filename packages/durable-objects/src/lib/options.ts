import { ConfigError, type ConfigProblem, unknownOptions } from "@turnpike/core";
import type { LedgerNamespace } from "./cloudflare.js";

export interface DurableObjectStoreOptions {
  /** Separates several ledgers in one namespace, for example those of two shops. @default "turnpike" */
  readonly name?: string;
  /**
   * Number of objects that share the records. One serves several hundred operations a second; a purchase takes about
   * five. It cannot be changed once the ledger exists. @default 1
   */
  readonly shards?: number;
  /**
   * Bytes of the largest response that is kept, at most 1900000: Cloudflare limits a row to 2 MB. @default 1048576 (1
   * MiB)
   */
  readonly maxAnswer?: number;
  /** Total bytes of kept responses; the oldest are dropped first. @default 268435456 (256 MiB) */
  readonly answerBytes?: number;
  /** Milliseconds that one operation may take. @default 10000 */
  readonly timeout?: number;
}

const MAX_ANSWER = 1_900_000;
/** Cloudflare lets one object hold 10 GB, and records need room too. */
const MAX_ANSWERS = 8_000_000_000;

/** @throws ConfigError with every problem */
export function readOptions(
  namespace: LedgerNamespace,
  options: DurableObjectStoreOptions,
): Required<DurableObjectStoreOptions> {
  const { name = "turnpike", shards = 1, maxAnswer = 1_048_576, answerBytes = 268_435_456, timeout = 10_000 } = options;
  const checks: [valid: boolean, path: string, message: string][] = [
    [typeof name === "string" && name !== "" && name.length <= 200, "name", "give 1 to 200 characters"],
    [isWithin(shards, 1, 100), "shards", "give a whole number from 1 to 100"],
    [isWithin(maxAnswer, 0, MAX_ANSWER), "maxAnswer", `give bytes from 0 to ${MAX_ANSWER}`],
    [isWithin(answerBytes, 0, MAX_ANSWERS), "answerBytes", `give bytes from 0 to ${MAX_ANSWERS}`],
    [isWithin(timeout, 1, 60_000), "timeout", "give milliseconds from 1 to 60000"],
  ];
  const names = checks.map(([, name]) => name);
  const problems = [
    ...examine(namespace),
    ...unknownOptions("durableObjectStore", options, names),
    ...checks
      .filter(([valid]) => !valid)
      .map(([, path, message]) => ({ code: "invalid_option", path: `durableObjectStore.${path}`, message })),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return { name, shards, maxAnswer, answerBytes, timeout };
}

function examine(namespace: unknown): ConfigProblem[] {
  const path = "durableObjectStore.namespace";
  if (has(namespace, "idFromName") && has(namespace, "get")) return [];
  if (has(namespace, "getWithMetadata") && has(namespace, "put")) {
    const message =
      "this is a namespace of Workers KV. It is only eventually consistent, so it cannot claim a payment: two requests " +
      "could both use it. Bind the class PaymentLedger as a Durable Object, and give that binding";
    return [{ code: "store_not_atomic", path, message }];
  }
  const message =
    "give the binding of a Durable Object class, such as `env.LEDGER`; is it in the Worker's configuration?";
  return [{ code: "invalid_option", path, message }];
}

function has(value: unknown, method: string): boolean {
  return typeof value === "object" && value !== null && typeof Reflect.get(value, method) === "function";
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
