import { FacilitatorError } from "../errors.js";
import type { Facilitator } from "../facilitator/types.js";
import { canonicalKey } from "../protocol/json.js";
import { knownReason } from "../protocol/reasons.js";
import type { FacilitatorRequest, VerifyResponse } from "../protocol/types.js";
import { within } from "../within.js";
import type { Engine, Presented } from "./engine.js";
import { namedPayer } from "./named-payer.js";

export type Verification =
  | { readonly valid: true; readonly payer: string | undefined }
  | { readonly valid: false; readonly reason: string };

/**
 * Asks the facilitator about a payment. Copies that come while the question is open share it: they are one attempt, keyed
 * by name, proof and what they pay for, so that a forgery of the same name neither joins nor blocks it.
 */
export async function verifyPayment(
  engine: Engine,
  facilitator: Facilitator,
  presented: Presented,
): Promise<Verification> {
  const { payload, requirements, scheme } = presented;
  const { id, proof, payer } = presented.identity;
  const { attempts } = engine.shared;
  // Not every scheme signs over what is paid for.
  const key = [facilitator.id, id, proof, canonicalKey(requirements)].join(" ");
  const tooLong = (): never => {
    attempts.delete(key);
    throw new FacilitatorError("facilitator_timeout", "The facilitator took too long", { sent: true });
  };
  const open = attempts.get(key);
  const request: FacilitatorRequest = { x402Version: 2, paymentPayload: payload, paymentRequirements: requirements };
  const answer = await (open ? within(open, engine.verifyTimeout, tooLong) : ask(engine, facilitator, request, key));
  if (answer.isValid !== true) return { valid: false, reason: knownReason(answer.invalidReason, "invalid_payment") };
  if (payer !== undefined && answer.payer !== undefined && !scheme.sameAddress(payer, answer.payer)) {
    return { valid: false, reason: "payer_mismatch" };
  }
  return { valid: true, payer: payer ?? namedPayer(scheme, answer.payer) };
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
