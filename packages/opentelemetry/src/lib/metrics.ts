import type { Attributes, Meter } from "@opentelemetry/api";
import type { PaymentRecord, PaymentState, PaywallEvent } from "@turnpike/core";
import { createLabels, OTHER } from "./attributes.js";

type PaymentEvent = Extract<PaywallEvent, { type: "payment" }>;

/** Values of one attribute that are told apart. */
const MAX_VALUES = 200;
/** Seconds: from a facilitator in this process to the longest settlement that is waited for. */
const BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];
/** How the wait for a settlement ends. */
const SETTLEMENT_ENDS: readonly PaymentState[] = ["settled", "unknown", "failed"];

/** Counts events. Neither payers nor payments become attributes: each would be a time series, and tell who bought what. */
export function createCounters(meter: Meter): (event: PaywallEvent) => void {
  const payments = meter.createCounter("turnpike.payments", {
    description: "Payments that entered a state.",
    unit: "{payment}",
  });
  const revenue = meter.createCounter("turnpike.revenue", {
    description: "Charged amount, in atomic units of the asset.",
    unit: "{atomic_unit}",
  });
  const duration = meter.createHistogram("turnpike.settle.duration", {
    description: "Time from before a settlement was sent until its outcome was recorded.",
    unit: "s",
    advice: { explicitBucketBoundaries: BUCKETS },
  });
  const refused = meter.createCounter("turnpike.refused", {
    description: "Payments that were refused, with nothing on record.",
    unit: "{payment}",
  });
  const alerts = meter.createCounter("turnpike.alerts", {
    description: "Events that an operator should check.",
    unit: "{alert}",
  });
  const routeLabel = createLabels(MAX_VALUES);
  const codeLabel = createLabels(MAX_VALUES);
  const reasonLabel = createLabels(MAX_VALUES);

  const countPayment = (event: PaymentEvent) => {
    const { state, before, payment } = event;
    // A settlement that is sent once more comes to the state that it is in.
    if (state !== before) payments.add(1, { "turnpike.state": state, "turnpike.route": routeLabel(payment.route) });
    if (state === "settled") {
      const { network, asset } = payment.offer;
      revenue.add(chargedAmount(payment), { "turnpike.network": network, "turnpike.asset": asset });
    }
    const seconds = settlementSeconds(event);
    if (seconds === undefined) return;
    const attributes: Attributes = {
      "turnpike.state": state,
      "turnpike.network": payment.offer.network,
      "turnpike.facilitator": payment.facilitator,
    };
    if (state !== "settled") attributes["error.type"] = payment.reason ? reasonLabel(payment.reason) : OTHER;
    duration.record(seconds, attributes);
  };

  return (event) => {
    if (event.type === "payment") countPayment(event);
    else if (event.type === "refused") refused.add(1, { "turnpike.code": codeLabel(event.code) });
    else if (event.type === "alert") alerts.add(1, { "turnpike.code": event.code });
  };
}

/**
 * Atomic units. Metrics know no integers beyond 2^53: a larger total is right to one part in 2^53 at each addition, which
 * is enough for a chart and not for the books; those are kept by the store.
 */
function chargedAmount({ receipt, offer }: PaymentRecord): number {
  const amount = receipt?.amount ?? offer.amount;
  return /^\d{1,78}$/.test(amount) ? Number(amount) : 0;
}

/** Nothing but a settlement leads to these states. */
function settlementSeconds({ state, at, payment: { times } }: PaymentEvent): number | undefined {
  if (times.settling === undefined || !SETTLEMENT_ENDS.includes(state)) return undefined;
  return Math.max(0, (times[state] ?? at) - times.settling) / 1_000;
}
