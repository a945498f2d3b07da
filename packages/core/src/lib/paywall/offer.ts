import type { NetworkDefinition, TokenDefinition } from "../pricing/definitions.js";
import { formatPrice, type TokenAmount } from "../pricing/price.js";
import { includesJson, sameJson } from "../protocol/json.js";
import type { JsonObject, PaymentRequirements } from "../protocol/types.js";
import type { PaymentFlow, Scheme } from "../schemes/scheme.js";

/** One entry of `accepts`, with what the engine knows beside it. */
export interface Offer {
  readonly requirements: PaymentRequirements;
  readonly scheme: Scheme;
  readonly network: NetworkDefinition;
  readonly price: TokenAmount;
}

/** What the offers of one route on one network have in common, whatever the price. */
export interface OfferTerms {
  readonly scheme: Scheme;
  readonly network: NetworkDefinition;
  readonly payTo: string;
  readonly flow: PaymentFlow;
  readonly maxTimeoutSeconds: number;
  /** More entries for `extra`, from the route's options. */
  readonly extra: JsonObject;
}

/** The offer for a price; a string says why the scheme cannot make one in this token. */
export function makeOffer(terms: OfferTerms, price: TokenAmount): Offer | string {
  const { scheme, network, flow } = terms;
  const flows = scheme.flows[scheme.transferMethod(price.token)];
  if (!flows?.includes(flow))
    return `${scheme.scheme} cannot settle ${price.token.symbol} on ${network.name} in the flow "${flow}"`;
  const fault = tokenFault(scheme, price.token);
  if (fault) return `the address of ${price.token.symbol} on ${network.name} is not a token's: ${fault}`;
  const extra = scheme.extra(price.token);
  if (typeof extra === "string") return extra;
  // Any flow but the default must be written out (core specification, 6.1).
  const all: JsonObject = { ...terms.extra, ...extra, ...(flow === "authorization" ? {} : { paymentFlow: flow }) };
  const requirements: PaymentRequirements = {
    scheme: scheme.scheme,
    network: network.id,
    amount: price.atomic.toString(),
    asset: scheme.spell(price.token.address),
    payTo: terms.payTo,
    maxTimeoutSeconds: terms.maxTimeoutSeconds,
    ...(Object.keys(all).length > 0 ? { extra: all } : {}),
  };
  return { requirements, scheme, network, price };
}

const checked = new WeakMap<TokenDefinition, string | undefined>();

/** What is wrong with a token's address, looked at once: price functions make an offer for every request. */
function tokenFault(scheme: Scheme, token: TokenDefinition): string | undefined {
  if (!checked.has(token)) checked.set(token, scheme.checkAddress(token.address));
  return checked.get(token);
}

/** The offer with what its scheme must take over from the facilitator; `undefined` if the facilitator lacks it. */
export function completeOffer(offer: Offer, kindExtra: JsonObject | undefined): Offer | undefined {
  const names = offer.scheme.fromSupported ?? [];
  if (names.length === 0) return offer;
  const taken: JsonObject = {};
  for (const name of names) {
    const value = kindExtra?.[name];
    if (value === undefined) return undefined;
    taken[name] = value;
  }
  return { ...offer, requirements: { ...offer.requirements, extra: { ...offer.requirements.extra, ...taken } } };
}

/**
 * The offer that a client accepted. Every field must be the offer's own; only `extra` may have more
 * (core specification, 5.2.2).
 */
export function findOffer(offers: readonly Offer[], accepted: PaymentRequirements): Offer | undefined {
  const { extra, ...fields } = accepted;
  return offers.find(({ requirements }) => {
    const { extra: offered, ...own } = requirements;
    return sameJson(fields, own) && includesJson(extra ?? {}, offered ?? {});
  });
}

/** `0.01 USDC on Base Sepolia`. */
export function describeOffer({ price, network }: Offer): string {
  return `${formatPrice(price)} on ${network.title}`;
}
