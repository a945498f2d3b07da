import type { PaymentRecord } from "@turnpike/core";
import { FINE } from "./exit-codes.js";
import type { Io } from "./io.js";
import { moneyText } from "./money.js";
import { withPaywall } from "./open.js";
import { paymentFacts } from "./payment-facts.js";
import type { GivenOptions } from "./settings.js";
import { findPayment } from "./short-id.js";
import { facts, json } from "./text.js";
import { isoTime } from "./times.js";

/** Prints all that operators may see of one payment. */
export function show(io: Io, options: GivenOptions, id: string): Promise<number> {
  return withPaywall(options, io, false, async (paywall, { store }) => {
    const record = await findPayment(paywall, store, id);
    io.out(options.json ? json({ ...paymentFacts(record), times: timesOf(record) }) : paymentText(record));
    return FINE;
  });
}

/** When it last came to each state. */
function timesOf({ times }: PaymentRecord): Record<string, string> {
  const inOrder = Object.entries(times).sort(([, a], [, b]) => a - b);
  return Object.fromEntries(inOrder.map(([state, time]) => [state, isoTime(time)]));
}

function paymentText(record: PaymentRecord): string {
  const one = paymentFacts(record);
  const atomic = one.money === undefined ? "" : ` (${one.amount} atomic units)`;
  return facts([
    ["id", one.id],
    ["short id", one.short],
    ["state", one.state],
    ["reason", one.reason],
    ["route", one.route],
    ["request", one.request],
    ["amount", `${moneyText(one.amount, one)}${atomic}`],
    ["network", one.networkName ? `${one.networkName} (${one.network})` : one.network],
    ["asset", one.asset],
    ["scheme", one.scheme],
    ["payer", one.payer],
    ["pay to", one.payTo],
    ["facilitator", one.facilitator],
    ["transaction", one.transaction],
    ["refund", one.refund?.transaction],
    ["refund note", one.refund?.note],
    ["runs", String(one.runs)],
    ["valid before", one.validBefore],
    ["created", one.createdAt],
    ["charged", one.chargedAt],
    ["updated", one.updatedAt],
    ...Object.entries(timesOf(record)).map(([state, time]) => [`${state} since`, time] as const),
  ]);
}
