import { FacilitatorError } from "@turnpike/core";

type Code = FacilitatorError["code"];

/** Errors of sockets that come before a connection exists. */
const NEVER_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

export const TOO_LATE = "The chain's node did not answer in time.";

/** The node gave no answer. */
export class RpcFailure extends Error {
  readonly code: Code;
  /** False only if it is certain that the request never reached the node. */
  readonly arrived: boolean;
  readonly status: number | undefined;

  constructor(code: Code, sentence: string, arrived = true, status?: number) {
    super(sentence);
    this.code = code;
    this.arrived = arrived;
    this.status = status;
  }

  /** Whether a second try may find the node in a better state. */
  get passing(): boolean {
    if (this.code === "facilitator_unreachable" || this.code === "facilitator_disconnected") return true;
    return this.status === 429 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

/** The node's own error. Its words stay in here: they may quote the request. */
export class RpcRefusal extends Error {
  readonly code: number;
  readonly words: string;
  readonly data: unknown;

  constructor(code: number, words: string, data: unknown) {
    super("The chain's node refused a request.");
    this.code = code;
    this.words = words;
    this.data = data;
  }

  /** Whether a contract said no, rather than the node. */
  get reverted(): boolean {
    if (this.code === 3 || /revert|vm execution|invalid opcode|out of gas|gas required exceeds/i.test(this.words)) {
      return true;
    }
    return typeof this.data === "string" && this.data.startsWith("0x");
  }

  /** Whether a second try may succeed: the node is busy, or one of several that has not seen the newest block yet. */
  get passing(): boolean {
    return /rate|limit|too many|capacity|header not found|(?:unknown|missing) block|block not found/i.test(this.words);
  }
}

/**
 * What went wrong, as the callers of a facilitator know it. Nothing of the cause is passed on: the endpoint's address,
 * which holds a key at many providers, stands in viem's errors.
 * @param sent whether a settlement may have left
 */
export function asFacilitatorError(error: unknown, sent: boolean): FacilitatorError {
  if (error instanceof FacilitatorError) return error;
  if (error instanceof RpcFailure) {
    const { code, message, status } = error;
    return new FacilitatorError(code, message, { sent, ...(status === undefined ? {} : { status }) });
  }
  if (error instanceof RpcRefusal) return new FacilitatorError("facilitator_status", error.message, { sent });
  return new FacilitatorError("facilitator_unreadable", "The chain's node answered something unexpected.", { sent });
}

/** What made viem's client give up on a request. */
export function explainFailure(error: unknown): RpcFailure {
  const { name, status } = error as { name?: string; status?: number };
  if (name === "TimeoutError" || name === "AbortError") {
    return new RpcFailure("facilitator_timeout", TOO_LATE);
  }
  if (name === "ResponseBodyTooLargeError") {
    return new RpcFailure("facilitator_too_large", "The chain's node answered too much.");
  }
  if (status !== undefined) {
    const code = status >= 300 && status < 400 ? "facilitator_redirect" : "facilitator_status";
    return new RpcFailure(code, `The chain's node answered with HTTP status ${status}.`, true, status);
  }
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof SyntaxError) {
      return new RpcFailure("facilitator_unreadable", "The chain's node answered something else than JSON.");
    }
    if (neverConnected(cause)) {
      return new RpcFailure("facilitator_unreachable", "The chain's node cannot be reached.", false);
    }
  }
  return new RpcFailure("facilitator_disconnected", "The connection to the chain's node broke.");
}

/** Node tries several addresses of a name and then reports all their errors in one. */
function neverConnected(error: Error): boolean {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(neverConnected);
  return NEVER_CONNECTED.has((error as { code?: string }).code ?? "");
}
