/**
 * Reasons of a facilitator that are passed on to buyers. Others are replaced, since a facilitator's own text never
 * reaches a response (core specification, 9; scheme_exact_evm.md).
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
  "invalid_exact_evm_scheme",
  "invalid_exact_evm_missing_eip712_domain",
  "invalid_exact_evm_authorization_value",
  "invalid_exact_evm_failed_to_parse_signature",
  "invalid_permit2_recipient_mismatch",
  "invalid_permit2_signature",
  "invalid_permit2_spender",
  "invalid_signature",
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
  "permit2_2612_amount_mismatch",
  "permit2_invalid_amount",
  "permit2_invalid_destination",
  "permit2_invalid_nonce",
  "permit2_invalid_owner",
  "permit2_not_yet_valid",
  "permit2_payment_too_early",
  "permit2_simulation_failed",
  "permit2_token_mismatch",
  "eip6492_factory_not_allowed",
  "settlement_pending",
  "unsupported_payload_type",
  "unexpected_verify_error",
  "unexpected_settle_error",
]);

/** `Insufficient funds`, `insufficient-funds` and `insufficient_funds: balance 0` are one reason, if the rest names no transaction. */
function codeOf(reason: string | undefined): string {
  const [code = "", ...rest] = (reason ?? "").split(":");
  return mayNameTransaction(rest)
    ? ""
    : code
        .trim()
        .toLowerCase()
        .replace(/[\s-]+/g, "_");
}

/** Whether a value, or a member of it, is a text or a list of bytes as long as the ids of transactions are, and not all zeros. */
export function mayNameTransaction(value: unknown): boolean {
  const words = JSON.stringify(value ?? null).match(/[\w-]{16,}|\d+(?:,\d+){15,}/g) ?? [];
  return words.some((word) => (word.length >= 32 || /\d/.test(word)) && /[^0x,_-]/i.test(word));
}

/** The reason if it is one of the list, else the fallback. */
export function knownReason(reason: string | undefined, fallback: string): string {
  const code = codeOf(reason);
  return KNOWN.has(code) ? code : fallback;
}

/** What a refused settlement without a transaction means for its payment. */
export type Refusal =
  /** Invalid as signed. */
  | "unsound"
  /** Cannot be settled now, possibly because an earlier call settled it. */
  | "unfunded"
  /** Its authorisation was already spent: by an earlier call of this settlement, or by another party. */
  | "used"
  /** The facilitator has merely seen it before; what it saw may have failed, or moved the money. */
  | "seen"
  /** Nothing: it may come after a broadcast, or from a party that does not know either. */
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

/** A facilitator's own checks of a Solana transaction, ahead of sending it: many codes, all with one beginning. */
const SOLANA = /^invalid_exact_(?:svm|solana)_payload_/;

/** Whether a facilitator failed for a reason of its own, which says nothing about the payment. */
export function saysOwnTrouble(reason: string | undefined): boolean {
  return /^unexpected_(?:verify|settle)_error$/.test(codeOf(reason));
}

export function readRefusal(reason: string | undefined): Refusal {
  const code = codeOf(reason);
  if (SOLANA.test(code)) return code.endsWith("simulation_failed") ? "unfunded" : "unsound";
  for (const [refusal, codes] of Object.entries(REFUSALS)) if (codes.has(code)) return refusal as Refusal;
  return KNOWN.has(code) ? "unsound" : "unclear";
}

/** The status of a refusal: 412 where the buyer must first allow Permit2 to spend (scheme_exact_evm.md), else 402. */
export function refusalStatus(reason: string): 402 | 412 {
  return reason === "permit2_allowance_required" ? 412 : 402;
}

const FORGED = new Set([
  "invalid_exact_evm_payload_signature",
  "invalid_exact_evm_signature",
  "invalid_permit2_signature",
  "invalid_signature",
]);

/** The reason for a signature that is not the payer's. */
export function saysForged(reason: string | undefined): boolean {
  return FORGED.has(codeOf(reason));
}
