import type { RefundOutcome } from "@turnpike/core";
import {
  asChainError,
  findBlock,
  isWord,
  lower,
  movedMoney,
  type Rpc,
  RpcFailure,
  RpcRefusal,
  readBlock,
} from "@turnpike/core/chain";
import type { Hex } from "viem";
import { deliver } from "../broadcast.js";
import { countTransactions } from "../chain.js";
import type { Debt } from "./debt.js";
import type { RefundSettings } from "./options.js";
import type { Plan, Signed } from "./plan.js";
import { RefundError } from "./refund-error.js";
import { isReplaced, readFinalBlock } from "./replaced.js";

/** A refund's transaction, and what it is to bring about. */
export interface Refund extends Signed {
  readonly plan: Plan;
  readonly debt: Debt;
}

type Pending = Extract<RefundOutcome, { type: "pending" }>;

/** Milliseconds between two looks, rising from the first to the last. */
const FIRST_LOOK = 100;
const LAST_LOOK = 2000;
/** Milliseconds after which a transaction that is in no block is offered again. */
const REMIND = 15_000;

/**
 * Sends a transaction and waits for it. The chain is looked at first: it may have been sent before.
 * @param signal ends the waiting: one more look, and that is the outcome
 * @throws ChainError if the node could not be asked to the last; RefundError `refund_unclear`
 */
export async function followRefund(
  rpc: Rpc,
  refund: Refund,
  { confirmations, timeout }: Pick<RefundSettings, "confirmations" | "timeout">,
  signal?: AbortSignal,
): Promise<RefundOutcome> {
  const end = performance.now() + timeout;
  let offered = Number.NEGATIVE_INFINITY;
  let refused: Pending | undefined;
  for (let pause = FIRST_LOOK; ; pause = Math.min(pause * 2, LAST_LOOK)) {
    let found: RefundOutcome | undefined;
    let trouble: unknown;
    try {
      const seen = await look(rpc, refund, confirmations);
      if (seen.type !== "pending") return seen;
      const unmined = seen.reason === "unmined";
      if (unmined && performance.now() - offered > REMIND) {
        refused = await offer(rpc, refund);
        offered = performance.now();
      }
      found = (unmined && refused) || seen;
    } catch (error) {
      if (!(error instanceof RpcFailure || error instanceof RpcRefusal)) throw error;
      trouble = error;
    }
    if (signal?.aborted || performance.now() + pause > end) {
      if (found) return found;
      throw asChainError(trouble);
    }
    await wait(pause, signal);
  }
}

function wait(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener("abort", done, { once: true });
  });
}

/** Hands it to the node; tells why if the node does not take it. What is not certain is as good as sent. */
async function offer(rpc: Rpc, { raw }: Signed): Promise<Pending | undefined> {
  const fate = await deliver(rpc, raw);
  if (fate.type === "unsent") throw fate.error;
  if (fate.type === "refused") return { type: "pending", reason: "not_accepted" };
  return fate.type === "stale" ? { type: "pending", reason: "nonce_used" } : undefined;
}

async function look(rpc: Rpc, refund: Refund, confirmations: number): Promise<RefundOutcome> {
  const { plan, hash } = refund;
  const receipt = await readOwnReceipt(rpc, hash);
  if (receipt) return judge(rpc, refund, receipt, confirmations);
  if ((await countTransactions(rpc, plan.from, "latest")) <= plan.nonce) return { type: "pending", reason: "unmined" };
  // Most often by itself: a node may know the count ahead of the receipt.
  return (await isReplaced(rpc, plan, hash)) ? { type: "void" } : { type: "pending", reason: "nonce_used" };
}

/** @throws RefundError `refund_unclear` */
async function judge(
  rpc: Rpc,
  { plan, hash, debt }: Refund,
  { block, blockHash, succeeded, logs }: OwnReceipt,
  confirmations: number,
): Promise<RefundOutcome> {
  const { number: newest } = await readBlock(rpc);
  const canonical = (await findBlock(rpc, block))?.hash === blockHash;
  if (!canonical || newest < block + BigInt(confirmations - 1)) return { type: "pending", reason: "shallow" };
  if (!succeeded) {
    const final = logs.length === 0 && block <= (await readFinalBlock(rpc, newest));
    return final ? { type: "void" } : { type: "pending", reason: "reverted" };
  }
  if (movedMoney({ logs }, { ...debt, from: plan.from })) return { type: "confirmed" };
  throw new RefundError(
    "refund_unclear",
    `The transaction ${hash} succeeded, and the chain does not show that the payer got the amount. Look at it, then resolve the payment by hand`,
  );
}

interface OwnReceipt {
  readonly succeeded: boolean;
  readonly block: bigint;
  readonly blockHash: Hex;
  readonly logs: readonly unknown[];
}

/** Nothing where there is no receipt, or one that is not plainly this transaction's. */
async function readOwnReceipt(rpc: Rpc, hash: Hex): Promise<OwnReceipt | undefined> {
  const receipt = await rpc.request("eth_getTransactionReceipt", [hash]);
  if (typeof receipt !== "object" || receipt === null) return undefined;
  const { transactionHash, status, blockNumber, blockHash, logs } = receipt as Record<string, unknown>;
  if (!isWord(transactionHash) || lower(transactionHash) !== hash || !isWord(blockHash)) return undefined;
  if (status !== "0x1" && status !== "0x0") return undefined;
  if (typeof blockNumber !== "string" || !/^0x[0-9a-fA-F]{1,16}$/.test(blockNumber) || !Array.isArray(logs))
    return undefined;
  return { succeeded: status === "0x1", block: BigInt(blockNumber), blockHash: lower(blockHash), logs };
}
