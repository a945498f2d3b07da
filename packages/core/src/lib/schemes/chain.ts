import type { PaymentPayload, PaymentRequirements } from "../protocol/types.js";
import type { Awaitable } from "../seam.js";

/** How deep a transaction must be to count: in any block, under this many blocks, or final on the chain. */
export type Finality = "included" | "finalized" | number;

/** A payment to look up on the chain. */
export interface ChainPayment {
  readonly payload: PaymentPayload;
  readonly requirements: PaymentRequirements;
  /** A known transaction of it. */
  readonly transaction?: string;
  /** Unix seconds when it was first seen: nothing of it is on the chain before. */
  readonly since: number;
  /** For a purchase: what identifies its own transfer. */
  readonly claim?: OwnTransfer;
}

/**
 * What distinguishes the transfer of a purchase from any other on the public chain. A transfer with another signature
 * is never the purchase's own.
 */
export interface OwnTransfer {
  /** Unix seconds, with fractions: its block is not older. */
  readonly since: number;
  /** The payload's signature is not proven: the transfer must carry exactly that signature. */
  readonly signed: boolean;
}

/** The state of a payment on the chain. */
export type ChainFinding =
  /** It moved exactly this money from the payer to the seller. */
  | {
      readonly type: "settled";
      readonly transaction: string;
      readonly final: boolean;
      /**
       * If `claim` was given: whether the transfer belongs to that purchase. If omitted, it counts as another's, unless
       * a facilitator verified the payment for the purchase.
       */
      readonly own?: boolean;
    }
  /** Its single-use value is used but did not pay the seller: cancelled, or spent otherwise. */
  | { readonly type: "spent"; readonly final: boolean }
  /** Its single-use value is unused. `expired`: at the requested depth, the chain's time is past its window. */
  | { readonly type: "unused"; readonly expired: boolean };

/** Looks up payments on a chain; `@turnpike/evm` has one for EVM networks. Read-only: it signs and sends nothing. */
export interface ChainReader {
  /** CAIP-2 ids of the networks that it reads. */
  readonly networks: readonly string[];
  /** `undefined` if the chain does not show it. Rejects if the chain cannot be read. */
  find(
    payment: ChainPayment,
    finality: Finality,
    options?: { readonly signal?: AbortSignal },
  ): Awaitable<ChainFinding | undefined>;
}
