import { encodeHeader, HEADERS } from "../protocol/header.js";
import type { ExtensionEntry, PaymentRequired, ResourceInfo } from "../protocol/types.js";
import type { HeaderList, PaywallRequest, Reply } from "../seam.js";
import type { RouteTerms } from "./engine.js";
import { describeOffer, type Offer } from "./offer.js";
import { pageReply, prefersHtml } from "./page.js";
import { OWN_HEADERS, type Problem, problemReply } from "./problem.js";
import { patternName } from "./route-name.js";

/** What a route asks for now: offers as buyers see them, and the extensions declared with them. */
export interface Terms {
  readonly offers: readonly Offer[];
  readonly extensions: Readonly<Record<string, ExtensionEntry>>;
}

/** Characters of a `PAYMENT-REQUIRED` header that proxies and clients are sure to pass. */
export const MAX_REQUIRED = 4_096;

/** Stands for a route whose pattern the framework does not tell. */
const THIS = "This request";

const HELP =
  "Read the PAYMENT-REQUIRED header (base64 of JSON), sign a payment for one of its offers with an x402 version 2 client, " +
  "and send the same request again with the payment in a PAYMENT-SIGNATURE header.";

/** The `PAYMENT-REQUIRED` header of a route (core specification, 5.1). */
export function requiredHeader<Raw>(route: RouteTerms<Raw>, terms: Terms, url: string, error: string): string {
  const required: PaymentRequired = {
    x402Version: 2,
    error,
    resource: { url, ...route.resource } as ResourceInfo,
    accepts: terms.offers.map(({ requirements }) => requirements),
    ...(Object.keys(terms.extensions).length > 0 ? { extensions: terms.extensions } : {}),
  };
  const header = encodeHeader(required);
  if (header.length <= MAX_REQUIRED || !required.extensions) return header;
  // Extensions are optional; an offer that a proxy drops is worth nothing.
  delete required.extensions;
  return encodeHeader(required);
}

/** The response to a request without payment. */
export function unpaidReply<Raw>(
  route: RouteTerms<Raw>,
  terms: Terms,
  url: string,
  request: PaywallRequest<Raw>,
  preview: unknown,
): Reply {
  const header: HeaderList = [
    [HEADERS.required, requiredHeader(route, terms, url, "PAYMENT-SIGNATURE header is required")],
  ];
  const name = patternName(route, request) ?? THIS;
  if (prefersHtml(request.header("accept"))) {
    return pageReply(route.description ?? name, terms.offers.map(describeOffer), header);
  }
  if (preview === undefined) return problemReply(unpaidProblem(name, terms), header);
  const type: HeaderList = [["Content-Type", "application/json"]];
  return { status: 402, headers: [...type, ...OWN_HEADERS, ...header], body: JSON.stringify(preview) };
}

/** A refused payment: the reason, and fresh requirements beside it. */
export function refusedReply<Raw>(
  route: RouteTerms<Raw>,
  terms: Terms,
  url: string,
  problem: Problem & { readonly reason?: string },
): Reply {
  return problemReply(problem, [[HEADERS.required, requiredHeader(route, terms, url, problem.reason ?? problem.code)]]);
}

function unpaidProblem(name: string, terms: Terms): Problem {
  const prices = terms.offers.map(describeOffer).join(", or ");
  return { status: 402, code: "payment_required", detail: `${name} costs ${prices}.`, help: HELP };
}

/** Unpaid responses that an engine keeps at once, and the longest URL of one that is kept. */
const MAX_KEPT = 2_000;
const MAX_KEPT_URL = 256;

/** Keeps unpaid responses of fixed prices; clients choose the URLs, so all routes share one limit. */
export interface ReplyCache {
  get(url: string, key: string, make: () => Reply): Reply;
}

export function createReplyCache(): ReplyCache {
  const kept = new Map<string, Reply>();
  return {
    get: (url, key, make) => {
      if (url.length > MAX_KEPT_URL) return make();
      const name = `${key} ${url}`;
      const found = kept.get(name);
      if (found) return found;
      if (kept.size >= MAX_KEPT) kept.clear();
      const reply = make();
      kept.set(name, reply);
      return reply;
    },
  };
}
