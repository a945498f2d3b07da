import type { Standing } from "../ledger/ledger.js";
import { isAttempt, isFree, MOVED, type PaymentRecord } from "../ledger/record.js";
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
  readonly payload: PaymentPayload;
}

/** The same, once it is known what exactly is asked and how the client calls it. */
export interface KnownRequest<Raw> extends PaidRequest<Raw> {
  /** Method and path, and a digest of query and body, in one line. */
  readonly fingerprint: string;
  /** The client's name for its purchase, digested. */
  readonly name: string | undefined;
}

/** What is on record of a payment, or of this attempt of it. */
export async function findRecord<Raw>(
  { engine, route }: PaidRequest<Raw>,
  payment: Pick<Identified, "identity">,
): Promise<Standing | undefined> {
  const found = await engine.ledger.read(payment.identity.id);
  const open = found && (found.busy || !isFree(found.record));
  if (open || (!found && route.flow !== "upfront")) return found;
  // What came to nothing under its own name may have gone further as an attempt.
  const attempt = await engine.ledger.read(attemptId(payment));
  if (!attempt) return found;
  // It may have moved on between the two looks.
  return attempt.record.reason === MOVED ? engine.ledger.read(payment.identity.id) : attempt;
}

/** The name of the attempt that a record is, or would be. */
export function attemptName({ id, proof = "" }: Pick<PaymentRecord, "id" | "proof">): string {
  return isAttempt({ id }) ? id : `${id}#${proof}`;
}

/** The name of one attempt: a payment whose signature nobody has proven yet. */
export function attemptId({ identity }: Pick<Identified, "identity">): string {
  return `${identity.id}#${proofDigest(identity)}`;
}

export function hookPayment<Raw>(
  { request, route }: Pick<PaidRequest<Raw>, "request" | "route">,
  { identity, requirements }: Presented,
  payer?: string,
): HookPayment<Raw> {
  return { request: request.raw, route: route.label, payer, claimedPayer: identity.payer, offer: requirements };
}
