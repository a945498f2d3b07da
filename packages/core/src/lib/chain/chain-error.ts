import { KIND, TurnpikeError } from "../errors.js";
import { RpcFailure, RpcRefusal } from "./rpc-errors.js";

export type ChainErrorCode =
  /** The node gave no answer: it cannot be reached, broke off, or answered with an HTTP error. */
  | "chain_unavailable"
  | "chain_timeout"
  /** The node answered with an error of its own. */
  | "chain_refused"
  /** The node answered something else than what was asked for. */
  | "chain_unreadable"
  /** The node serves another chain than the configured one. */
  | "chain_mismatch";

/** A chain could not be asked. Carries neither the node's words nor its address. */
export class ChainError extends TurnpikeError {
  declare readonly code: ChainErrorCode;
  /** HTTP status of the node's answer, if that is what was wrong. */
  readonly status?: number;

  override get [KIND](): string {
    return "chain";
  }

  constructor(code: ChainErrorCode, message: string, status?: number) {
    super(code, message);
    if (status !== undefined) this.status = status;
  }
}

/** What went wrong, as callers may see it: no cause is passed on, since it may quote the node or its address. */
export function asChainError(error: unknown): ChainError {
  if (error instanceof ChainError) return error;
  if (error instanceof RpcFailure) return new ChainError(codeOf(error), error.message, error.status);
  if (error instanceof RpcRefusal) return new ChainError("chain_refused", error.message);
  return new ChainError("chain_unreadable", "The chain's node gave an unexpected response.");
}

function codeOf({ code }: RpcFailure): ChainErrorCode {
  if (code === "facilitator_timeout") return "chain_timeout";
  return code === "facilitator_unreadable" || code === "facilitator_too_large"
    ? "chain_unreadable"
    : "chain_unavailable";
}
