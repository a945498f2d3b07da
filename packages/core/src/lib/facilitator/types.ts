import type { FacilitatorRequest, SettlementResponse, SupportedResponse, VerifyResponse } from "../protocol/types.js";

/**
 * Verifies and settles payments: a service over HTTP (`httpFacilitator`, `cdp`) or one in this process
 * (`localFacilitator` of `@turnpike/evm`). Every method rejects with a `FacilitatorError` if there is no response.
 */
export interface Facilitator {
  /** Names it in records and errors: its base URL, or `local:<address>`. Contains no secret. */
  readonly id: string;
  /**
   * It is known to repeat a settlement's success to any caller, not only to the first (`CallOptions.token`).
   * @default false
   */
  readonly retells?: boolean;
  /**
   * Gets what it cannot work without, such as keys from a function: called before the first offer, and again while it
   * rejects. Makes no network call.
   */
  ready?(): Promise<void>;
  supported(options?: CallOptions): Promise<SupportedResponse>;
  /** Read-only: reserves nothing (core specification, 7.1). */
  verify(request: FacilitatorRequest, options?: CallOptions): Promise<VerifyResponse>;
  settle(request: FacilitatorRequest, options?: CallOptions): Promise<SettlementResponse>;
}

export interface CallOptions {
  /** Stops waiting. A request already sent is not undone. */
  readonly signal?: AbortSignal;
  /**
   * For `settle`: the caller's secret for this payment, the same at every attempt, also after a restart. A facilitator
   * that repeats a success does so only to the first caller, and reports the payment as used to others.
   */
  readonly token?: string;
  /** For `settle`: called with a response that arrives after `signal` ended the wait, if one still does. */
  readonly late?: (answer: SettlementResponse) => void;
}
