import { isConflict } from "../errors.js";
import type { RecordChange } from "../ledger/ledger.js";
import { isAttempt, publicRecord, type StoredPayment } from "../ledger/record.js";
import type { SettlementResponse } from "../protocol/types.js";
import type { Reply } from "../seam.js";
import { askAfterSettle } from "./after-settle.js";
import type { Engine, Presented } from "./engine.js";
import { insist, PATIENCE } from "./insist.js";
import type { KnownRequest } from "./paid-request.js";
import { settledChange } from "./receipt.js";
import { requireSettled } from "./record-settled.js";
import { inProgressReply, storeReply, usedReply } from "./replies.js";
import { takeName } from "./take-name.js";
import type { RunningPayment } from "./ticket.js";

/**
 * A settled payment whose handler may run now. One that was settled as an attempt takes its own name first.
 * @param collects it is owed, and was settled for an earlier request
 */
export async function runSettled<Raw>(
  paid: KnownRequest<Raw>,
  presented: Presented,
  written: StoredPayment,
  receipt: SettlementResponse,
  collects: boolean,
): Promise<RunningPayment | Reply> {
  const { ledger } = paid.engine;
  let settled = written;
  try {
    settled = await requireSettled(paid.engine, written, receipt);
  } catch (error) {
    if (isConflict(error)) throw error;
    paid.engine.reporter.alert("store_failed", publicRecord(written));
    return storeReply(receipt, error);
  }
  try {
    const { withheld, change } = await askAfterSettle(paid, presented, settled, receipt);
    if (!withheld) {
      const running = await takeOver(paid.engine, presented, settled, receipt, change);
      return "status" in running || !collects ? running : { ...running, collects: true };
    }
    const reason = { ...change, reason: "withheld" };
    await (settled.state === "owed" ? ledger.amend(settled, reason) : ledger.advance(settled, "owed", reason));
    return withheld;
  } catch (error) {
    // It is charged: the next request of this payment finds it owed.
    ledger.abandon(settled);
    if (isConflict(error)) throw error;
    paid.engine.reporter.alert("store_failed", publicRecord(settled));
    return storeReply(receipt, error);
  }
}

/** Lets the handler run, under the payment's own name. */
async function takeOver(
  engine: Engine,
  presented: Presented,
  settled: StoredPayment,
  receipt: SettlementResponse,
  told: RecordChange,
): Promise<RunningPayment | Reply> {
  if (isAttempt(settled)) {
    const record = await takeName(engine, settled, { ...settledChange(receipt), ...told });
    if (record === "busy") return inProgressReply();
    return record === "sold" ? usedReply(receipt) : { presented, record, receipt };
  }
  const run = () => engine.ledger.advance(settled, "running", { ...told, runs: settled.runs + 1 }, undefined, "hold");
  return { presented, record: await insist(run, PATIENCE), receipt };
}
