import type { FacilitatorRequest, SettlementResponse, SupportedResponse, VerifyResponse } from "../protocol/types.js";

/**
 * Verifies and settles payments: a service over HTTP (`httpFacilitator`, `cdp`) or a part of this process
 * (`localFacilitator` of `@turnpike/evm`). Every method rejects with a `FacilitatorError` when no answer can be had.
 */
export interface Facilitator {
  /** Names it in records and errors: its base URL, or `local:<address>`. Carries no secret. */
  readonly id: string;
  supported(options?: CallOptions): Promise<SupportedResponse>;
  /** Read-only: reserves nothing (core specification, 7.1). */
  verify(request: FacilitatorRequest, options?: CallOptions): Promise<VerifyResponse>;
  settle(request: FacilitatorRequest, options?: CallOptions): Promise<SettlementResponse>;
}

export interface CallOptions {
  /** Ends the wait. Whatever was sent stays sent. */
  readonly signal?: AbortSignal;
}
