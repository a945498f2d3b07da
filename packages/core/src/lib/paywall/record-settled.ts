import type { StoredPayment } from "../ledger/record.js";
import type { SettlementResponse } from "../protocol/types.js";
import type { Engine } from "./engine.js";
import { keepHeard } from "./heard.js";
import { insist, PATIENCE, PERSISTENCE } from "./insist.js";
import { settledChange } from "./receipt.js";

/** Writes down a charge that the store did not take at its time; a record that has it already stays as it is. */
async function recordSettled(
  { ledger }: Engine,
  record: StoredPayment,
  receipt: SettlementResponse,
  milliseconds: number,
): Promise<StoredPayment> {
  if (record.state !== "settling") return record;
  return insist(() => ledger.advance(record, "settled", settledChange(receipt), undefined, "hold"), milliseconds);
}

/**
 * A charge that must be on record before anything is delivered for it. Rejects if the store takes it neither now nor in a
 * moment; it is then still written down behind the buyer's back, and owed.
 */
export async function requireSettled(
  engine: Engine,
  record: StoredPayment,
  receipt: SettlementResponse,
): Promise<StoredPayment> {
  try {
    return await recordSettled(engine, record, receipt, PATIENCE);
  } catch (error) {
    const later: Promise<unknown> = oweLater(engine, record, receipt)
      .catch(() => undefined)
      .finally(() => engine.open.delete(later));
    engine.open.add(later);
    throw error;
  }
}

/** No request waits for the response: it is owed, unless it has left already. */
export async function oweLater(
  engine: Engine,
  record: StoredPayment,
  receipt: SettlementResponse,
): Promise<StoredPayment> {
  const { ledger } = engine;
  try {
    const settled = await recordSettled(engine, record, receipt, PERSISTENCE);
    return await ledger.advance(settled, settled.arrived ? "delivered" : "owed");
  } catch (error) {
    ledger.abandon(record);
    keepHeard(engine, record, { receipt });
    throw error;
  }
}
