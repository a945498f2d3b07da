import { pageOf } from "./pages.js";
import { withoutSecrets } from "./secrets.js";

/** Shared by every copy of this module: an app and a custom store may each have bundled one. */
export const KIND = Symbol.for("turnpike.error");

/**
 * An error for the seller. `code` is stable; `docs` points to its documentation: a URL, or a path from the app's own
 * folder.
 */
export class TurnpikeError extends Error {
  readonly code: string;
  readonly docs: string;

  /** `instanceof` also works for errors from another copy of this module. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: subclasses inherit this, and each is asked about itself
    const { prototype } = this as { readonly prototype: Partial<Record<typeof KIND, string>> };
    // biome-ignore lint/complexity/noThisInStatic: subclasses inherit this, and each is asked about itself
    if (!Object.hasOwn(prototype, KIND)) return Function.prototype[Symbol.hasInstance].call(this, value);
    const kind = typeof value === "object" && value !== null ? (value as typeof prototype)[KIND] : undefined;
    return prototype[KIND] === "any" ? kind !== undefined : prototype[KIND] === kind;
  }

  get [KIND](): string {
    return "any";
  }

  constructor(code: string, message: string, options?: ErrorOptions) {
    const docs = pageOf(`errors.md#${code}`);
    super(`${message} (${code}, see ${docs})`, options);
    this.name = new.target.name;
    this.code = code;
    this.docs = docs;
  }
}

/** One problem of a configuration. */
export interface ConfigProblem {
  /** Stable, for example `invalid_price`. */
  readonly code: string;
  /** Where it is, for example `routes["GET /weather"].price`. */
  readonly path: string;
  /** What is wrong and how to fix it. Private keys are left out. */
  readonly message: string;
}

/** The configuration is invalid. Lists every problem at once; thrown at start. */
export class ConfigError extends TurnpikeError {
  readonly problems: readonly ConfigProblem[];

  override get [KIND](): string {
    return "config";
  }

  constructor(all: readonly ConfigProblem[]) {
    const shown = all.map(({ code, path, message }) => ({ code, path, message: withoutSecrets(message) }));
    const problems = [...new Map(shown.map((problem) => [`${problem.path} ${problem.message}`, problem])).values()];
    const lines = problems.map(({ code, path, message }) => `\n  - ${path}: ${message} [${code}]`);
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super("invalid_config", `The paywall is not configured correctly: ${count}.${lines.join("")}\n`);
    this.problems = problems;
  }
}

export type FacilitatorErrorCode =
  /** No connection could be made: provably nothing was sent. */
  | "facilitator_unreachable"
  | "facilitator_timeout"
  /** The connection broke after the request may have been sent. */
  | "facilitator_disconnected"
  | "facilitator_redirect"
  | "facilitator_too_large"
  /** An HTTP error without a readable response. */
  | "facilitator_status"
  /** A response that does not match the protocol, or contradicts the request. */
  | "facilitator_unreadable"
  /** No configured facilitator serves this scheme on this network. */
  | "facilitator_unsupported"
  | "facilitator_busy"
  /** It failed too often and is not called at the moment. */
  | "facilitator_unavailable"
  /** Credentials for the call could not be created. */
  | "facilitator_credentials";

/** A facilitator could not be reached, or its response could not be used. Never contains the facilitator's own text. */
export class FacilitatorError extends TurnpikeError {
  declare readonly code: FacilitatorErrorCode;
  /** False only if certainly no byte of the request was sent: then a settlement cannot have happened. */
  readonly sent: boolean;
  /** HTTP status of the response, if there was one. */
  readonly status?: number;
  /** Seconds to wait, as the facilitator asked, already capped. */
  readonly retryAfter?: number;

  override get [KIND](): string {
    return "facilitator";
  }

  constructor(
    code: FacilitatorErrorCode,
    message: string,
    details: { sent: boolean; status?: number; retryAfter?: number; cause?: unknown },
  ) {
    super(code, message, details.cause === undefined ? undefined : { cause: details.cause });
    this.sent = details.sent;
    if (details.status !== undefined) this.status = details.status;
    if (details.retryAfter !== undefined) this.retryAfter = details.retryAfter;
  }
}

/** The store failed, or lacks what a ledger needs. */
export class StoreError extends TurnpikeError {
  override get [KIND](): string {
    return "store";
  }
}

/**
 * Whether a write failed because another holder has the record by now. Only the ledger reports this: if a store
 * rejects, with any code, the outcome of the write is unknown.
 */
export function isConflict(error: unknown): boolean {
  return error instanceof StoreError && (error.code === "record_conflict" || error.code === "invalid_transition");
}
