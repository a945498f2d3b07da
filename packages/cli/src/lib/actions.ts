import type { Reconciliation } from "@turnpike/core";
import { CommandError } from "./errors.js";
import { FINE, INTERRUPTED, STILL_OPEN } from "./exit-codes.js";
import type { Io } from "./io.js";
import { withPaywall } from "./open.js";
import { paymentFacts } from "./payment-facts.js";
import { reconciliationText, resolvedText } from "./present.js";
import type { GivenOptions } from "./settings.js";
import { fullId } from "./short-id.js";
import { json } from "./text.js";

/** Open payments that are counted. */
const MOST = 1_000;

export type Action<Rest extends readonly unknown[] = []> = (
  io: Io,
  options: GivenOptions,
  ...rest: Rest
) => Promise<number>;

/** Looks up the outcome of open payments, in passes, until one resolves nothing. */
export const reconcile: Action = (io, options) =>
  withPaywall(options, io, true, async (paywall, { progress }) => {
    let sum: Reconciliation = { examined: 0, settled: 0, failed: 0, released: 0, owed: 0, open: 0 };
    let last = sum;
    for (let goesOn = true; goesOn && !io.signal?.aborted; ) {
      progress.doing(`checked ${sum.examined} payments so far`);
      progress.tick();
      last = await paywall.reconcile();
      sum = add(sum, last);
      // A pass that resolved nothing would find the same again.
      goesOn = last.examined > last.open;
    }
    // A payment that was just checked is not due yet, and still open.
    const { payments: unknown } = await paywall.payments({ states: ["unknown"], limit: MOST });
    const total = { ...sum, open: Math.max(last.open, unknown.length) };
    io.out(options.json ? json(total) : reconciliationText(total));
    if (io.signal?.aborted) return INTERRUPTED;
    return total.open > 0 ? STILL_OPEN : FINE;
  });

const WARNINGS = {
  settled:
    "This permanently records that the payment was charged: its buyer can collect the response without paying again. Look for the transfer on the chain first",
  failed:
    "This permanently records that the payment was not charged: if it was, its buyer has paid for nothing. Check on the chain that it is unused and can no longer be used",
};

/** Sets the outcome of a payment if neither facilitator nor chain can tell. */
export const resolve: Action<
  [id: string, state: "settled" | "failed", given: { transaction?: string; force?: boolean; yes?: boolean }]
> = (io, options, id, state, { transaction, force = false, yes }) => {
  if (!yes) throw new CommandError("unconfirmed", `${WARNINGS[state]}; then repeat the command with --yes`);
  if (transaction !== undefined && state === "failed") {
    throw new CommandError("invalid_arguments", "A payment that was not charged has no transaction");
  }
  return withPaywall(options, io, false, async (paywall) => {
    const record = await paywall.resolve(await fullId(paywall, id), state, {
      force,
      ...(transaction === undefined ? {} : { transaction }),
    });
    io.out(options.json ? json(paymentFacts(record)) : resolvedText(record));
    return FINE;
  });
};

function add(a: Reconciliation, b: Reconciliation): Reconciliation {
  const keys = Object.keys(a) as (keyof Reconciliation)[];
  return Object.fromEntries(keys.map((key) => [key, a[key] + b[key]])) as unknown as Reconciliation;
}
