import type { TokenDefinition } from "../pricing/definitions.js";
import type { JsonObject, PaymentPayload, PaymentRequirements } from "../protocol/types.js";
import type { Awaitable } from "../seam.js";

/** How a payment flows around the handler (core specification, 6.1). */
export type PaymentFlow = "authorization" | "upfront";

/** Who a payment is, by what was signed. */
export interface PaymentIdentity {
  /** Names the payment by what makes it single-use on its network; the same for every encoding of it. */
  readonly id: string;
  /** Everything else that was signed, and the signature: tells a payment from a forgery of the same name. */
  readonly proof: string;
  /** Who signed, where the payload tells. */
  readonly payer?: string;
  /** Unix seconds; absent where only the chain knows. */
  readonly validBefore?: number;
}

/** Why a payment is refused: a code of the protocol (core specification, 9) and a sentence of ours. */
export interface PaymentFault {
  readonly fault: {
    readonly code: string;
    readonly detail: string;
    /** The payload is not of the scheme's shape at all: a bad request rather than a bad payment. */
    readonly malformed?: boolean;
  };
}

/**
 * A payment scheme on a family of networks. The engine knows schemes only through this interface.
 */
export interface Scheme {
  /** For example `exact`. */
  readonly scheme: string;
  /** CAIP-2 namespace, for example `eip155`. */
  readonly namespace: string;
  /** Flows that it supports by asset transfer method, the default first; `""` is the method without a name. */
  readonly flows: Readonly<Record<string, readonly PaymentFlow[]>>;
  /** The token's transfer method; `""` if the scheme has none. */
  transferMethod(token: TokenDefinition): string;
  /** What is wrong with an address to be paid at. */
  checkAddress(address: string): string | undefined;
  /** `extra` of an offer in this token, without the protocol's own keys; a string says why there is none. */
  extra(token: TokenDefinition): JsonObject | string;
  /** Members of `extra` that an offer must take over from the facilitator's `/supported` kind. */
  readonly fromSupported?: readonly string[];
  /** Names a payment of this scheme by its own content, whatever is offered now. Only its form can be at fault. */
  identify(payload: PaymentPayload): Awaitable<PaymentIdentity | PaymentFault>;
  /**
   * Holds it against an offer by checks that cost nothing: recipient, amount, window. `now` is in Unix seconds; the payment
   * must be valid for `needed` seconds more.
   */
  judge(
    payload: PaymentPayload,
    requirements: PaymentRequirements,
    now: number,
    needed: number,
  ): PaymentFault | undefined;
  /** The one spelling of an address that `checkAddress` finds nothing wrong with, for records, hooks and offers. */
  spell(address: string): string;
  /** Whether two addresses of this namespace are the same. */
  sameAddress(a: string, b: string): boolean;
  /** Whether a string can be a transaction id there. */
  isTransaction(id: string): boolean;
}

/**
 * Proves signatures in this process. `valid`: the payer signed this. `invalid`: nobody could have.
 * `undecided`: only a facilitator or the chain can tell, as with contract wallets.
 */
export interface SignatureCheck {
  check(payload: PaymentPayload, requirements: PaymentRequirements): Awaitable<"valid" | "invalid" | "undecided">;
}
