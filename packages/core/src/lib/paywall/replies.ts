import { FacilitatorError } from "../errors.js";
import { encodeHeader, HEADERS } from "../protocol/header.js";
import { refusalStatus } from "../protocol/reasons.js";
import type { SettlementResponse } from "../protocol/types.js";
import type { HeaderList, Reply } from "../seam.js";
import { OWN_HEADERS, problemReply, unavailable } from "./problem.js";
import type { Settlement } from "./settle.js";

/** The settlement was refused for certain: the protocol's 402 with the failed receipt (HTTP transport, failure example). */
function failedReply(receipt: SettlementResponse): Reply {
  const headers: HeaderList = [["Content-Type", "application/json"], ...OWN_HEADERS, receiptHeader(receipt)];
  return { status: refusalStatus(receipt.errorReason ?? ""), headers, body: "{}" };
}

/** It is unknown whether the payment was charged: no fresh offer, which would invite a second signature. */
function unknownReply(receipt: SettlementResponse | undefined): Reply {
  const problem = {
    code: receipt ? "settlement_pending" : "settlement_unknown",
    detail: "The payment was sent to the chain, and its outcome is not known yet.",
    help: "Do not sign another payment. Send the same request with the same payment again: it is charged once at most.",
  };
  return unavailable(problem, 2, receipt ? [receiptHeader(receipt)] : []);
}

/**
 * Nothing that knows the settlement's outcome can be asked: only the seller can resolve it (`paywall.resolve`), or the chain
 * once it can be asked.
 */
function unresolvedReply(): Reply {
  const problem = {
    code: "settlement_unresolved",
    detail:
      "The payment was sent for settlement, and its outcome can no longer be checked here. The seller has a record of it.",
    help: "Do not sign another payment. Send the same request with the same payment again later, or ask the seller.",
  };
  return unavailable(problem, 60);
}

/** The settlement provably never left: nothing was charged. */
function unsentReply(retryAfter: number | undefined): Reply {
  const problem = {
    code: "settlement_not_sent",
    detail: "The payment could not be settled, because the facilitator cannot be reached. Nothing was charged.",
    help: "Send the same request with the same payment again.",
  };
  return unavailable(problem, retryAfter);
}

/**
 * A facilitator could not be asked. Says nothing of charges: an earlier use of the same payment may be on record. Where no
 * facilitator serves what the route offers, the same request would not fare better later.
 */
export function facilitatorReply(error: unknown): Reply {
  const known = error instanceof FacilitatorError ? error : undefined;
  if (known?.code === "facilitator_unsupported") return internalReply(known.code, MISCONFIGURED, error);
  const problem = {
    code: known?.code ?? "facilitator_unreadable",
    detail: "The facilitator is not available at the moment.",
    help: "Send the same request with the same payment again: it is charged once at most.",
  };
  return unavailable(problem, known?.retryAfter, [], error);
}

/** The ledger cannot be asked or written, so nothing may happen. */
export function storeReply(receipt?: SettlementResponse, error?: unknown): Reply {
  const problem = {
    code: "store_unavailable",
    detail: "Payments cannot be recorded at the moment.",
    help: "Send the same request with the same payment again: it is charged once at most.",
  };
  return unavailable(problem, 2, receipt ? [receiptHeader(receipt)] : [], error);
}

/** The payment is in use by another request. */
export function inProgressReply(): Reply {
  const problem = {
    status: 409,
    code: "payment_in_progress",
    detail: "This payment is being used by another request.",
  };
  return problemReply({ ...problem, help: "Wait, then send the same request with the same payment again." }, [
    ["Retry-After", "1"],
  ]);
}

/** The payment bought something already; the receipt has its outcome. */
export function usedReply(receipt: SettlementResponse | undefined): Reply {
  const problem = { status: 409, code: "payment_used", detail: "This payment has been used." };
  return problemReply(
    { ...problem, help: "Send the request without a payment to get an offer, then sign a new payment." },
    receipt ? [receiptHeader(receipt)] : [],
  );
}

/** Nothing is collected for it any more: the money went back, or is on its way. */
export function refundedReply(receipt: SettlementResponse | undefined): Reply {
  const problem = { status: 409, code: "payment_used", detail: "The seller is refunding this payment." };
  return problemReply(
    { ...problem, help: "To buy again, request an offer without a payment and sign a new one." },
    receipt ? [receiptHeader(receipt)] : [],
  );
}

/**
 * It was charged, and the request has another price by now. A fresh offer would invite the buyer to pay twice.
 * @param fixed it may have been made for a variant of the request, too, that has a price of its own
 */
export function repricedReply(receipt: SettlementResponse | undefined, fixed: boolean): Reply {
  const detail = "This payment was charged at a different price than the request has now, so it cannot be used here.";
  return chargedReply(fixed ? "payment_bound" : "price_changed", detail, receipt);
}

/** Something is owed for it, and not to this request, or not any more. */
export function debtReply(receipt: SettlementResponse | undefined): Reply {
  return chargedReply(
    "payment_used",
    "This payment was charged, but this request cannot collect the response it paid for.",
    receipt,
  );
}

/** It is owed still, and no request collects it any more. */
export function lapsedReply(receipt: SettlementResponse | undefined): Reply {
  const detail = "This payment was charged and its response failed, and it can no longer be collected.";
  return chargedReply("payment_used", detail, receipt, "Do not pay again. Ask the seller for a refund.");
}

function chargedReply(
  code: string,
  detail: string,
  receipt: SettlementResponse | undefined,
  help = "Do not pay again. Send exactly the request that the payment was made for, or ask the seller.",
): Reply {
  return problemReply({ status: 409, code, detail, help }, receipt ? [receiptHeader(receipt)] : []);
}

/** The payment belongs to a different request. */
export function boundReply(): Reply {
  const problem = { status: 409, code: "payment_bound", detail: "This payment was made for another request." };
  return problemReply({
    ...problem,
    help: "Send the request that it was made for, or sign a new payment for this one.",
  });
}

/** The client's name for its purchase is another purchase's already. */
export function nameConflictReply(): Reply {
  return problemReply({
    status: 409,
    code: "payment_identifier_conflict",
    detail: "This payment identifier was used with another payment.",
    help: "Send the same request with the payment that it was used with, or a new identifier with a new payment.",
  });
}

/** The request's body did not come, so it is unknown what is being paid for. */
export function bodyReply(): Reply {
  return problemReply({ status: 408, code: "request_incomplete", detail: "The request's body did not arrive." });
}

/** The response would leave around the paywall, and this runtime cannot let it settle first. */
export function detachedReply(): Reply {
  const detail = "This server cannot sell a response that upgrades the connection.";
  const help = "Send the request without `Upgrade`. Nothing was charged.";
  return problemReply({ status: 501, code: "upgrade_not_supported", detail, help });
}

/** The detail for a fault that a retry does not fix. */
export const MISCONFIGURED = "This is a configuration error on the server.";

/**
 * Something in the seller's configuration or code failed; denied, since it guards money.
 * @param error what was thrown, for the log
 */
export function internalReply(code: string, detail: string, error?: unknown): Reply {
  return { ...problemReply({ status: 500, code, detail }), fault: { code, error } };
}

export function receiptHeader(receipt: SettlementResponse): [string, string] {
  return [HEADERS.response, encodeHeader(receipt)];
}

/** The response for a buyer whose payment did not settle. */
export function unsettledReply(settlement: Exclude<Settlement, { type: "settled" }>): Reply {
  switch (settlement.type) {
    case "failed":
      return failedReply(settlement.receipt);
    case "unsent":
      return unsentReply(settlement.retryAfter);
    case "unknown":
      return settlement.unresolved ? unresolvedReply() : unknownReply(settlement.receipt);
  }
}

/** The handler took too long. */
export function timeoutReply(receipt: SettlementResponse | undefined): Reply {
  const headers: HeaderList = receipt ? [receiptHeader(receipt)] : [];
  const help = receipt
    ? "The payment was taken; send the same request with the same payment again to collect the response."
    : "Nothing was charged; the same payment can be sent again.";
  const code = "handler_timeout";
  return {
    ...problemReply({ status: 504, code, detail: "The response took too long.", help }, headers),
    fault: { code },
  };
}
