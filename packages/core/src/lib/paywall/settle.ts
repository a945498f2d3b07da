import { FacilitatorError } from "../errors.js";
import type { Facilitator } from "../facilitator/types.js";
import type { PaymentRecord } from "../ledger/record.js";
import { isDefinitive, knownReason, saysSpent } from "../protocol/reasons.js";
import type { FacilitatorRequest, SettlementResponse } from "../protocol/types.js";
import type { Engine, Presented } from "./engine.js";
import { proofDigest } from "./proof.js";

/** How a settlement ended, as far as anybody knows. The record says the same. */
export type Settlement =
  | { readonly type: "settled"; readonly record: PaymentRecord; readonly receipt: SettlementResponse }
  /** Refused for certain: nothing was charged. */
  | { readonly type: "failed"; readonly receipt: SettlementResponse }
  /** Provably never sent: nothing was charged, and the same payment may be tried again. */
  | { readonly type: "unsent"; readonly retryAfter?: number }
  /** Nobody knows. The receipt tells a transaction that may still be included. */
  | { readonly type: "unknown"; readonly receipt?: SettlementResponse };

/**
 * Settles a payment whose record says `settling`. Called again for the same payment only where the outcome is pending,
 * unknown, or provably not sent; always at the same facilitator.
 * Rejects with a StoreError when an outcome cannot be written down; what was written before then says `settling`.
 * @param doubted the record was `unknown` before: then "already spent" means that the earlier settlement took place
 */
export async function settlePayment(
  engine: Engine,
  facilitator: Facilitator,
  presented: Presented,
  record: PaymentRecord,
  doubted = false,
): Promise<Settlement> {
  const { payload, offer } = presented;
  const request: FacilitatorRequest = {
    x402Version: 2,
    paymentPayload: payload,
    paymentRequirements: offer.requirements,
  };
  let outcome = await callOnce(engine, facilitator, request, presented);
  let transaction = record.transaction ?? "";
  let doubt = doubted;
  // One more call while the transaction is under way, or if nothing left this process: the payment is single-use.
  if (outcome.type === "pending") {
    doubt = true;
    transaction = outcome.receipt.transaction;
    const again = await callOnce(engine, facilitator, request, presented);
    if (again.type === "settled" || again.type === "pending" || (again.type === "refused" && again.spent))
      outcome = again;
  } else if (outcome.type === "unsent") {
    outcome = await callOnce(engine, facilitator, request, presented);
  }
  switch (outcome.type) {
    case "settled": {
      const { receipt } = outcome;
      const payer = receipt.payer ?? record.payer;
      const change = { receipt, transaction: receipt.transaction, ...(payer ? { payer } : {}) };
      return { type: "settled", record: await engine.ledger.advance(record, "settled", change), receipt };
    }
    case "refused": {
      if (doubt) return settleDoubt(engine, record, outcome, transaction, presented);
      await engine.ledger.advance(record, "failed");
      return { type: "failed", receipt: outcome.receipt };
    }
    case "unsent": {
      if (doubt) return unknown(engine, record, presented);
      await engine.ledger.advance(record, "released");
      return { type: "unsent", ...(outcome.retryAfter === undefined ? {} : { retryAfter: outcome.retryAfter }) };
    }
    case "pending":
      return unknown(engine, record, presented, outcome.receipt);
    case "lost":
      return unknown(engine, record, presented);
  }
}

/** A refusal of a payment that may have been charged before. */
async function settleDoubt(
  engine: Engine,
  record: PaymentRecord,
  { spent, receipt }: Extract<CallOutcome, { type: "refused" }>,
  transaction: string,
  presented: Presented,
): Promise<Settlement> {
  // Only the authorisation's own spending proves that the earlier call settled; any other refusal leaves the doubt.
  if (!spent) return unknown(engine, record, presented);
  const { errorReason: _, ...rest } = receipt;
  const settled: SettlementResponse = { ...rest, success: true, transaction };
  const change = { receipt: settled, ...(transaction ? { transaction } : {}) };
  return { type: "settled", record: await engine.ledger.advance(record, "settled", change), receipt: settled };
}

async function unknown(
  engine: Engine,
  record: PaymentRecord,
  presented: Presented,
  receipt?: SettlementResponse,
): Promise<Settlement> {
  const proof = await proofDigest(presented.proof);
  const transaction = receipt?.transaction || record.transaction;
  await engine.ledger.advance(record, "unknown", { proof, ...(transaction ? { transaction } : {}) });
  return receipt ? { type: "unknown", receipt } : { type: "unknown" };
}

type CallOutcome =
  | { readonly type: "settled"; readonly receipt: SettlementResponse }
  | { readonly type: "refused"; readonly receipt: SettlementResponse; readonly spent: boolean }
  | { readonly type: "pending"; readonly receipt: SettlementResponse }
  | { readonly type: "unsent"; readonly retryAfter?: number }
  | { readonly type: "lost" };

async function callOnce(
  engine: Engine,
  facilitator: Facilitator,
  request: FacilitatorRequest,
  presented: Presented,
): Promise<CallOutcome> {
  try {
    return judge(await engine.pool.settle(facilitator, request), presented);
  } catch (error) {
    if (!(error instanceof FacilitatorError) || error.sent) return { type: "lost" };
    return { type: "unsent", ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }) };
  }
}

/** Reads an answer to `/settle`. What contradicts the payment is not believed, in either direction. */
function judge(answer: SettlementResponse, presented: Presented): CallOutcome {
  const { offer, payer } = presented;
  const { scheme, requirements } = offer;
  const { success, transaction, network } = answer;
  const foreign =
    network !== requirements.network ||
    (payer !== undefined && answer.payer !== undefined && !scheme.sameAddress(payer, answer.payer));
  if (success) {
    const wrong =
      foreign ||
      !scheme.isTransaction(transaction) ||
      (answer.amount !== undefined && BigInt(answer.amount) !== BigInt(requirements.amount));
    return wrong ? { type: "lost" } : { type: "settled", receipt: receiptOf(answer, presented) };
  }
  const reason = knownReason(answer.errorReason, "settlement_failed");
  if (reason === "settlement_pending") {
    if (foreign || !scheme.isTransaction(transaction)) return { type: "lost" };
    return { type: "pending", receipt: failure(requirements.network, payer, reason, transaction) };
  }
  // A refusal is certain only if nothing was broadcast, and the facilitator itself knows why (threats, section 2).
  if (transaction !== "" || !isDefinitive(answer.errorReason)) return { type: "lost" };
  return {
    type: "refused",
    spent: saysSpent(answer.errorReason),
    receipt: failure(requirements.network, payer, reason, ""),
  };
}

/** What the buyer is told of a success: nothing that the protocol does not name, and extensions only if offered. */
function receiptOf(answer: SettlementResponse, presented: Presented): SettlementResponse {
  const { success, transaction, network, amount } = answer;
  const payer = answer.payer ?? presented.payer;
  const offered = Object.entries(answer.extensions ?? {}).filter(([id]) => presented.extensions.includes(id));
  return {
    success,
    transaction,
    network,
    ...(payer ? { payer } : {}),
    ...(amount === undefined ? {} : { amount }),
    ...(offered.length > 0 ? { extensions: Object.fromEntries(offered) } : {}),
  };
}

function failure(
  network: string,
  payer: string | undefined,
  errorReason: string,
  transaction: string,
): SettlementResponse {
  return { success: false, errorReason, transaction, network, ...(payer ? { payer } : {}) };
}
