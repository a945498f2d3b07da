import { FacilitatorError } from "../errors.js";
import type { Selected } from "../facilitator/pool.js";
import type { ExtensionEntry } from "../protocol/types.js";
import type { Awaitable, PaywallRequest } from "../seam.js";
import type { Terms } from "./challenge.js";
import type { Engine, RouteTerms } from "./engine.js";
import { completeOffer, type Offer } from "./offer.js";

/**
 * The terms of a route for buyers: its offers with what schemes take over from facilitators, less those that no
 * facilitator serves. Only a scheme that needs a facilitator's data waits for one; the others are offered unasked.
 * Rejects with a FacilitatorError if nothing can be offered.
 */
export async function completeTerms<Raw>(
  engine: Engine,
  route: RouteTerms<Raw>,
  offers: readonly Offer[],
  method: string,
): Promise<Terms> {
  const complete: Offer[] = [];
  const listed = new Set<string>();
  let failure: unknown;
  for (const offer of offers) {
    try {
      const selected = await facilitatorFor(engine, offer);
      for (const id of selected?.extensions ?? []) listed.add(id);
      const whole = completeOffer(offer, selected?.kind.extra);
      if (whole) complete.push(whole);
    } catch (error) {
      failure ??= error;
    }
  }
  if (complete.length > 0) return { offers: complete, extensions: declare(route, complete, method, listed) };
  throw (
    failure ??
    new FacilitatorError("facilitator_unsupported", "No facilitator serves any offer of this route", { sent: false })
  );
}

/** The facilitator of an offer; `undefined` if none has been asked yet and the offer is complete without. */
function facilitatorFor(engine: Engine, { scheme, requirements }: Offer): Awaitable<Selected | undefined> {
  const { pool } = engine;
  const known = pool.peek(requirements.scheme, requirements.network);
  if (known || (known === undefined && !scheme.fromSupported)) return known;
  return pool.find(requirements.scheme, requirements.network);
}

function declare<Raw>(
  route: RouteTerms<Raw>,
  offers: readonly Offer[],
  method: string,
  listed: ReadonlySet<string>,
): Record<string, ExtensionEntry> {
  const entries: Record<string, ExtensionEntry> = {};
  const accepts = offers.map(({ requirements }) => requirements);
  for (const extension of route.extensions) {
    if (extension.facilitator && !listed.has(extension.id)) continue;
    const entry = extension.declare({ route: route.label, method, accepts });
    if (entry) entries[extension.id] = entry;
  }
  return entries;
}

/** The method that a price belongs to: `HEAD` is `GET`. */
export function pricedMethod<Raw>(request: PaywallRequest<Raw>): string {
  return request.method === "HEAD" ? "GET" : request.method;
}
