import { FacilitatorError } from "../errors.js";
import type { Facilitator } from "../facilitator/types.js";
import { knownReason } from "../protocol/reasons.js";
import type { FacilitatorRequest, VerifyResponse } from "../protocol/types.js";
import { within } from "../within.js";
import type { Engine, Presented } from "./engine.js";

export type Verification =
  | { readonly valid: true; readonly payer: string | undefined }
  | { readonly valid: false; readonly reason: string };

/**
 * Asks the facilitator about a payment. Copies that come while the question is open share it: they are one attempt,
 * keyed by name and proof, so that a forgery of the same name neither joins nor blocks it.
 */
export async function verifyPayment(
  engine: Engine,
  facilitator: Facilitator,
  presented: Presented,
): Promise<Verification> {
  const { id, proof, payload, offer, payer } = presented;
  const key = `${facilitator.id} ${id} ${proof}`;
  const { attempts } = engine.shared;
  const open = attempts.get(key);
  const request: FacilitatorRequest = {
    x402Version: 2,
    paymentPayload: payload,
    paymentRequirements: offer.requirements,
  };
  const answer = await (open ? within(open, engine.verifyTimeout, tooLong) : ask(engine, facilitator, request, key));
  if (!answer.isValid) return { valid: false, reason: knownReason(answer.invalidReason, "invalid_payment") };
  if (payer !== undefined && answer.payer !== undefined && !offer.scheme.sameAddress(payer, answer.payer)) {
    return { valid: false, reason: "payer_mismatch" };
  }
  return { valid: true, payer: payer ?? answer.payer };
}

function ask(
  engine: Engine,
  facilitator: Facilitator,
  request: FacilitatorRequest,
  key: string,
): Promise<VerifyResponse> {
  const { attempts } = engine.shared;
  const answer = engine.pool.verify(facilitator, request).finally(() => {
    if (attempts.get(key) === answer) attempts.delete(key);
  });
  attempts.set(key, answer);
  return answer;
}

function tooLong(): never {
  throw new FacilitatorError("facilitator_timeout", "The facilitator took too long", { sent: true });
}
