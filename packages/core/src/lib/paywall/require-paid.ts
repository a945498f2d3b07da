import { TurnpikeError } from "../errors.js";
import type { Payment } from "../seam.js";
import { sharedState } from "./engine.js";

/**
 * The last gate, inside a handler: throws unless a paywall admitted this very request. What proves it is kept by the
 * engine for the request object itself, so nothing that a client sends can stand in for it.
 * @param request the framework's own: Express and Fastify `req`, Hono `c`, Next.js `request`
 * @returns the payment, or `undefined` where the seller's own hook granted the request
 * @throws TurnpikeError with the code `not_paid`
 */
export function requirePaid(request: object): Payment | undefined {
  const admission = sharedState().admitted.get(request);
  if (!admission) throw new TurnpikeError("not_paid", "The handler ran for a request that no paywall has admitted");
  return admission.payment;
}
