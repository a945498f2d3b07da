import type { PaymentRecord } from "@turnpike/core";
import { inTokens, tokenFacts } from "./money.js";
import { shortId } from "./short-id.js";
import { isoTime } from "./times.js";

export type PaymentFacts = ReturnType<typeof paymentFacts>;

/** A payment as operators see it: chosen member by member, so that what is added to records does not show by itself. */
export function paymentFacts(record: PaymentRecord) {
  const { id, state, route, request, offer, payer, facilitator, reason, runs, receipt, validBefore } = record;
  const { chargedAt, refund } = record;
  const token = tokenFacts(offer.network, offer.asset);
  const amount = receipt?.amount ?? offer.amount;
  return {
    id,
    short: shortId(record),
    state,
    route,
    request,
    scheme: offer.scheme,
    ...token,
    /** Atomic units of the asset. */
    amount,
    /** The same in whole tokens; absent where the token is not known. */
    money: inTokens(amount, token.decimals),
    payTo: offer.payTo,
    payer,
    facilitator,
    transaction: record.transaction || receipt?.transaction || undefined,
    reason,
    runs,
    refund: refund && { transaction: refund.transaction, note: refund.note },
    validBefore: validBefore === undefined ? undefined : isoTime(validBefore * 1_000),
    createdAt: isoTime(record.createdAt),
    chargedAt: chargedAt === undefined ? undefined : isoTime(chargedAt),
    updatedAt: isoTime(record.updatedAt),
  };
}
