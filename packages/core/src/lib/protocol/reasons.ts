/**
 * Reasons that a facilitator may give and that buyers are told. What is not in the list is replaced, since a
 * facilitator's own words never reach an answer (core specification, 9; scheme_exact_evm.md).
 */
const KNOWN = new Set([
  "insufficient_funds",
  "invalid_exact_evm_payload_authorization_valid_after",
  "invalid_exact_evm_payload_authorization_valid_before",
  "invalid_exact_evm_payload_authorization_value",
  "invalid_exact_evm_payload_authorization_value_mismatch",
  "invalid_exact_evm_payload_signature",
  "invalid_exact_evm_payload_recipient_mismatch",
  "invalid_exact_evm_signature",
  "invalid_exact_evm_recipient_mismatch",
  "invalid_exact_evm_network_mismatch",
  "invalid_exact_evm_insufficient_balance",
  "invalid_exact_evm_nonce_already_used",
  "invalid_exact_evm_transaction_simulation_failed",
  "invalid_exact_evm_transaction_failed",
  "invalid_exact_evm_token_name_mismatch",
  "invalid_exact_evm_token_version_mismatch",
  "invalid_exact_evm_eip3009_not_supported",
  "invalid_network",
  "invalid_payload",
  "invalid_payment_requirements",
  "invalid_scheme",
  "unsupported_scheme",
  "invalid_x402_version",
  "invalid_transaction_state",
  "duplicate_settlement",
  "permit2_allowance_required",
  "permit2_amount_mismatch",
  "permit2_deadline_expired",
  "permit2_insufficient_balance",
  "permit2_invalid_nonce",
  "permit2_not_yet_valid",
  "permit2_simulation_failed",
  "permit2_token_mismatch",
  "settlement_pending",
  "unexpected_verify_error",
  "unexpected_settle_error",
]);

/** The reason if it is one of the list, else the fallback. Letter case is the wire's. */
export function knownReason(reason: string | undefined, fallback: string): string {
  const code = reason?.toLowerCase();
  return code !== undefined && KNOWN.has(code) ? code : fallback;
}

/**
 * Said of an authorisation that was spent before: by this settlement's forerunner, or by somebody else. A facilitator that
 * has merely seen the payment before (`duplicate_settlement`) does not say this: what it saw may have failed.
 */
const SPENT = new Set([
  "invalid_exact_evm_nonce_already_used",
  "permit2_invalid_nonce",
  "nonce_used",
  "already_settled",
]);

export function saysSpent(reason: string | undefined): boolean {
  return reason !== undefined && SPENT.has(reason.toLowerCase());
}

/** Reasons that may come after a broadcast, or from somebody who does not know either. */
const DOUBTFUL = new Set([
  "invalid_transaction_state",
  "invalid_exact_evm_transaction_failed",
  "settlement_pending",
  "unexpected_settle_error",
  "unexpected_verify_error",
]);

/** Whether a settlement refused for this reason, and without a transaction, certainly moved nothing. */
export function isDefinitive(reason: string | undefined): boolean {
  const code = reason?.toLowerCase() ?? "";
  return saysSpent(code) || (KNOWN.has(code) && !DOUBTFUL.has(code));
}

/** The status of a refusal: 412 where the buyer must first allow Permit2 to spend (scheme_exact_evm.md), else 402. */
export function refusalStatus(reason: string): 402 | 412 {
  return reason === "permit2_allowance_required" ? 412 : 402;
}

const FORGED = new Set(["invalid_exact_evm_payload_signature", "invalid_exact_evm_signature", "invalid_signature"]);

/** Said of a signature that is not the payer's. */
export function saysForged(reason: string | undefined): boolean {
  return reason !== undefined && FORGED.has(reason.toLowerCase());
}
