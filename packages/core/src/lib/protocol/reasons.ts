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

/** What a refused settlement without a transaction says of its payment. */
export type Refusal =
  /** Wrong in itself, as it was signed. */
  | "unsound"
  /** Not to be settled as things stand. Its own settlement may have brought that about, by an earlier call. */
  | "unfunded"
  /** Its authorisation was spent before: by this settlement's forerunner, or by somebody else. */
  | "used"
  /** The facilitator has merely seen it before; what it saw may have failed, or moved the money. */
  | "seen"
  /** Nothing: it may come after a broadcast, or from somebody who does not know either. */
  | "unclear";

const REFUSALS: Readonly<Record<Exclude<Refusal, "unsound">, ReadonlySet<string>>> = {
  unfunded: new Set([
    "insufficient_funds",
    "invalid_exact_evm_insufficient_balance",
    "invalid_exact_evm_payload_authorization_valid_before",
    "invalid_exact_evm_transaction_simulation_failed",
    "permit2_allowance_required",
    "permit2_deadline_expired",
    "permit2_insufficient_balance",
    "permit2_simulation_failed",
  ]),
  used: new Set(["invalid_exact_evm_nonce_already_used", "permit2_invalid_nonce", "nonce_used", "already_settled"]),
  seen: new Set(["duplicate_settlement"]),
  unclear: new Set([
    "invalid_transaction_state",
    "invalid_exact_evm_transaction_failed",
    "settlement_pending",
    "unexpected_settle_error",
    "unexpected_verify_error",
  ]),
};

export function readRefusal(reason: string | undefined): Refusal {
  const code = reason?.toLowerCase() ?? "";
  for (const [refusal, codes] of Object.entries(REFUSALS)) if (codes.has(code)) return refusal as Refusal;
  return KNOWN.has(code) ? "unsound" : "unclear";
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
