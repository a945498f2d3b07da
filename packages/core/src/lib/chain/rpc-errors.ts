import type { FacilitatorErrorCode } from "../errors.js";

/** Errors of sockets that come before a connection exists. */
const NEVER_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);

export const TOO_LATE = "The chain's node did not respond in time.";
export const TOO_MUCH = "The chain's node sent too large a response.";

/** The node did not respond. */
export class RpcFailure extends Error {
  readonly code: FacilitatorErrorCode;
  /** False only if it is certain that the request never reached the node. */
  readonly arrived: boolean;
  readonly status: number | undefined;

  constructor(code: FacilitatorErrorCode, sentence: string, arrived = true, status?: number) {
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

/** The node's own error. Its text stays in here: they may quote the request. */
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

/** What an HTTP status other than a success means. A redirect that a runtime hides has none. */
export function explainStatus(status: number): RpcFailure {
  const code = status < 400 ? "facilitator_redirect" : "facilitator_status";
  return new RpcFailure(code, `The chain's node responded with HTTP status ${status}.`, true, status);
}

/** What made `fetch` give up on a request. */
export function explainFailure(error: unknown): RpcFailure {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof SyntaxError) {
      return new RpcFailure("facilitator_unreadable", "The chain's node did not respond with JSON.");
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
