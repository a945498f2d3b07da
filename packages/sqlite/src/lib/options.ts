import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError, unknownOptions } from "@turnpike/core";

export interface SqliteStoreOptions {
  /**
   * What an acknowledged write survives: `power`: a power failure, by one disk flush for all concurrent writes;
   * `process`: the end of the process, including a kill. @default "power"
   */
  readonly durability?: "power" | "process";
  /** Milliseconds that the first operation waits for an earlier process to release the file. @default 5000 */
  readonly wait?: number;
  /** Bytes of the largest response that is kept. @default 8388608 (8 MiB) */
  readonly maxAnswer?: number;
  /** Total bytes of kept responses; the oldest are dropped first. @default 1073741824 (1 GiB) */
  readonly answerBytes?: number;
}

export interface Settings extends Required<SqliteStoreOptions> {
  /** Absolute, or `:memory:`. */
  readonly path: string;
}

export const MEMORY = ":memory:";

/** Beyond this, one response would hold up everything else for too long. */
const MAX_ANSWER = 64 * 1024 * 1024;

/** @throws ConfigError with every problem */
export function readOptions(path: string | URL, options: SqliteStoreOptions): Settings {
  const { durability = "power", wait = 5_000 } = options;
  const { maxAnswer = 8 * 1024 * 1024, answerBytes = 1024 * 1024 * 1024 } = options;
  const file = readPath(path);
  const checks: [valid: boolean, name: string, message: string][] = [
    [file !== undefined, "path", 'give the path of a file, such as "./payments.db", or a file URL'],
    [durability === "power" || durability === "process", "durability", 'give "power" or "process"'],
    [isWithin(wait, 0, 600_000), "wait", "give milliseconds from 0 to 600000"],
    [isWithin(maxAnswer, 0, MAX_ANSWER), "maxAnswer", `give bytes from 0 to ${MAX_ANSWER}`],
    [isWithin(answerBytes, 0, Number.MAX_SAFE_INTEGER), "answerBytes", "give a whole number of bytes"],
  ];
  const wrong = checks
    .filter(([valid]) => !valid)
    .map(([, name, message]) => ({ code: "invalid_option", path: `sqliteStore.${name}`, message }));
  const names = checks.map(([, name]) => name);
  const problems = [...wrong, ...unknownOptions("sqliteStore", options, names)];
  if (problems.length > 0 || file === undefined) throw new ConfigError(problems);
  return { path: file, durability, wait, maxAnswer, answerBytes };
}

function readPath(path: unknown): string | undefined {
  if (path instanceof URL) return path.protocol === "file:" ? fileURLToPath(path) : undefined;
  // The driver would take some of these for servers.
  if (typeof path !== "string" || path.trim() === "" || /^(file:|[a-z][a-z0-9+.-]*:\/\/)|\0/i.test(path))
    return undefined;
  return path === MEMORY ? MEMORY : resolve(path);
}

function isWithin(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
