import { StoreError } from "@turnpike/core";
import type { Send } from "./operations.js";
import { readText } from "./replies.js";
import { PREPARE, runScript } from "./scripts.js";

/** Version of the keys that this code reads and writes. */
const SCHEMA_VERSION = 1;

/** Looks once whether Redis will do; the others wait for the first. One that failed, or found that it will not, is made up for. */
export function createPreparation(key: string, allowEviction: boolean): (send: Send) => Promise<void> {
  let ready: Promise<void> | undefined;
  return (send) => {
    ready ??= prepare(send, key, allowEviction).catch((error: unknown) => {
      ready = undefined;
      throw error;
    });
    return ready;
  };
}

async function prepare(send: Send, key: string, allowEviction: boolean): Promise<void> {
  const reply = await runScript(send, PREPARE, key, [String(SCHEMA_VERSION)]);
  const [version, policy] = (reply as unknown[]).map(readText);
  if (Number(version) > SCHEMA_VERSION) {
    const message = `The keys are of version ${version}, and this code knows up to ${SCHEMA_VERSION}. Update @turnpike/redis`;
    throw new StoreError("store_too_new", message);
  }
  // The volatile ones drop keys that expire only: never a record of a payment that is open.
  if (policy?.startsWith("allkeys-") && !allowEviction) {
    throw new StoreError(
      "store_evicts",
      `With maxmemory-policy ${policy} Redis may drop open payments. Set it to noeviction, or give \`allowEviction: true\``,
    );
  }
}
