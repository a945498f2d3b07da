import { isConflict } from "../errors.js";
import type { NewPayment, RecordChange } from "../ledger/ledger.js";
import { MOVED, publicRecord, type StoredPayment } from "../ledger/record.js";
import type { SettlementResponse } from "../protocol/types.js";
import type { Reply } from "../seam.js";
import { askAfterSettle } from "./after-settle.js";
import type { Engine, Presented } from "./engine.js";
import { insist, PATIENCE } from "./insist.js";
import { withdraw } from "./one-record.js";
import type { KnownRequest } from "./paid-request.js";
import { settledChange } from "./receipt.js";
import { requireSettled } from "./record-settled.js";
import { inProgressReply, storeReply } from "./replies.js";
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

/** Lets the handler run under the payment's own name. */
async function takeOver(
  engine: Engine,
  presented: Presented,
  settled: StoredPayment,
  receipt: SettlementResponse,
  told: RecordChange,
): Promise<RunningPayment | Reply> {
  const { id } = presented.identity;
  const { ledger } = engine;
  const runAsItIs = async () => {
    const run = () => ledger.advance(settled, "running", { ...told, runs: settled.runs + 1 }, undefined, "hold");
    return { presented, record: await insist(run, PATIENCE), receipt };
  };
  if (settled.id === id) return runAsItIs();
  const { route, request, offer, facilitator, payer, proof, identifier, finality, validBefore, createdAt } = settled;
  const { audience, label, times } = settled;
  const payment: NewPayment = {
    ...{ id, route, request, offer, facilitator, createdAt },
    ...(times.settled === undefined ? {} : { times: { settled: times.settled } }),
    ...(label === undefined ? {} : { label }),
    ...(payer === undefined ? {} : { payer }),
    ...(proof === undefined ? {} : { proof }),
    ...(identifier === undefined ? {} : { identifier }),
    ...(audience === undefined ? {} : { audience }),
    ...(finality === undefined ? {} : { finality }),
    ...(validBefore === undefined ? {} : { validBefore }),
  };
  const change: RecordChange = { ...settledChange(receipt), ...told, moving: true };
  let record = await ledger.claim(payment, "running", change);
  if (!record) {
    const named = await ledger.read(id);
    // Another signature has the name, and this one was charged: the buyer still gets what was paid for.
    if (named && named.record.proof !== proof) return runAsItIs();
    if (!named?.record.moving || named.busy) {
      ledger.abandon(settled);
      return inProgressReply();
    }
    // A process that was about to move the payment is gone.
    record = await ledger.advance(named.record, "running", { ...change, runs: 1 });
  }
  await move(engine, settled, record);
  if (identifier !== undefined) await ledger.link(identifier, id, settled.id).catch(() => undefined);
  return { presented, record, receipt };
}

/** The one step from which on the payment counts under its own name. A refund of the attempt may be faster. */
async function move({ ledger }: Engine, settled: StoredPayment, record: StoredPayment): Promise<void> {
  try {
    await insist(() => ledger.advance(settled, "delivered", { reason: MOVED }, undefined, "hold"), PATIENCE);
  } catch (error) {
    if (isConflict(error)) await withdraw(ledger, record).catch(() => undefined);
    ledger.abandon(record);
    throw error;
  }
}
