import type { Facilitator } from "../facilitator/types.js";
import type { RecordChange } from "../ledger/ledger.js";
import type { PaymentRecord } from "../ledger/record.js";
import type { SettlementResponse } from "../protocol/types.js";
import type { Engine, Presented } from "./engine.js";
import { proofDigest } from "./proof.js";
import { callSettle, type SettleAnswer } from "./settle-call.js";

/** How a settlement ended, as far as anybody knows. */
export type Settlement =
  | { readonly type: "settled"; readonly record: PaymentRecord; readonly receipt: SettlementResponse }
  /** Refused for certain: nothing was charged. */
  | { readonly type: "failed"; readonly receipt: SettlementResponse }
  /** Provably never sent: nothing was charged, and the same payment may be tried again. */
  | { readonly type: "unsent"; readonly retryAfter?: number }
  /** Nobody knows. The receipt tells a transaction that may still be included. */
  | { readonly type: "unknown"; readonly receipt?: SettlementResponse };

/**
 * Settles a payment whose record says `settling`, and writes the outcome down. Settles again only where the outcome is
 * pending, unknown, or provably not sent, and always at the same facilitator: a payment is single-use on its chain.
 * Rejects with a StoreError when an outcome other than success cannot be written; the record then still says `settling`.
 * @param doubted the record was `unknown` before: then "already spent" means that an earlier call settled it
 */
export async function settlePayment(
  engine: Engine,
  facilitator: Facilitator,
  presented: Presented,
  record: PaymentRecord,
  doubted = false,
): Promise<Settlement> {
  const { answer, transaction, doubt } = await settleTwice(engine, facilitator, presented, record, doubted);
  if (answer.type === "settled") return writeSettled(engine, record, answer.receipt);
  if (answer.type === "refused" && doubt) {
    // Spending proves the earlier settlement, unless a transaction of it failed: then the payer may have cancelled.
    if (!answer.spent || record.reverted) return writeUnknown(engine, record, presented, transaction);
    const { errorReason: _, ...rest } = answer.receipt;
    return writeSettled(engine, record, { ...rest, success: true, transaction });
  }
  if (answer.type === "refused") {
    await engine.ledger.advance(record, "failed");
    return { type: "failed", receipt: answer.receipt };
  }
  if (answer.type === "unsent" && !doubt) {
    await engine.ledger.advance(record, "released");
    return { type: "unsent", ...(answer.retryAfter === undefined ? {} : { retryAfter: answer.retryAfter }) };
  }
  if (answer.type === "pending") {
    return writeUnknown(engine, record, presented, answer.receipt.transaction, answer.receipt);
  }
  const reverted = answer.type === "lost" && answer.transaction !== undefined;
  return writeUnknown(engine, record, presented, reverted ? answer.transaction : transaction, undefined, reverted);
}

/** The answer that counts of one call, or of two where the first left something to ask. */
async function settleTwice(
  engine: Engine,
  facilitator: Facilitator,
  presented: Presented,
  record: PaymentRecord,
  doubted: boolean,
): Promise<{ readonly answer: SettleAnswer; readonly transaction: string; readonly doubt: boolean }> {
  const first = await callSettle(engine, facilitator, presented);
  const known = record.transaction ?? "";
  if (first.type === "unsent") {
    return { answer: await callSettle(engine, facilitator, presented), transaction: known, doubt: doubted };
  }
  if (first.type !== "pending") return { answer: first, transaction: known, doubt: doubted };
  const { transaction } = first.receipt;
  const again = await callSettle(engine, facilitator, presented);
  const tells = again.type === "settled" || again.type === "pending" || (again.type === "refused" && again.spent);
  return { answer: tells ? again : first, transaction, doubt: true };
}

/** A success that cannot be written is one all the same: the buyer gets what was paid for, the record follows later. */
async function writeSettled(engine: Engine, record: PaymentRecord, receipt: SettlementResponse): Promise<Settlement> {
  const written = await engine.ledger.advance(record, "settled", settledChange(receipt)).catch(() => record);
  return { type: "settled", record: written, receipt };
}

/** What a record learns from a receipt. */
export function settledChange(receipt: SettlementResponse): RecordChange {
  const { transaction, payer } = receipt;
  return { receipt, ...(transaction ? { transaction } : {}), ...(payer ? { payer } : {}) };
}

async function writeUnknown(
  engine: Engine,
  record: PaymentRecord,
  presented: Presented,
  transaction: string | undefined,
  receipt?: SettlementResponse,
  reverted = false,
): Promise<Settlement> {
  const proof = proofDigest(presented.identity);
  const change = { proof, ...(transaction ? { transaction } : {}), ...(reverted ? { reverted } : {}) };
  await engine.ledger.advance(record, "unknown", change);
  return receipt ? { type: "unknown", receipt } : { type: "unknown" };
}
