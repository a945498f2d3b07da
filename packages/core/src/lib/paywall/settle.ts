import { isConflict } from "../errors.js";
import type { Facilitator } from "../facilitator/types.js";
import type { RecordChange } from "../ledger/ledger.js";
import { isAttempt, PAID_BEFORE, publicRecord, type StoredAnswer, type StoredPayment } from "../ledger/record.js";
import type { SettlementResponse } from "../protocol/types.js";
import { askWhoPaid, confirmOnChain, hasChain } from "./ask-chain.js";
import { type Engine, facilitatorRequest, type Presented } from "./engine.js";
import { keepHeard } from "./heard.js";
import { settledChange, successReceipt } from "./receipt.js";
import { callSettle, type SettleAnswer } from "./settle-call.js";

/** How a settlement ended, as far as is known. */
export type Settlement =
  | { readonly type: "settled"; readonly record: StoredPayment; readonly receipt: SettlementResponse }
  /** Refused for certain: nothing was charged. */
  | { readonly type: "failed"; readonly receipt: SettlementResponse }
  /** Provably never sent: nothing was charged, and the same payment may be tried again. */
  | { readonly type: "unsent"; readonly retryAfter?: number }
  /**
   * Not known. The receipt names a transaction that may still be included. `unresolved`: and there is nothing to ask.
   */
  | {
      readonly type: "unknown";
      readonly record: StoredPayment;
      readonly receipt?: SettlementResponse;
      readonly unresolved?: true;
      /** The facilitator has said nothing that counts. */
      readonly unheard?: true;
    };

export interface SettleTerms {
  /** The facilitator that the payment is pinned to. */
  readonly facilitator: Facilitator;
  /** The outcome was unknown before: then "already spent" means that an earlier call settled it. */
  readonly doubted?: boolean;
  /** A facilitator has found it unspent for this purchase. */
  readonly verified?: boolean;
  /** The handler's response, to be kept with the outcome. */
  readonly answer?: StoredAnswer | undefined;
  /** The response has left: a payment that was not sent is not free again, but settled later. */
  readonly answered?: boolean;
}

/**
 * Settles a payment whose record says `settling`, and writes the outcome down. Settles again only where the outcome is
 * pending, unknown, or provably not sent; at another facilitator only in the last case: a payment is single-use on its chain.
 * Rejects with a StoreError when an outcome other than success cannot be written; the record then still says `settling`.
 */
export async function settlePayment(
  engine: Engine,
  presented: Presented,
  claimed: StoredPayment,
  terms: SettleTerms,
): Promise<Settlement> {
  const { answer: kept, answered = false, verified = false } = terms;
  const end = await settleRepeatedly(engine, presented, claimed, terms);
  const { answer, transaction, doubt, record } = end;
  const unknown = (known: string | undefined, receipt?: SettlementResponse) =>
    writeUnknown(engine, record, { transaction: known, receipt, kept });
  if (answer.type === "settled") return confirm(engine, presented, record, answer.receipt, kept);
  if (answer.type === "pending") return unknown(answer.receipt.transaction, answer.receipt);
  if (answer.type === "lost") {
    if (answer.contradicts) engine.reporter.alert("settlement_contradicted", publicRecord(record));
    return { ...(await unknown(answer.transaction ?? transaction)), unheard: true };
  }
  if (answer.type === "unsent") {
    if (doubt || answered) return { ...(await unknown(transaction)), unheard: true };
    await engine.ledger.advance(record, "released", { reason: "settlement_not_sent" });
    return { type: "unsent", ...(answer.retryAfter === undefined ? {} : { retryAfter: answer.retryAfter }) };
  }
  const asked = { ...record, transaction };
  const paid = await whoPaid(engine, presented, asked, answer.why, { doubt, verified });
  if (paid.by === "this purchase") {
    const { transaction } = paid;
    return writeSettled(engine, record, successReceipt(presented.scheme, { ...answer.receipt, transaction }), kept);
  }
  if (paid.by === "an earlier transfer") return writePaidBefore(engine, record, paid.transaction, kept);
  return paid.by === "nobody knows" ? unknown(transaction) : writeFailed(engine, record, answer.receipt);
}

type Payer =
  | { readonly by: "this purchase" | "an earlier transfer"; readonly transaction: string }
  /** For certain, as far as this purchase goes. */
  | { readonly by: "nobody" }
  | { readonly by: "nobody knows" };

/**
 * Who has paid where a settlement is refused. Whatever the payment's own settlement could have brought about, by an earlier
 * call or another sender, is asked of the chain before it counts: for a little gas a payer spends an authorisation without
 * paying, and anyone who has seen one can submit it. A settlement in doubt stays so where no chain can be asked.
 */
async function whoPaid(
  engine: Engine,
  presented: Presented,
  record: StoredPayment,
  why: Extract<SettleAnswer, { type: "refused" }>["why"],
  terms: { readonly doubt: boolean; readonly verified: boolean },
): Promise<Payer> {
  const asks = why !== "unsound" && hasChain(engine, presented);
  const finding = asks ? await askWhoPaid(engine, presented, record, terms) : undefined;
  if (finding?.type === "settled" && (finding.final || record.finality === undefined)) {
    return { by: finding.own ? "this purchase" : "an earlier transfer", transaction: finding.transaction };
  }
  if (finding?.type === "spent" && finding.final) return { by: "nobody" };
  const open = finding?.type === "settled" || finding?.type === "spent" || (asks && why === "used");
  return { by: open || terms.doubt || why === "seen" ? "nobody knows" : "nobody" };
}

interface LastWord {
  readonly answer: SettleAnswer;
  readonly transaction: string;
  readonly doubt: boolean;
  readonly record: StoredPayment;
}

/** The response that counts: of one call, or of a second if the first left a doubt. */
async function settleRepeatedly(
  engine: Engine,
  presented: Presented,
  record: StoredPayment,
  { facilitator, doubted = false }: SettleTerms,
): Promise<LastWord> {
  const first = await callSettle(engine, facilitator, presented, record);
  const known = record.transaction ?? "";
  if (first.type === "unsent") {
    const again = await callSettle(engine, facilitator, presented, record);
    if (again.type !== "unsent" || doubted) return { answer: again, transaction: known, doubt: doubted, record };
    return settleInstead(engine, presented, record, facilitator, again);
  }
  if (first.type !== "pending") return { answer: first, transaction: known, doubt: doubted, record };
  const { transaction } = first.receipt;
  const again = await callSettle(engine, facilitator, presented, record);
  const tells =
    again.type === "settled" || again.type === "pending" || (again.type === "refused" && again.why === "used");
  return { answer: tells ? again : first, transaction, doubt: true, record };
}

/** Nothing ever left for the pinned facilitator, so the payment may be pinned to another. */
async function settleInstead(
  engine: Engine,
  presented: Presented,
  record: StoredPayment,
  than: Facilitator,
  unsent: SettleAnswer,
): Promise<LastWord> {
  const request = facilitatorRequest(presented);
  const other = await engine.pool.instead(than, request);
  if (!other) return { answer: unsent, transaction: "", doubt: false, record };
  const pinned = await engine.ledger.advance(record, "settling", { facilitator: other.id });
  return { answer: await callSettle(engine, other, presented, pinned), transaction: "", doubt: false, record: pinned };
}

/** Where the facilitator's success is not enough, the chain must show the transfer, as deep as the route asks for. */
async function confirm(
  engine: Engine,
  presented: Presented,
  record: StoredPayment,
  receipt: SettlementResponse,
  kept: StoredAnswer | undefined,
): Promise<Settlement> {
  if (record.finality === undefined) return writeSettled(engine, record, receipt, kept);
  const { transaction } = receipt;
  const finding = await confirmOnChain(engine, presented, { ...record, transaction }, record.finality);
  if (finding?.type === "settled" && finding.final) {
    const { transaction } = finding;
    return writeSettled(engine, record, successReceipt(presented.scheme, { ...receipt, transaction }), kept);
  }
  if (finding?.type === "spent" && finding.final) {
    engine.reporter.alert("settlement_unconfirmed", publicRecord(record));
    const { success: _, ...rest } = receipt;
    return writeFailed(engine, record, { ...rest, success: false, errorReason: "settlement_failed" });
  }
  const pending: SettlementResponse = { ...receipt, success: false, errorReason: "settlement_pending" };
  return writeUnknown(engine, record, { transaction, receipt: pending, kept });
}

/**
 * A success that cannot be written is still a success: the buyer gets what was paid for. The record then still says
 * `settling` and is held, for its holder to write it down later.
 */
export async function writeSettled(
  engine: Engine,
  record: StoredPayment,
  receipt: SettlementResponse,
  kept?: StoredAnswer,
): Promise<Settlement> {
  try {
    const written = await engine.ledger.advance(record, "settled", settledChange(receipt), kept, "hold");
    return { type: "settled", record: written, receipt };
  } catch (error) {
    // Another holder has the payment by now: this process was away for longer than its lease, and delivers nothing. But it
    // alone knows of the charge.
    if (isConflict(error)) {
      keepHeard(engine, record, { receipt, kept });
      throw error;
    }
    engine.reporter.alert("store_failed", publicRecord(record));
    return { type: "settled", record, receipt };
  }
}

export async function writeFailed(
  engine: Engine,
  record: StoredPayment,
  receipt: SettlementResponse,
): Promise<Settlement> {
  const failed = await engine.ledger.advance(record, "failed", { reason: receipt.errorReason ?? "settlement_failed" });
  if (failed.answered) engine.reporter.alert("answered_unpaid", publicRecord(failed));
  // A forgery is no failure of the payer that it names.
  if (!isAttempt(failed)) engine.guard.payerFailed(failed.payer);
  return { type: "failed", receipt };
}

/**
 * The chain shows a transfer that is not certainly this purchase's own. It has bought something else, or nothing yet: the
 * seller decides, who finds the transaction on record.
 */
export async function writePaidBefore(
  engine: Engine,
  record: StoredPayment,
  transaction: string,
  kept?: StoredAnswer,
): Promise<Settlement> {
  return { ...(await writeUnknown(engine, record, { transaction, reason: PAID_BEFORE, kept })), unresolved: true };
}

export async function writeUnknown(
  engine: Engine,
  record: StoredPayment,
  {
    transaction,
    reason,
    receipt,
    kept,
  }: {
    readonly transaction?: string | undefined;
    readonly reason?: string;
    readonly receipt?: SettlementResponse | undefined;
    readonly kept?: StoredAnswer | undefined;
  },
): Promise<Extract<Settlement, { type: "unknown" }>> {
  const change: RecordChange = { ...(transaction ? { transaction } : {}), ...(reason ? { reason } : {}) };
  let unknown: StoredPayment;
  try {
    unknown = await engine.ledger.advance(record, "unknown", change, kept);
  } catch (error) {
    if (transaction) keepHeard(engine, record, { transaction });
    throw error;
  }
  return receipt ? { type: "unknown", record: unknown, receipt } : { type: "unknown", record: unknown };
}
