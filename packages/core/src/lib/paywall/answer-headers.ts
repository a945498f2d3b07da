import { encodeHeader, HEADERS } from "../protocol/header.js";
import type { SettlementResponse } from "../protocol/types.js";
import type { HeaderList, Outcome } from "../seam.js";
import { EXPOSED, VARY } from "./problem.js";

/** Fields that only the engine writes; a handler's (or its upstream's) would lie about the payment. */
const OURS = [HEADERS.required, HEADERS.response, HEADERS.extensionResponses, "Settlement-Overrides"];

/** Fields that tell a shared cache to keep what one buyer paid for, also where they are set behind the handler. */
const FOR_SHARED_CACHES = [
  "CDN-Cache-Control",
  "Cloudflare-CDN-Cache-Control",
  "Vercel-CDN-Cache-Control",
  "Netlify-CDN-Cache-Control",
  "Akamai-Cache-Control",
  "Surrogate-Control",
  "Edge-Control",
  "X-Accel-Expires",
  "X-LiteSpeed-Cache-Control",
];
/** Their like: directives for one cache alone, and the tags under which it keeps a response. */
const LIKE_THESE =
  /-cache-(control|ttl|expires|tags?|keys?)$|^surrogate-|^x-(litespeed|srcache)-|^(cache|cdn)-(tags?|keys?)$|^edge-control$|^x-accel-expires$|^x-?(key|xkey)$/i;

export interface HeaderChange {
  readonly remove: readonly string[];
  readonly set: HeaderList;
}

/** Changes to a response that was not charged. */
export const UNCHARGED: HeaderChange = { remove: OURS, set: [VARY] };

/** Changes to a response that is charged: the receipt, if there is one yet, and no shared caching. */
export function chargedHeaders(outcome: Outcome, receipt: SettlementResponse | undefined): HeaderChange {
  const fields = outcome.headers();
  const cached = fields.filter(([name]) => name.toLowerCase() === "cache-control").map(([, value]) => value);
  const shared = fields.map(([name]) => name).filter((name) => LIKE_THESE.test(name));
  return {
    remove: [...OURS, ...new Set([...FOR_SHARED_CACHES, ...shared])],
    set: [
      ...(receipt ? [[HEADERS.response, encodeHeader(receipt)] as [string, string]] : []),
      ["Cache-Control", makePrivate(cached.join(", "))],
      VARY,
      EXPOSED,
    ],
  };
}

/** Changes to a response that the seller gives away: below 400 it is still priced, and shared caches know no hooks. */
export function grantedHeaders(outcome: Outcome): HeaderChange {
  return outcome.status < 400 ? chargedHeaders(outcome, undefined) : UNCHARGED;
}

/** A `Cache-Control` value without leave for shared caches. */
export function makePrivate(value = ""): string {
  const kept = value
    .split(",")
    .map((directive) => directive.trim())
    .filter((directive) => directive !== "" && !/^(public|private|s-maxage|proxy-revalidate)\b/i.test(directive));
  return ["private", ...kept].join(", ");
}
