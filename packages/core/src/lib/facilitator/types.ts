import type { FacilitatorRequest, SettlementResponse, SupportedResponse, VerifyResponse } from "../protocol/types.js";

/**
 * Verifies and settles payments: a service over HTTP (`httpFacilitator`, `cdp`) or a part of this process
 * (`localFacilitator` of `@turnpike/evm`). Every method rejects with a `FacilitatorError` when no answer can be had.
 */
export interface Facilitator {
  /** Names it in records and errors: its base URL, or `local:<address>`. Carries no secret. */
  readonly id: string;
  /**
   * It is known to tell a settlement's success again to whoever asks, and not only to the caller that asked first
   * (`CallOptions.token`). @default false
   */
  readonly retells?: boolean;
  /**
   * Asks for what it cannot work without, such as keys that a function gives: called before the first payment is offered, and
   * again while it rejects. Contacts nobody.
   */
  ready?(): Promise<void>;
  supported(options?: CallOptions): Promise<SupportedResponse>;
  /** Read-only: reserves nothing (core specification, 7.1). */
  verify(request: FacilitatorRequest, options?: CallOptions): Promise<VerifyResponse>;
  settle(request: FacilitatorRequest, options?: CallOptions): Promise<SettlementResponse>;
}

export interface CallOptions {
  /** Ends the wait. Whatever was sent stays sent. */
  readonly signal?: AbortSignal;
  /**
   * For `settle`: the caller's secret for this payment, the same at every try, also after a restart. A facilitator that
   * tells a success again does so only to the caller that asked first, and says to others that the payment is used.
   */
  readonly token?: string;
  /** For `settle`: told of an answer that comes after `signal` has ended the wait, if it is still heard. */
  readonly late?: (answer: SettlementResponse) => void;
}
