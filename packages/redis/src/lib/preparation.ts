import { StoreError } from "@turnpike/core";
import type { Send } from "./operations.js";
import { readText } from "./replies.js";
import { PREPARE, runScript } from "./scripts.js";
import type { Upgrade } from "./upgrade.js";

/** Version of the keys that this code reads and writes. */
const SCHEMA_VERSION = 2;
/** Milliseconds after which it is looked again: a policy can be changed, and another node can take over. */
const LOOK_AGAIN = 60_000;

/**
 * Looks whether Redis will do, and again from time to time; the others wait for the first. One that failed, or found that
 * it will not, is made up for.
 */
export function createPreparation(
  key: string,
  allowEviction: boolean,
  upgrade: Upgrade,
): (send: Send) => Promise<void> {
  let ready: Promise<void> | undefined;
  let lookedAt = 0;
  let warned = allowEviction;
  return (send) => {
    if (ready && performance.now() - lookedAt < LOOK_AGAIN) return ready;
    lookedAt = performance.now();
    const looked = prepare(send, key, allowEviction, upgrade).then(
      (policy) => {
        if (policy !== undefined || warned) return;
        warned = true;
        warnOfPolicy();
      },
      (error: unknown) => {
        if (ready === looked) ready = undefined;
        throw error;
      },
    );
    ready = looked;
    return looked;
  };
}

/** Gives the policy of eviction, if Redis tells it. */
async function prepare(send: Send, key: string, allowEviction: boolean, upgrade: Upgrade): Promise<string | undefined> {
  const reply = await runScript(send, PREPARE, key, [String(SCHEMA_VERSION)]);
  const [version, policy, late] = (reply as unknown[]).map(readText);
  if (Number(version) > SCHEMA_VERSION) {
    const message = `The keys have version ${version}, and this package supports up to ${SCHEMA_VERSION}. Update @turnpike/redis`;
    throw new StoreError("store_too_new", message);
  }
  if (policy) refuseEviction(policy, allowEviction);
  if (Number(version) < SCHEMA_VERSION) await upgrade.toSecond();
  else if (late) upgrade.follow(Number(late));
  return policy || undefined;
}

function refuseEviction(policy: string, allowEviction: boolean): void {
  // What a record was dropped for may be bought again with the same payment.
  if (policy !== "noeviction" && !allowEviction) {
    throw new StoreError(
      "store_evicts",
      `With maxmemory-policy ${policy} Redis evicts keys when memory runs out. Set it to noeviction, or set \`allowEviction: true\``,
    );
  }
}

function warnOfPolicy(): void {
  process.emitWarning(
    "Turnpike cannot read the maxmemory-policy of Redis (INFO is forbidden). Make sure that it is noeviction: with any other policy, payments can be forgotten and used again. `allowEviction: true` silences this",
    { type: "TurnpikeWarning", code: "TURNPIKE_EVICTION" },
  );
}
