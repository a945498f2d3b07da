import type { StoredAnswer, StoredPayment } from "../ledger/record.js";
import type { SettlementResponse } from "../protocol/types.js";
import type { Engine } from "./engine.js";
import { settledChange } from "./receipt.js";

/** What a process knows of a payment that its record does not say. */
export interface Heard {
  /** A facilitator's own success, or what the chain shows. */
  readonly receipt?: SettlementResponse;
  /** A transaction that may still be included. */
  readonly transaction?: string | undefined;
  /** The response, to be kept with the charge. */
  readonly kept?: StoredAnswer | undefined;
  /** The response has arrived whole. */
  readonly arrived?: boolean;
}

/** Milliseconds until the record is looked at again: at first, and at most. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 10_000;

/**
 * Writes down what is known of a charge once the record can take it: the store was away, or another process has taken the
 * payment over meanwhile. Ends only when it is written, or was known already, since no other process may ever learn it.
 * Runs and sends nothing. There are as many of these at most as payments were under way when the store failed.
 */
export function keepHeard(engine: Engine, record: StoredPayment, heard: Heard): void {
  const writing = persist(() => writeHeard(engine, record, heard)).finally(() => engine.open.delete(writing));
  engine.open.add(writing);
}

/** True once there is nothing left to write. */
async function writeHeard({ ledger }: Engine, record: StoredPayment, heard: Heard): Promise<boolean> {
  const { receipt, transaction, kept, arrived } = heard;
  const found = await ledger.read(record.id);
  if (!found) {
    // A failover may have lost it.
    const again = receipt && (await ledger.claim(record, "settling", settledChange(receipt)));
    if (again) await end(await ledger.advance(again, "settled", {}, kept));
    return !receipt || again !== undefined;
  }
  const { record: now, busy } = found;
  if (now.state === "delivered" || now.proof !== record.proof) return true;
  // A process that works on it ends it: a handler may be running there.
  if (busy) return false;
  if (now.receipt) {
    if (arrived && now.state === "owed") await ledger.advance(now, "delivered");
  } else if (receipt) {
    await end(await ledger.advance(now, "settled", settledChange(receipt), now.kept ? undefined : kept));
  } else if (now.state === "unknown" && (arrived || now.transaction !== transaction)) {
    await ledger.amend(now, { ...(transaction ? { transaction } : {}), ...(arrived ? { arrived } : {}) });
  }
  return true;

  async function end(settled: StoredPayment): Promise<void> {
    await ledger.advance(settled, arrived || settled.arrived ? "delivered" : "owed");
  }
}

async function persist(write: () => Promise<boolean>): Promise<void> {
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    if (await write().catch(() => false)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait);
      (timer as { unref?: () => void }).unref?.();
    });
  }
}
