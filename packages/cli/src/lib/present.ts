import type { Health, PaymentRecord, Reconciliation } from "@turnpike/core";
import { plain, table } from "./text.js";

/** A payment as operators see it: chosen member by member, so that what is added to records does not show by itself. */
export function paymentFacts(record: PaymentRecord) {
  const { id, state, route, request, offer, payer, facilitator, reason, runs, receipt, validBefore } = record;
  return {
    id,
    state,
    route,
    request,
    scheme: offer.scheme,
    network: offer.network,
    asset: offer.asset,
    /** Atomic units of the asset. */
    amount: receipt?.amount ?? offer.amount,
    payTo: offer.payTo,
    payer,
    facilitator,
    transaction: record.transaction || receipt?.transaction || undefined,
    reason,
    runs,
    validBefore: validBefore === undefined ? undefined : isoTime(validBefore * 1_000),
    createdAt: isoTime(record.createdAt),
    updatedAt: isoTime(record.updatedAt),
  };
}

export function paymentsText(records: readonly PaymentRecord[]): string {
  if (records.length === 0) return "No payments.\n";
  const headings = ["STATE", "SINCE", "ROUTE", "AMOUNT", "ASSET", "NETWORK", "TRANSACTION", "REASON", "ID"];
  const rows = records.map(paymentFacts).map((one) => {
    const { state, updatedAt, route, amount, asset, network, transaction = "-", reason = "-", id } = one;
    return [state, updatedAt, route, amount, asset, network, transaction, reason, id];
  });
  return table(headings, rows);
}

export function reconciliationText(found: Reconciliation): string {
  const { examined, settled, failed, released, owed, open } = found;
  const lines = [
    `Looked at ${examined}: ${settled} charged, ${failed} not charged, ${released} released, ${owed} owed to their buyers.`,
    open === 0 ? "Nothing is open." : `${open} still unknown: turnpike payments --state unknown`,
  ];
  return `${lines.join("\n")}\n`;
}

export function resolvedText({ id, state }: PaymentRecord): string {
  return plain(`${id} is ${state}.`).concat("\n");
}

export function healthText({ ready, store, open, facilitators }: Health): string {
  const waiting = (name: string, { count, oldestSeconds }: Health["open"]["owed"]) => [
    name,
    store.ready ? String(count) : "?",
    count > 0 ? `oldest ${oldestSeconds} s` : "",
  ];
  return table(
    ["READY", ready ? "yes" : "no", ""],
    [
      [`store ${store.name}`, store.ready ? "ready" : "does not answer", ""],
      waiting("unknown", open.unknown),
      waiting("owed", open.owed),
      ...facilitators.map(({ id, state, error = "" }) => [`facilitator ${id}`, state, error]),
    ],
  );
}

function isoTime(milliseconds: number): string {
  return Number.isFinite(milliseconds) && Math.abs(milliseconds) < 8.64e15
    ? new Date(milliseconds).toISOString().replace(/\.\d+Z$/, "Z")
    : "-";
}
