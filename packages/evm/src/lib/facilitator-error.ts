import { FacilitatorError } from "@turnpike/core";
import { RpcFailure, RpcRefusal } from "@turnpike/core/chain";

/**
 * What went wrong, as the callers of a facilitator know it. Nothing of the cause is passed on: the endpoint's address,
 * which holds a key at many providers, may be in its text.
 * @param sent whether a settlement may have left
 */
export function asFacilitatorError(error: unknown, sent: boolean): FacilitatorError {
  if (error instanceof FacilitatorError) return error;
  if (error instanceof RpcFailure) {
    const { code, message, status } = error;
    return new FacilitatorError(code, message, { sent, ...(status === undefined ? {} : { status }) });
  }
  if (error instanceof RpcRefusal) return new FacilitatorError("facilitator_status", error.message, { sent });
  return new FacilitatorError("facilitator_unreadable", "The chain's node gave an unexpected response.", { sent });
}
