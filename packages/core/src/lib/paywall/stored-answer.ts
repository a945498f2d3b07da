import type { StoredAnswer, StoredPayment } from "../ledger/record.js";
import { HEADERS } from "../protocol/header.js";
import type { HeaderList, Outcome, Reply } from "../seam.js";
import { chargedHeaders } from "./answer-headers.js";
import type { RouteTerms } from "./engine.js";
import { EXPOSED, VARY } from "./problem.js";
import { receiptHeader } from "./replies.js";

/** Fields that belong to one connection, or that are set again each time a response is sent. */
const NOT_KEPT = new Set([
  "connection",
  "keep-alive",
  "transfer-encoding",
  "date",
  "trailer",
  "upgrade",
  HEADERS.response.toLowerCase(),
]);

/** A part, and "not modified": what they say depends on fields of the request that are no part of the purchase. */
const PARTIAL = new Set([206, 304]);

/** Milliseconds for which a response is kept if its buyer can prove itself by more than the chain shows. */
const KEEP_NAMED = 24 * 3_600_000;

/**
 * A whole response as it can be sent again; nothing if it streams, or is larger than the route keeps.
 * @param collects it is made for what was owed
 */
export function keepAnswer<Raw>(
  route: RouteTerms<Raw>,
  outcome: Outcome,
  record: StoredPayment,
  collects = false,
): StoredAnswer | undefined {
  const { whole, body, status } = outcome;
  if (!whole || !body || body.byteLength > route.keepBytes || PARTIAL.has(status)) return undefined;
  const { remove, set } = chargedHeaders(outcome, undefined);
  // Where the response is sent, the handler's values of these are joined with the engine's.
  const replaced = set.map(([name]) => name).filter((name) => name !== VARY[0] && name !== EXPOSED[0]);
  const dropped = new Set([...remove, ...replaced].map((name) => name.toLowerCase()));
  const headers = outcome.headers().filter(([name]) => {
    const key = name.toLowerCase();
    // A response to HEAD has only the length of its body.
    if (key === "content-length") return body.byteLength === 0;
    return !dropped.has(key) && !NOT_KEPT.has(key);
  });
  const now = Date.now();
  const expiresAt = record.identifier ? now + KEEP_NAMED : Math.min(givenUntil(record), now + KEEP_NAMED);
  const answer = { status, headers: [...headers, ...set], body, expiresAt };
  return collects ? keepLonger(route, answer, record) : answer;
}

/**
 * A response that is owed, or was, is available for as long as it can be collected. A stranger who shows the payment in
 * that time and is faster than its buyer takes nothing from the buyer.
 */
export function keepLonger<Raw>(route: RouteTerms<Raw>, answer: StoredAnswer, record: StoredPayment): StoredAnswer {
  return { ...answer, expiresAt: Math.max(answer.expiresAt, collectedUntil(route, record)) };
}

/** Unix milliseconds until which what is owed can be collected. */
export function collectedUntil<Raw>(
  { collectSeconds }: Pick<RouteTerms<Raw>, "collectSeconds">,
  { times, updatedAt }: StoredPayment,
): number {
  return (times.settled ?? updatedAt) + collectSeconds * 1000;
}

/** Unix milliseconds until which the payment itself collects a delivered response again: later it identifies no one. */
function givenUntil({ validBefore, createdAt, offer }: StoredPayment): number {
  return validBefore === undefined ? createdAt + offer.maxTimeoutSeconds * 1000 : validBefore * 1000;
}

/**
 * A kept response, with the receipt of its payment.
 * @param proven its buyer has shown more than the chain does
 */
export function storedReply(
  { status, headers, body }: StoredAnswer,
  { receipt }: StoredPayment,
  proven: boolean,
): Reply {
  // Cookies may be a session's.
  const given = proven ? headers : headers.filter(([name]) => name.toLowerCase() !== "set-cookie");
  const fields: HeaderList = given.map(([name, value]) => [name, value]);
  if (receipt) fields.push(receiptHeader(receipt));
  return { status, headers: fields, body };
}
