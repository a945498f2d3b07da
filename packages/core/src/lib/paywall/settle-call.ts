import { FacilitatorError } from "../errors.js";
import { SETTLED_ELSEWHERE } from "../facilitator/settle-token.js";
import type { Facilitator } from "../facilitator/types.js";
import { isAttempt, type StoredPayment } from "../ledger/record.js";
import { isOtherNetwork } from "../pricing/network-names.js";
import { encodeHeader } from "../protocol/header.js";
import { knownReason, type Refusal, readRefusal } from "../protocol/reasons.js";
import { parseSettlementResponse } from "../protocol/schemas.js";
import type { SettlementResponse } from "../protocol/types.js";
import { type Engine, facilitatorRequest, type Presented } from "./engine.js";
import { keepHeard } from "./heard.js";
import { namedPayer } from "./named-payer.js";
import { attemptId } from "./paid-request.js";
import { successReceipt } from "./receipt.js";

/** What one settle call has shown. */
export type SettleAnswer =
  | { readonly type: "settled"; readonly receipt: SettlementResponse }
  /** This call has moved nothing. `why` tells what else it says. */
  | { readonly type: "refused"; readonly receipt: SettlementResponse; readonly why: Exclude<Refusal, "unclear"> }
  /** Broadcast, and not yet included. */
  | { readonly type: "pending"; readonly receipt: SettlementResponse }
  /** Provably nothing left this process. */
  | { readonly type: "unsent"; readonly retryAfter?: number }
  /**
   * Nothing that can be believed. `transaction`: one that failed on the chain, as the facilitator says. `contradicts`: the
   * response names another payment, network or amount than the call.
   */
  | { readonly type: "lost"; readonly transaction?: string; readonly contradicts?: true };

/** Characters of a receipt's header that clients are sure to read. */
const MAX_RECEIPT = 4_096;

/** Calls `/settle` once, and judges what comes back. Never rejects. */
export async function callSettle(
  engine: Engine,
  facilitator: Facilitator,
  presented: Presented,
  record: StoredPayment,
): Promise<SettleAnswer> {
  const request = facilitatorRequest(presented);
  const { settleToken, finality } = record;
  const caller = engine.guard.caller({
    client: engine.guard.clientOf(attemptId(presented)),
    payer: presented.identity.payer,
    signed: !isAttempt(record),
  });
  const read = (answer: unknown): SettleAnswer => {
    // One in this process may say anything.
    const parsed = parseSettlementResponse(answer);
    return "value" in parsed ? judge(engine, parsed.value, presented) : { type: "lost" };
  };
  const late = (answer: unknown): void => {
    const told = read(answer);
    const { transaction } = told.type === "settled" || told.type === "pending" ? told.receipt : { transaction: "" };
    const proven = told.type === "settled" && finality === undefined;
    if (transaction) keepHeard(engine, record, proven ? { receipt: told.receipt } : { transaction });
  };
  const options = { late, caller, ...(settleToken ? { token: settleToken } : {}) };
  try {
    const { scheme, network } = presented.requirements;
    const operation = { name: "settle", scheme, network, facilitator: facilitator.id } as const;
    const answer = await engine.reporter.trace(operation, () => engine.pool.settle(facilitator, request, options));
    return read(answer);
  } catch (error) {
    const code = error instanceof FacilitatorError ? error.code : "facilitator_failed";
    const facts = { route: record.route, payment: record.id, facilitator: facilitator.id };
    engine.reporter.failed("A settle call failed", facts, { code, error });
    if (!(error instanceof FacilitatorError) || error.sent) return { type: "lost" };
    return { type: "unsent", ...(error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter }) };
  }
}

/**
 * Reads a response to `/settle`. What contradicts the payment is not believed, in either direction. What a refusal leaves
 * empty contradicts nothing; a success must name the network as it was asked.
 */
function judge(engine: Engine, answer: SettlementResponse, presented: Presented): SettleAnswer {
  const { scheme, requirements, identity } = presented;
  const { success, transaction, network, payer, amount } = answer;
  const elsewhere = success
    ? network !== requirements.network
    : isOtherNetwork(engine.registry, network, requirements.network);
  // Of a refusal an address counts, be it one of CAIP-10, and no words.
  const named = success ? payer : namedPayer(scheme, payer?.slice(payer.lastIndexOf(":") + 1));
  const foreign = identity.payer !== undefined && named !== undefined && !scheme.sameAddress(identity.payer, named);
  if (elsewhere || foreign) return { type: "lost", contradicts: true };
  const sound = scheme.isTransaction(transaction);
  if (success) {
    const exact = amount === undefined || BigInt(amount) === BigInt(requirements.amount);
    return sound && exact
      ? { type: "settled", receipt: receiptOf(answer, presented) }
      : { type: "lost", contradicts: true };
  }
  const reason = knownReason(answer.errorReason, "settlement_failed");
  if (reason === "settlement_pending") {
    return sound ? { type: "pending", receipt: failure(presented, reason, transaction) } : { type: "lost" };
  }
  if (transaction !== "") return sound ? { type: "lost", transaction } : { type: "lost" };
  const refusal = readRefusal(answer.errorReason);
  if (refusal === "unclear") return { type: "lost" };
  // What the facilitator has settled for another ledger would look on the chain as if it were ours.
  const why = SETTLED_ELSEWHERE in (answer.extensions ?? {}) ? "unsound" : refusal;
  return { type: "refused", why, receipt: failure(presented, reason, "") };
}

/** The buyer's receipt of a success: only what the protocol names, and extensions only if offered. */
function receiptOf(answer: SettlementResponse, { scheme, identity, extensions }: Presented): SettlementResponse {
  const { transaction, network, amount } = answer;
  const payer = identity.payer ?? namedPayer(scheme, answer.payer);
  const receipt = successReceipt(scheme, {
    transaction,
    network,
    ...(payer ? { payer } : {}),
    ...(amount === undefined ? {} : { amount }),
  });
  const offered = Object.entries(answer.extensions ?? {}).filter(([id]) => extensions.includes(id));
  if (offered.length === 0) return receipt;
  const extended = { ...receipt, extensions: Object.fromEntries(offered) };
  return encodeHeader(extended).length <= MAX_RECEIPT ? extended : receipt;
}

function failure({ requirements, identity }: Presented, errorReason: string, transaction: string): SettlementResponse {
  const { payer } = identity;
  return { success: false, errorReason, transaction, network: requirements.network, ...(payer ? { payer } : {}) };
}
