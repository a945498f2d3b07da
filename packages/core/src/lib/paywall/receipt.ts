import type { RecordChange } from "../ledger/ledger.js";
import type { SettlementResponse } from "../protocol/types.js";
import type { Scheme } from "../schemes/scheme.js";

/**
 * The receipt of a success, made here and nowhere else: a success names what its scheme calls a transaction, so that no
 * purchase counts as paid that the chain does not show (core specification, 5.3).
 */
export function successReceipt(scheme: Scheme, receipt: Omit<SettlementResponse, "success">): SettlementResponse {
  if (!scheme.isTransaction(receipt.transaction)) throw new TypeError("A settlement must have a transaction");
  const { errorReason: _, ...rest } = receipt;
  return { ...rest, success: true };
}

/** What a record learns from a receipt. */
export function settledChange(receipt: SettlementResponse): RecordChange {
  const { transaction, payer } = receipt;
  return { receipt, ...(transaction ? { transaction } : {}), ...(payer ? { payer } : {}) };
}
