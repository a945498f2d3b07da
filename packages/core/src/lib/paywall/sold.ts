import type { StoredPayment } from "../ledger/record.js";
import type { PaymentRequirements } from "../protocol/types.js";
import type { Engine, RouteTerms } from "./engine.js";
import type { KnownRequest } from "./paid-request.js";
import { pathOf } from "./resource-url.js";
import { pricedMethod } from "./terms.js";

/**
 * Whether a payment on record was made for this route, by its label. A route without one is no other's, whatever records
 * call it; its method and path are a part of the request that the record names. Records that were written before they held
 * the label have it, or else method and path, in their `route`.
 */
export function isRoute<Raw>({ route, request, url }: KnownRequest<Raw>, record: StoredPayment): boolean {
  if (record.label !== undefined) return record.label === route.label;
  return record.route === (route.label || `${pricedMethod(request)} ${pathOf(url)}`);
}

/**
 * Whether a payment on record that names this route was made for its terms, too. One path may have several routes, told
 * apart by a header, a host or a version. A price that has risen since is not the buyer's to pay, if the label tells that no
 * other price of this path was meant.
 */
export function isSold<Raw>(paid: KnownRequest<Raw>, record: StoredPayment): boolean {
  const { engine, route, terms } = paid;
  const asked = terms.offers.map(({ requirements }) => requirements);
  if (asked.some((now) => isSame(now, record.offer))) return true;
  // A price function sees the whole request. What it asks now tells what another run of the handler is worth.
  if (typeof route.offers === "function")
    return record.kept === true || asked.some((now) => isCovered(now, record.offer));
  return route.label !== "" && countPrices(engine, route.label) === 1;
}

function isSame(now: PaymentRequirements, paid: PaymentRequirements): boolean {
  return isAlike(now, paid) && now.amount === paid.amount;
}

function isCovered(now: PaymentRequirements, paid: PaymentRequirements): boolean {
  return isAlike(now, paid) && BigInt(now.amount) <= BigInt(paid.amount);
}

function isAlike(now: PaymentRequirements, paid: PaymentRequirements): boolean {
  return (
    now.scheme === paid.scheme && now.network === paid.network && now.asset === paid.asset && now.payTo === paid.payTo
  );
}

/** Remembers which prices an engine has compiled under a label. */
export function rememberLabel<Raw>({ labels }: Engine, { label, offers }: RouteTerms<Raw>): void {
  if (label === "") return;
  const price = typeof offers === "function" ? offers : JSON.stringify(offers.map(({ requirements }) => requirements));
  const prices = labels.get(label) ?? new Set<unknown>();
  labels.set(label, prices.add(price));
}

function countPrices({ labels }: Engine, label: string): number {
  return labels.get(label)?.size ?? 0;
}
