import { TurnpikeError } from "../errors.js";
import type { Price } from "../prices.js";
import type { Payment } from "../seam.js";
import { type Admission, sharedState } from "./engine.js";

/** What a handler must have been paid: a price, or the price of the route with this label. */
export type Expected = Price | { readonly label: string };

/**
 * A last check inside a handler: throws unless a paywall admitted this request object, with its current method and URL.
 * The engine keeps the proof for the object itself, so a client cannot forge it.
 * @param request the framework's own: Express and Fastify `req`, Hono `c`, Next.js `request`
 * @param expected the price or label it must have, for example `"$5.00"` or `{ label: "GET /reports/:id" }`
 * @returns the payment, or `undefined` if a hook granted the request
 * @throws TurnpikeError with the code `not_paid`
 * @example
 * app.get("/report", paid(tolls, "$5.00"), (req, res) => {
 *   requirePaid(req, "$5.00");
 *   res.json(report);
 * });
 */
export function requirePaid(request: object, expected?: Expected): Payment | undefined {
  const admission = sharedState().admitted.get(request);
  if (!admission) throw notPaid("The handler ran for a request that no paywall admitted");
  const changed = admission.changed();
  if (changed) throw notPaid(`The request was changed after the paywall: ${changed} when it was paid for`);
  if (expected !== undefined && !isAsked(admission, expected)) {
    throw notPaid("The request was admitted at another price than its handler requires");
  }
  return admission.payment;
}

function isAsked(admission: Admission, expected: Expected): boolean {
  return typeof expected === "object" && "label" in expected
    ? admission.label === expected.label
    : admission.costs(expected);
}

function notPaid(message: string): TurnpikeError {
  return new TurnpikeError("not_paid", message);
}
