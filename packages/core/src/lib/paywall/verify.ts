import { FacilitatorError } from "../errors.js";
import type { Verified } from "../facilitator/pool.js";
import { TURN_LIMIT } from "../facilitator/turns.js";
import type { Facilitator } from "../facilitator/types.js";
import { canonicalKey } from "../protocol/json.js";
import { knownReason } from "../protocol/reasons.js";
import { parseVerifyResponse } from "../protocol/schemas.js";
import type { VerifyResponse } from "../protocol/types.js";
import { within } from "../within.js";
import { type Engine, facilitatorRequest, type Presented } from "./engine.js";
import type { Bringer } from "./limits.js";
import { namedPayer } from "./named-payer.js";
import { attemptId } from "./paid-request.js";
import { proofDigest } from "./proof.js";

export type Verification =
  | { readonly valid: true; readonly facilitator: Facilitator; readonly payer: string | undefined }
  | { readonly valid: false; readonly reason: string };

/** One attempt: who is asked, the payment's name, its proof and what it pays for, which not every scheme signs over. */
export function attemptKey({ poolKey }: Engine, { identity, requirements }: Presented): string {
  return [poolKey, identity.id, proofDigest(identity), canonicalKey(requirements)].join(" ");
}

/**
 * Asks a facilitator about a payment. Copies that come while the question is open share it: they are one attempt, so that
 * a forgery of the same name neither joins nor blocks it.
 */
export async function verifyPayment(
  engine: Engine,
  presented: Presented,
  key: string,
  bringer: Bringer,
): Promise<Verification> {
  const { scheme } = presented;
  const { payer } = presented.identity;
  const { attempts } = engine.shared;
  const tooLong = (): never => {
    attempts.delete(key);
    throw new FacilitatorError("facilitator_timeout", "The facilitator took too long", { sent: true });
  };
  const open = attempts.get(key);
  const { facilitator, answer: said } = await (open
    ? within(open, TURN_LIMIT + engine.pool.verifyLimit, tooLong)
    : ask(engine, presented, key, bringer));
  // One in this process may say anything.
  const parsed = parseVerifyResponse(said);
  const answer: VerifyResponse = "value" in parsed ? parsed.value : { isValid: false };
  if (answer.isValid !== true) return { valid: false, reason: knownReason(answer.invalidReason, "invalid_payment") };
  if (payer !== undefined && answer.payer !== undefined && !scheme.sameAddress(payer, answer.payer)) {
    engine.reporter.alert("settlement_contradicted");
    return { valid: false, reason: "payer_mismatch" };
  }
  return { valid: true, facilitator, payer: payer ?? namedPayer(scheme, answer.payer) };
}

function ask(engine: Engine, presented: Presented, key: string, bringer: Bringer): Promise<Verified> {
  const { attempts } = engine.shared;
  const { scheme, network } = presented.requirements;
  const verify = async () => {
    const asked = () => engine.pool.verify(facilitatorRequest(presented), engine.guard.caller(bringer));
    try {
      const found = await engine.reporter.trace({ name: "verify", scheme, network }, asked);
      // Before the place is free again, or the next one would not know.
      if (found.answer.isValid !== true) engine.guard.addressFailed(bringer);
      return found;
    } catch (error) {
      if (error instanceof FacilitatorError && error.sent) engine.guard.callFailed(bringer);
      throw error;
    }
  };
  const verified = inTurn(engine, presented, bringer, verify).finally(() => {
    if (attempts.get(key) === verified) attempts.delete(key);
  });
  attempts.set(key, verified);
  return verified;
}

/** Asks a facilitator once it is this payment's turn, and holds the place until that has ended. */
export async function inTurn<T>(
  engine: Engine,
  presented: Pick<Presented, "identity" | "requirements">,
  bringer: Bringer,
  work: () => Promise<T>,
): Promise<T> {
  const end = await engine.turns(presented.requirements.network).take(engine.guard.asker(bringer));
  engine.guard.brings(attemptId(presented), bringer.client);
  try {
    return await work();
  } finally {
    end();
  }
}
