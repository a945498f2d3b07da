import type { PaymentRecord, Paywall } from "@turnpike/core";

/** Records that `/_ledger` shows at most. */
const MOST = 1_000;

/** What `/_ledger` answers: the payments on record, the newest first. Of each what an operator needs, and no signature. */
export async function readLedger(tolls: Paywall) {
  return (await tolls.payments({ limit: MOST })).payments.map(describeRecord);
}

/** Times are Unix milliseconds, the amount atomic units; a transaction that nobody knows is `""`. */
function describeRecord(record: PaymentRecord) {
  const { id, state, route, request, payer, offer, transaction, facilitator, reason, runs } = record;
  const { scheme, network, asset, amount, payTo } = offer;
  const { createdAt, updatedAt, times } = record;
  return {
    id,
    state,
    route,
    request,
    payer: payer ?? null,
    amount,
    asset,
    network,
    scheme,
    payTo,
    transaction: transaction ?? "",
    facilitator,
    reason: reason ?? null,
    runs,
    createdAt,
    updatedAt,
    times,
  };
}
