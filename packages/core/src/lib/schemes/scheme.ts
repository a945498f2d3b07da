import type { TokenDefinition } from "../pricing/definitions.js";
import type { JsonObject, PaymentPayload, PaymentRequirements } from "../protocol/types.js";
import type { Awaitable } from "../seam.js";

/** How a payment flows around the handler (core specification, 6.1). */
export type PaymentFlow = "authorization" | "upfront";

/** The identity of a payment, from its signed content. */
export interface PaymentIdentity {
  /** Id of the payment, from what makes it single-use on its network; the same for every encoding of it. */
  readonly id: string;
  /** Everything else that was signed, and the signature: distinguishes a payment from a forgery with the same id. */
  readonly proof: string;
  /** The signer, if the payload contains it. */
  readonly payer?: string;
  /** Unix seconds; absent if only the chain has it. */
  readonly validBefore?: number;
}

/** Why a payment is refused: a code of the protocol (core specification, 9) and a message. */
export interface PaymentFault {
  readonly fault: {
    readonly code: string;
    readonly detail: string;
    /** The payload does not have the scheme's shape: a bad request rather than a bad payment. */
    readonly malformed?: boolean;
  };
}

/** A payment scheme on a family of networks. The engine uses schemes only through this interface. */
export interface Scheme {
  /** For example `exact`. */
  readonly scheme: string;
  /** CAIP-2 namespace, for example `eip155`. */
  readonly namespace: string;
  /** Supported flows by asset transfer method, the default first; `""` is the unnamed method. */
  readonly flows: Readonly<Record<string, readonly PaymentFlow[]>>;
  /** The token's transfer method; `""` if the scheme has none. */
  transferMethod(token: TokenDefinition): string;
  /** What is wrong with a recipient address, if anything. */
  checkAddress(address: string): string | undefined;
  /** `extra` of an offer in this token, without the protocol's own keys; a string says why there is none. */
  extra(token: TokenDefinition): JsonObject | string;
  /** Members of `extra` that an offer must copy from the facilitator's `/supported` kind. */
  readonly fromSupported?: readonly string[];
  /**
   * Identifies a payment of this scheme from its own content, independent of current offers. Faults are about its form
   * only.
   */
  identify(payload: PaymentPayload): Awaitable<PaymentIdentity | PaymentFault>;
  /**
   * Checks it against an offer without network calls: recipient, amount, window. `now` is in Unix seconds; the payment
   * must be valid for `needed` more seconds.
   */
  judge(
    payload: PaymentPayload,
    requirements: PaymentRequirements,
    now: number,
    needed: number,
  ): PaymentFault | undefined;
  /** The canonical spelling of an address that passes `checkAddress`, for records, hooks and offers. */
  spell(address: string): string;
  /** Whether two addresses of this namespace are the same. */
  sameAddress(a: string, b: string): boolean;
  /** Whether a string can be a transaction id on this namespace. */
  isTransaction(id: string): boolean;
}

/**
 * Verifies signatures in this process. `valid`: the payer signed this. `invalid`: no account could have. `undecided`:
 * only a facilitator or the chain can decide, as with contract wallets.
 */
export interface SignatureCheck {
  check(payload: PaymentPayload, requirements: PaymentRequirements): Awaitable<"valid" | "invalid" | "undecided">;
}
