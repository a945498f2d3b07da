import type { ChainFinding, ChainPayment, ChainReader, Finality } from "../schemes/chain.js";
import { asChainError, ChainError } from "./chain-error.js";
import { type Charge, readCharge } from "./charge.js";
import type { Deed, Trace } from "./deed.js";
import { eip3009Trace } from "./eip3009-trace.js";
import { createPace, findBlockBefore, type Pace } from "./logs.js";
import { type Block, findBlock, readBlock, readChainId, readReceipt } from "./node.js";
import { isOwnTransfer } from "./own-transfer.js";
import { permit2Trace } from "./permit2-trace.js";
import { createRpc, type Rpc } from "./rpc.js";
import { RpcRefusal } from "./rpc-errors.js";
import { isWord, lower } from "./words.js";

/** Seconds that the clock which stamped a payment may be ahead of the chain's. */
const CLOCK_SKEW = 300n;

export interface ReaderOptions {
  /** CAIP-2 id of the chain that the nodes serve. */
  readonly network: string;
  /** JSON-RPC endpoints, the preferred one first. */
  readonly nodes: readonly string[];
  /** Milliseconds for one question about a payment, in all. */
  readonly timeout: number;
}

/**
 * Reads an EVM chain to find the outcome of `exact` payments by EIP-3009 and Permit2. Where a node's responses do not fit
 * together, as while a block is replaced, it cannot tell. What one node cannot tell, the next is asked. Rejects with a
 * ChainError. Everything that it says of a payment comes from one node: what two of them say need not fit together.
 */
export function createReader({ network, nodes, timeout }: ReaderOptions): ChainReader {
  const known = nodes.map((url) => openNode(url, network));
  return {
    networks: [network],
    find: async (payment, finality, { signal } = {}) => {
      const { payload, requirements } = payment;
      const charge = requirements.network === network ? readCharge(payload, requirements) : undefined;
      if (!charge) return undefined;
      const deadline = performance.now() + timeout;
      let failure: ChainError | undefined;
      for (const [at, node] of known.entries()) {
        // One that hangs leaves the others their share of the time.
        const share = Math.max(1, Math.floor((deadline - performance.now()) / (known.length - at)));
        const limit = AbortSignal.timeout(share);
        try {
          const rpc = createRpc(node.url, signal ? AbortSignal.any([limit, signal]) : limit);
          await node.confirm(rpc);
          const finding = await findOut(rpc, payment, charge, finality, node.pace);
          if (finding) return finding;
        } catch (error) {
          failure ??= asChainError(error);
        }
        if (signal?.aborted) break;
      }
      if (failure) throw failure;
      return undefined;
    },
  };
}

interface Node {
  readonly url: string;
  readonly pace: Pace;
  /** Rejects unless the node serves the chain that it is configured for. */
  confirm(rpc: Rpc): Promise<void>;
}

function openNode(url: string, network: string): Node {
  let confirmed = false;
  return {
    url,
    pace: createPace(),
    confirm: async (rpc) => {
      if (confirmed) return;
      const served = `eip155:${await readChainId(rpc)}`;
      if (served !== network) {
        throw new ChainError("chain_mismatch", `The chain's node serves ${served}, but ${network} is configured.`);
      }
      confirmed = true;
    },
  };
}

/** What the chain looks like as a payment is asked about. */
interface View {
  readonly head: Block;
  /** The newest block that counts; absent while the chain is too short. */
  readonly final: Block | undefined;
}

async function findOut(
  rpc: Rpc,
  payment: ChainPayment,
  charge: Charge,
  finality: Finality,
  pace: Pace,
): Promise<ChainFinding | undefined> {
  const { transaction, since } = payment;
  const trace = charge.method === "eip3009" ? eip3009Trace(charge) : permit2Trace(charge);
  const head = await readBlock(rpc);
  // State is asked for by number: a node that lags behind the first one refuses instead of telling what was before.
  const [final, used, known] = await Promise.all([
    readFinal(rpc, head, finality),
    trace.isUsed(rpc, head.number),
    judgeKnown(rpc, trace, transaction),
  ]);
  if (used === undefined) return undefined;
  const view = { head, final };
  if (!used) return known ? undefined : findUnused(rpc, trace, charge, view);
  const deed = known ?? (await search(rpc, trace, since, head, pace));
  const finding = deed && (await conclude(rpc, deed, view));
  if (!payment.claim || deed === undefined || finding?.type !== "settled") return finding;
  const own = await isOwnTransfer(rpc, deed, charge, payment.payload, payment.claim);
  return own === undefined ? undefined : { ...finding, own };
}

async function readFinal(rpc: Rpc, head: Block, finality: Finality): Promise<Block | undefined> {
  if (finality === "finalized") return readFinalized(rpc);
  const depth = finality === "included" ? 0n : BigInt(finality);
  if (depth === 0n) return head;
  return head.number < depth ? undefined : findBlock(rpc, head.number - depth);
}

async function readFinalized(rpc: Rpc): Promise<Block> {
  const block = await findBlock(rpc, "finalized").catch((error: unknown) => {
    if (error instanceof RpcRefusal) return undefined;
    throw error;
  });
  if (block) return block;
  throw new ChainError("chain_refused", "The chain's node has no finalized block; configure a number of blocks.");
}

/** A known transaction that failed, or is not mined, says nothing: another one may have used the same signature. */
async function judgeKnown(rpc: Rpc, trace: Trace, transaction: string | undefined): Promise<Deed | undefined> {
  if (!isWord(transaction)) return undefined;
  const hash = lower(transaction);
  const receipt = await readReceipt(rpc, hash);
  return receipt?.succeeded ? trace.judge(rpc, hash, receipt) : undefined;
}

/** Unused at the head. It has expired once no block that may still come, or come again, is within its window. */
async function findUnused(
  rpc: Rpc,
  trace: Trace,
  { validBefore }: Charge,
  { head, final }: View,
): Promise<ChainFinding | undefined> {
  if (!final || final.time <= validBefore) return { type: "unused", expired: false };
  if (final.number !== head.number && (await wasUsed(rpc, trace, final))) return undefined;
  return { type: "unused", expired: true };
}

/**
 * Whether an earlier state contradicts the newest one, in which the value is unused. Many nodes have no states that
 * old; that is no contradiction, since what is unused was unused before.
 */
async function wasUsed(rpc: Rpc, trace: Trace, { number }: Block): Promise<boolean> {
  try {
    return (await trace.isUsed(rpc, number)) === true;
  } catch (error) {
    if (error instanceof RpcRefusal) return false;
    throw error;
  }
}

async function search(rpc: Rpc, trace: Trace, since: number, head: Block, pace: Pace): Promise<Deed | undefined> {
  const first = await findBlockBefore(rpc, head, BigInt(Math.floor(since)) - CLOCK_SKEW);
  return first === undefined ? undefined : trace.search(rpc, { first, last: head.number }, pace);
}

async function conclude(
  rpc: Rpc,
  { type, transaction, receipt }: Deed,
  { final: last }: View,
): Promise<ChainFinding | undefined> {
  const final = last !== undefined && receipt.block <= last.number;
  // A receipt may come from a block that is no longer, or not yet, one of this chain.
  if (final && (await findBlock(rpc, receipt.block))?.hash !== receipt.blockHash) return undefined;
  return type === "paid" ? { type: "settled", transaction, final } : { type, final };
}
