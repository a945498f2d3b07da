import type { ExtensionEntry, JsonObject, PaymentRequirements } from "../protocol/types.js";

/** An x402 extension that a route declares in its offer. */
export interface Extension {
  /** Its key in `extensions`, for example `payment-identifier`. */
  readonly id: string;
  /** The entry for one offer; `undefined` leaves the extension out. */
  declare(offer: {
    readonly route: string;
    readonly method: string;
    readonly accepts: readonly PaymentRequirements[];
  }): ExtensionEntry | undefined;
  /** Members of `info` that differ between responses, so the client's echo of them is not compared. */
  readonly dynamic?: readonly string[];
  /**
   * The client's identifier for its purchase, read from `info` of its echo (`undefined` if it sent none): the same
   * identifier never buys twice. `undefined` if it gives none; a fault refuses the payment as a bad request.
   */
  readName?(info: JsonObject | undefined): string | { readonly code: string; readonly detail: string } | undefined;
  /** Implemented by the facilitator: declared only if its `/supported` lists the id. */
  readonly facilitator?: boolean;
}
