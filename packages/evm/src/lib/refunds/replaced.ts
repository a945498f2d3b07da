import { findBlock, isAddress, isWord, lower, type Rpc, RpcRefusal, readBlock } from "@turnpike/core/chain";
import type { Hex } from "viem";
import type { Plan } from "./plan.js";

/** Blocks that count as final where a chain does not say which ones are. */
const FINAL_BLOCKS = 400n;
/** Blocks ahead of the plan's at which the search ends: the nodes that were asked may not have been equally far. */
const EARLIER = 1000n;

/** The number of the newest block that no other can take the place of. */
export async function readFinalBlock(rpc: Rpc, newest: bigint): Promise<bigint> {
  try {
    const block = await findBlock(rpc, "finalized");
    if (block) return block.number < newest ? block.number : newest;
  } catch (error) {
    // A node that does not know the tag. One that gave no response at all is another matter.
    if (!(error instanceof RpcRefusal)) throw error;
  }
  return newest - FINAL_BLOCKS;
}

/**
 * Whether another transaction of the account has taken the plan's nonce for good. That none of ours is to be seen proves
 * nothing, since nodes lag and forget: the other one has to be found, in a final block.
 */
export async function isReplaced(rpc: Rpc, plan: Plan, hash: Hex): Promise<boolean> {
  const final = await readFinalBlock(rpc, (await readBlock(rpc)).number);
  try {
    const block = await findBlockOf(rpc, plan, final);
    const other = block === undefined ? undefined : await findTransaction(rpc, plan, block);
    return other !== undefined && other !== hash;
  } catch (error) {
    // A node that does not know the past that far cannot tell.
    if (error instanceof RpcRefusal) return false;
    throw error;
  }
}

/**
 * The block that holds the account's transaction with the plan's nonce, up to a final one. Looked for from there backwards, in
 * steps that grow: many nodes remember the newest blocks only.
 */
async function findBlockOf(rpc: Rpc, { from, nonce, block }: Plan, final: bigint): Promise<bigint | undefined> {
  const isUsedAt = async (at: bigint) => {
    const count = await rpc.request("eth_getTransactionCount", [from, `0x${at.toString(16)}`]);
    return BigInt(count as Hex) > BigInt(nonce);
  };
  const first = block > EARLIER ? block - EARLIER : 0n;
  let used = final;
  if (used <= first || !(await isUsedAt(used))) return undefined;
  let unused = used - 1n;
  for (let step = 2n; await isUsedAt(unused); step *= 2n) {
    if (unused === first) return undefined;
    used = unused;
    unused = used - step > first ? used - step : first;
  }
  while (used - unused > 1n) {
    const middle = (used + unused) / 2n;
    if (await isUsedAt(middle)) used = middle;
    else unused = middle;
  }
  return used;
}

async function findTransaction(rpc: Rpc, { from, nonce }: Plan, at: bigint): Promise<Hex | undefined> {
  const block = await rpc.request("eth_getBlockByNumber", [`0x${at.toString(16)}`, true]);
  const { transactions } = (block ?? {}) as { readonly transactions?: unknown };
  if (!Array.isArray(transactions)) return undefined;
  for (const transaction of transactions as Record<string, unknown>[]) {
    const { hash, from: sender, nonce: place } = transaction;
    if (!isWord(hash) || !isAddress(sender) || typeof place !== "string") continue;
    if (lower(sender) === from && /^0x[0-9a-fA-F]{1,16}$/.test(place) && Number(place) === nonce) return lower(hash);
  }
  return undefined;
}
