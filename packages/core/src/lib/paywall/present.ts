import type { FacilitatorPool } from "../facilitator/pool.js";
import { LONGEST_WINDOW } from "../ledger/record.js";
import { decodeHeader, HEADERS } from "../protocol/header.js";
import { includesJson } from "../protocol/json.js";
import { parsePaymentPayload } from "../protocol/schemas.js";
import type { PaymentPayload } from "../protocol/types.js";
import type { PaymentFault, PaymentIdentity, Scheme } from "../schemes/scheme.js";
import { findScheme } from "../schemes/schemes.js";
import type { PaywallRequest } from "../seam.js";
import type { Terms } from "./challenge.js";
import type { Presented, RouteTerms } from "./engine.js";
import { completeOffer, findOffer, type Offer } from "./offer.js";
import type { Problem } from "./problem.js";
import { pathOf } from "./resource-url.js";

/** Why a payment is refused before any call. */
export interface Refused {
  readonly refused: Problem;
}

/** The payment header of a request, decoded; `undefined` if there is none. */
export function readPayment<Raw>(request: PaywallRequest<Raw>): PaymentPayload | Refused | undefined {
  const header = request.header(HEADERS.signature);
  if (header === undefined) return undefined;
  if (header.includes(",")) return bad("duplicate_header", "The request has more than one PAYMENT-SIGNATURE header.");
  const decoded = decodeHeader(header.trim());
  if ("code" in decoded) return bad(decoded.code, decoded.detail);
  const { value } = decoded;
  const version = (value as { x402Version?: unknown } | null)?.x402Version;
  if (typeof version === "number" && version !== 2) {
    return bad("invalid_x402_version", "This route takes payments of x402 version 2.");
  }
  const parsed = parsePaymentPayload(value);
  return "value" in parsed
    ? parsed.value
    : bad("invalid_payload", `The payment does not have the form of x402 version 2: ${parsed.problem}.`);
}

/** A payment with its scheme and its name, before it is held against anything. */
export interface Identified {
  readonly payload: PaymentPayload;
  readonly scheme: Scheme;
  readonly identity: PaymentIdentity;
}

/** Names a payment by what was signed. */
export async function identifyPayment(
  payload: PaymentPayload,
  schemes: readonly Scheme[],
): Promise<Identified | Refused> {
  const { accepted } = payload;
  const scheme = findScheme(schemes, accepted.scheme, accepted.network);
  if (!scheme) return offerMismatch();
  const identity = await scheme.identify(payload);
  return "fault" in identity ? faulty(identity) : { payload, scheme, identity };
}

/** Compares a payment with what the route asks for now. It only computes, and makes no call. */
export function presentPayment<Raw>(
  { payload, scheme, identity }: Identified,
  terms: Terms,
  route: RouteTerms<Raw>,
  url: string,
  pool: FacilitatorPool,
): Presented | Refused {
  const offer = findOffer(terms.offers, payload.accepted) ?? findOffer(offersOfOthers(terms, pool), payload.accepted);
  if (!offer) return offerMismatch();
  const named = payload.resource?.url;
  if (named !== undefined && pathOf(named) !== pathOf(url)) {
    return refuse("resource_mismatch", "The payment is for another resource than the one requested.");
  }
  const echo = echoProblem(payload, terms, route);
  if (echo) return echo;
  const { requirements } = offer;
  const now = Math.floor(Date.now() / 1000);
  if (identity.validBefore !== undefined && identity.validBefore > now + LONGEST_WINDOW) {
    return refuse("valid_for_too_long", "The payment is valid for more than 28 days, longer than its record is kept.");
  }
  const fault = scheme.judge(payload, requirements, now, route.needSeconds);
  return fault ? faulty(fault) : { payload, scheme, requirements, identity, extensions: Object.keys(terms.extensions) };
}

/** The offers that other facilitators' terms make of the same prices: the preferred one may have changed a moment ago. */
function offersOfOthers({ offers }: Terms, pool: FacilitatorPool): readonly Offer[] {
  return offers.flatMap((offer) => {
    if (!offer.scheme.fromSupported?.length) return [];
    const serving = pool.serving(offer.requirements.scheme, offer.requirements.network);
    return serving.flatMap(({ kind }) => completeOffer(offer, kind.extra) ?? []);
  });
}

function faulty({ fault }: PaymentFault): Refused {
  return fault.malformed ? bad(fault.code, fault.detail) : refuse(fault.code, fault.detail);
}

function offerMismatch(): Refused {
  return refuse("offer_mismatch", "The accepted offer is not one of this route's current offers; sign one of those.");
}

/** A client may add to an extension's `info`, never delete or change (core specification, 5.1.2). */
function echoProblem<Raw>(payload: PaymentPayload, terms: Terms, route: RouteTerms<Raw>): Refused | undefined {
  for (const [id, entry] of Object.entries(terms.extensions)) {
    const echo = payload.extensions?.[id] as { info?: unknown } | undefined;
    if (echo === undefined || echo === null) continue;
    const dynamic = route.extensions.find((extension) => extension.id === id)?.dynamic ?? [];
    const fixed = Object.fromEntries(Object.entries(entry.info).filter(([key]) => !dynamic.includes(key)));
    if (!includesJson(echo.info ?? {}, fixed)) {
      return refuse("extension_echo_mismatch", `The payment changes the offered extension "${id}".`);
    }
  }
  return undefined;
}

function bad(code: string, detail: string): Refused {
  return {
    refused: {
      status: 400,
      code,
      detail,
      help: "The PAYMENT-REQUIRED header of this response lists what is accepted.",
    },
  };
}

function refuse(code: string, detail: string): Refused {
  return {
    refused: {
      status: 402,
      code,
      detail,
      help: "Sign a payment for one of the offers in the PAYMENT-REQUIRED header.",
    },
  };
}
