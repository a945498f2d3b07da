import { KIND, TurnpikeError } from "../errors.js";
import { RpcFailure, RpcRefusal } from "./rpc-errors.js";

export type ChainErrorCode =
  /** No response: the node cannot be reached, broke off, or returned an HTTP error. */
  | "chain_unavailable"
  | "chain_timeout"
  /** The node responded with an error. */
  | "chain_refused"
  /** The node's response does not match the request. */
  | "chain_unreadable"
  /** The node serves another chain than the configured one. */
  | "chain_mismatch";

/** A chain could not be read. Contains neither the node's text nor its address. */
export class ChainError extends TurnpikeError {
  declare readonly code: ChainErrorCode;
  /** HTTP status of the node's response, if that was the error. */
  readonly status?: number;

  override get [KIND](): string {
    return "chain";
  }

  constructor(code: ChainErrorCode, message: string, status?: number) {
    super(code, message);
    if (status !== undefined) this.status = status;
  }
}

/** The error for callers: without a cause, which may quote the node or its address. */
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
