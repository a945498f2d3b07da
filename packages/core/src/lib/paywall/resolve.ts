import type { Facilitator } from "../facilitator/types.js";
import { FORGED, isAttempt, PAID_BEFORE, type StoredPayment } from "../ledger/record.js";
import { saysForged } from "../protocol/reasons.js";
import type { SettlementResponse } from "../protocol/types.js";
import { askWhoPaid } from "./ask-chain.js";
import { type Engine, facilitatorRequest, type Presented } from "./engine.js";
import { attemptId } from "./paid-request.js";
import { successReceipt } from "./receipt.js";
import { type Settlement, settlePayment, writeFailed, writePaidBefore, writeSettled, writeUnknown } from "./settle.js";

/**
 * Finds out the outcome of a payment whose record says `unknown`: from its chain, if that can be asked, else by settling
 * once more at the same facilitator, which can move nothing twice. At another facilitator only if the chain says that the
 * payment is unused.
 */
export async function resolvePayment(
  engine: Engine,
  presented: Presented,
  unknown: StoredPayment,
): Promise<Settlement> {
  // Neither the chain nor a facilitator can tell more.
  if (unknown.reason === PAID_BEFORE) return { type: "unknown", record: unknown, unresolved: true };
  const record = await engine.ledger.advance(unknown, "settling", { payload: presented.payload });
  const finding = await askWhoPaid(engine, presented, record, { doubt: true, verified: false });
  if (finding?.type === "settled") {
    const { transaction, final } = finding;
    if (!finding.own) return writePaidBefore(engine, record, transaction);
    const receipt = receiptFor(presented, record, transaction);
    // Without a depth of the route's own, a transaction counts as soon as a facilitator would call it settled.
    if (final || record.finality === undefined) return writeSettled(engine, record, receipt);
    const pending = { ...receipt, success: false, errorReason: "settlement_pending" };
    return writeUnknown(engine, record, { transaction, receipt: pending });
  }
  if (finding?.type === "spent") {
    return finding.final ? writeFailed(engine, record, failure(presented, "invalid_transaction_state")) : wait();
  }
  // One node whose clock is ahead ends no payment that may still be settled.
  if (finding?.type === "unused" && finding.expired && isOver(presented)) {
    return writeFailed(engine, record, failure(presented, "settlement_expired"));
  }
  const pinned = engine.pool.named(record.facilitator);
  // That ends no doubt: a contract wallet may call anything valid at any time. But it is not settled again.
  if (isAttempt(record) && (await isForged(engine, presented))) {
    return writeUnknown(engine, record, { transaction: record.transaction, reason: FORGED });
  }
  if (pinned) return settlePayment(engine, presented, record, { facilitator: pinned, doubted: true });
  const other = finding ? await selectAny(engine, presented) : undefined;
  if (other) {
    const repinned = await engine.ledger.advance(record, "settling", { facilitator: other.id });
    return settlePayment(engine, presented, repinned, { facilitator: other, doubted: true });
  }
  return { ...(await wait()), unresolved: true };

  function wait() {
    return writeUnknown(engine, record, { transaction: record.transaction });
  }
}

/** Whether a facilitator finds now that the payer has not signed this. */
async function isForged({ pool, guard }: Engine, presented: Presented): Promise<boolean> {
  const caller = guard.caller({ client: guard.clientOf(attemptId(presented)), payer: presented.identity.payer });
  try {
    const { answer } = await pool.verify(facilitatorRequest(presented), caller);
    return answer.isValid === false && saysForged(answer.invalidReason);
  } catch {
    return false;
  }
}

/** Whether the payment's time is over by our own clock. */
function isOver({ identity: { validBefore = 0 } }: Presented): boolean {
  return Date.now() > validBefore * 1_000;
}

async function selectAny({ pool }: Engine, presented: Presented): Promise<Facilitator | undefined> {
  try {
    return await pool.select(facilitatorRequest(presented));
  } catch {
    return undefined;
  }
}

function receiptFor({ scheme, requirements, identity }: Presented, record: StoredPayment, transaction: string) {
  const payer = identity.payer ?? record.payer;
  return successReceipt(scheme, { transaction, network: requirements.network, ...(payer ? { payer } : {}) });
}

function failure({ requirements, identity: { payer } }: Presented, errorReason: string): SettlementResponse {
  return { success: false, errorReason, transaction: "", network: requirements.network, ...(payer ? { payer } : {}) };
}
