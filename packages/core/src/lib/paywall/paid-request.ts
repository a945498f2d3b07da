import type { Standing } from "../ledger/ledger.js";
import { isFree, MOVED } from "../ledger/record.js";
import type { PaymentPayload } from "../protocol/types.js";
import type { PaywallRequest } from "../seam.js";
import type { Terms } from "./challenge.js";
import type { Engine, Presented, RouteTerms } from "./engine.js";
import type { HookPayment } from "./hooks.js";
import type { Identified } from "./present.js";
import { proofDigest } from "./proof.js";

/** A priced request with a payment, on its way to a ticket. */
export interface PaidRequest<Raw> {
  readonly engine: Engine;
  readonly route: RouteTerms<Raw>;
  readonly terms: Terms;
  readonly request: PaywallRequest<Raw>;
  readonly url: string;
  /** What records, events and hooks call the route. */
  readonly routeName: string;
  readonly payload: PaymentPayload;
}

/** The same, once it is known what exactly is asked and how the client calls it. */
export interface KnownRequest<Raw> extends PaidRequest<Raw> {
  /** Method and path, and a digest of query and body, in one line. */
  readonly fingerprint: string;
  /** The client's name for its purchase, digested. */
  readonly name: string | undefined;
  /** The user that the seller names for it. */
  readonly buyer: string | undefined;
}

/** What is on record of a payment, or of this attempt of it. */
export async function findRecord<Raw>(
  { engine: { ledger } }: PaidRequest<Raw>,
  payment: Pick<Identified, "identity">,
): Promise<Standing | undefined> {
  const { id } = payment.identity;
  // On every route: a stranger who sees a payment may send it to another one.
  const [found, known] = await Promise.all([ledger.read(id), ledger.read(attemptId(payment))]);
  // The name counts only once its attempt has moved, which may be newer than what was read beside it.
  const attempt = found?.record.moving ? await ledger.read(attemptId(payment)) : known;
  const moved = attempt?.record.reason === MOVED;
  if (found && isTaken(found) && found.record.proof === proofDigest(payment.identity)) {
    if (!found.record.moving || !attempt || moved) return found;
  }
  // It may have moved on between the two looks.
  if (moved) return ledger.read(id);
  return isTaken(attempt) ? attempt : found;
}

/** Whether a payment is taken: being worked on, in doubt, or charged. */
export function isTaken(standing: Standing | undefined): boolean {
  return standing !== undefined && (standing.busy || !isFree(standing.record));
}

/** The name of one attempt: a payment whose signature is not proven yet. */
export function attemptId({ identity }: Pick<Identified, "identity">): string {
  return `${identity.id}#${proofDigest(identity)}`;
}

export function hookPayment<Raw>(
  { request, routeName }: Pick<PaidRequest<Raw>, "request" | "routeName">,
  { identity, requirements }: Presented,
  payer?: string,
): HookPayment<Raw> {
  return { request: request.raw, route: routeName, payer, claimedPayer: identity.payer, offer: requirements };
}
