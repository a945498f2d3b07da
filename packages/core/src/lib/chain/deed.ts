import type { Blocks, Pace } from "./logs.js";
import type { Receipt } from "./node.js";
import type { Rpc } from "./rpc.js";
import type { Hex } from "./words.js";

/** What a mined transaction did with a payment's single-use value. */
export interface Deed {
  readonly type: "paid" | "spent";
  readonly transaction: Hex;
  readonly receipt: Receipt;
}

/** How one way of signing a transfer shows on the chain. */
export interface Trace {
  /** Whether the single-use value is used in the state of a block; `undefined` if the chain has no such contract. */
  isUsed(rpc: Rpc, block: bigint): Promise<boolean | undefined>;
  /** What a transaction that is known of did; `undefined` if it is not one of this payment, or cannot be told. */
  judge(rpc: Rpc, transaction: Hex, receipt: Receipt): Promise<Deed | undefined>;
  /** Finds the transaction that used the value. */
  search(rpc: Rpc, blocks: Blocks, pace: Pace): Promise<Deed | undefined>;
}
