import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { describe, it } from "vitest";

/** The Redis that the tests use; what they write there has a prefix of its own, and is removed. */
export const REDIS_URL = process.env.REDIS_URL ?? "redis://127.0.0.1:6379";

/** The program with which tests start a Redis of their own. */
export const REDIS_SERVER = process.env.REDIS_SERVER ?? "redis-server";

/** Where services are expected, a test that lacks one fails. */
const required = Boolean(process.env.CI) || process.env.TURNPIKE_REQUIRE_SERVICES === "1";

/** Why the tests that need a Redis cannot run. */
export async function missRedis(): Promise<string | undefined> {
  const redis = new Redis(REDIS_URL, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 5_000 });
  // Without a listener the client writes to the console.
  redis.on("error", () => {});
  try {
    await redis.connect();
    await redis.ping();
    return undefined;
  } catch {
    return `no Redis answers at ${REDIS_URL}: start one with \`redis-server\`, or name another in REDIS_URL`;
  } finally {
    redis.disconnect();
  }
}

/** Why the tests that start a Redis of their own cannot run. */
export async function missServer(): Promise<string | undefined> {
  try {
    await promisify(execFile)(REDIS_SERVER, ["--version"]);
    return undefined;
  } catch {
    return `there is no ${REDIS_SERVER} to start: install Redis`;
  }
}

/** Declares tests that need a service. Without it they are shown as left out, with the reason; or fail, in CI. */
export function describeWith(missing: string | undefined, title: string, declare: () => void): void {
  if (missing === undefined) {
    describe(title, declare);
    return;
  }
  if (required) {
    it(`${title} (what it needs is there)`, () => {
      throw new Error(`${missing}.`);
    });
    return;
  }
  process.stdout.write(`${title}: left out, since ${missing}\n`);
  // biome-ignore lint/suspicious/noSkippedTests: what lacks its service is shown, not hidden
  it.skip(`${title} (left out: ${missing})`, () => {});
}
