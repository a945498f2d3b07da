import type { PaymentPayload, PaymentRequirements } from "../protocol/types.js";
import type { Awaitable } from "../seam.js";

/** How deep a transaction must lie to count: in a block at all, under so many blocks, or under the chain's own finality. */
export type Finality = "included" | "finalized" | number;

/** A payment that the chain is asked about. */
export interface ChainPayment {
  readonly payload: PaymentPayload;
  readonly requirements: PaymentRequirements;
  /** A transaction of it that is known of. */
  readonly transaction?: string;
  /** Unix seconds of when it was first seen: nothing of it is on the chain before. */
  readonly since: number;
  /** Asked of a purchase: which transfer would be its own. */
  readonly claim?: OwnTransfer;
}

/**
 * What tells the transfer of a purchase from another one, which the chain shows to everybody. A transfer that shows another
 * signature is never the purchase's own.
 */
export interface OwnTransfer {
  /** Unix seconds, with fractions: its block is not older. */
  readonly since: number;
  /** Nobody has proven the payload's signature: the transfer must carry that very one. */
  readonly signed: boolean;
}

/** What the chain says of a payment. */
export type ChainFinding =
  /** It moved exactly this money from the payer to the seller. */
  | {
      readonly type: "settled";
      readonly transaction: string;
      readonly final: boolean;
      /**
       * Where `claim` was asked: whether the transfer is that purchase's own. Left out, it counts as another's, unless a
       * facilitator has verified the payment for the purchase.
       */
      readonly own?: boolean;
    }
  /** Its single-use value is used, and did not pay the seller: cancelled, or spent in another way. */
  | { readonly type: "spent"; readonly final: boolean }
  /** Its single-use value is unused. `expired`: at the depth asked for, the chain's own time is past its window. */
  | { readonly type: "unused"; readonly expired: boolean };

/**
 * Reads a chain to learn what became of payments; `@turnpike/evm` has one for EVM networks. Reads only: it signs and
 * sends nothing.
 */
export interface ChainReader {
  /** CAIP-2 ids of the networks that it can tell of. */
  readonly networks: readonly string[];
  /** `undefined` if the chain cannot tell. Rejects if it cannot be asked. */
  find(
    payment: ChainPayment,
    finality: Finality,
    options?: { readonly signal?: AbortSignal },
  ): Awaitable<ChainFinding | undefined>;
}
