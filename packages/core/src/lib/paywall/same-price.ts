import { canonicalKey } from "../protocol/json.js";
import type { PricedRoute } from "../seam.js";
import { shared } from "../shared.js";
import type { RouteTerms } from "./engine.js";

interface Stated {
  /** As the seller wrote it. */
  readonly price: unknown;
  /** Equal for equal fixed prices; none for a price function. */
  readonly fixed: string | undefined;
}

const stated = shared("turnpike.prices", () => new WeakMap<object, Stated>());

export function rememberPrice(route: object, price: unknown, offers: RouteTerms<never>["offers"]): void {
  const fixed =
    typeof offers === "function" ? undefined : offers.map(({ requirements }) => canonicalKey(requirements)).join(" ");
  stated.set(route, { price, fixed });
}

/**
 * Whether two compiled prices ask the same of every request, as far as it can be known without one: a price function is
 * the same as itself only. Two gates of one request must agree, since a payment for the one does not satisfy the other.
 */
export function samePrice(one: PricedRoute<never>, other: PricedRoute<never>): boolean {
  if (one === other) return true;
  const [a, b] = [stated.get(one), stated.get(other)];
  // A refusal, such as of a method that is not listed, has no price.
  if (!a || !b) return true;
  return a.fixed === undefined || b.fixed === undefined ? a.price === b.price : a.fixed === b.fixed;
}
