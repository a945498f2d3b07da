import { type Rpc, RpcRefusal, readBlock } from "@turnpike/core/chain";
import type { Hex } from "viem";

/** What a transaction offers for its gas, in wei. */
export type Fees =
  | { readonly type: "eip1559"; readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint }
  | { readonly type: "legacy"; readonly gasPrice: bigint };

/** Milliseconds for which many settlements share one reading. */
const FRESH_FOR = 1000;

/** Reads the chain's fees: twice the base fee, so that a transaction outlives several full blocks, and the usual tip. */
export function createFeeReader(rpc: Rpc): () => Promise<Fees> {
  let reading: Promise<Fees> | undefined;
  let until = 0;
  return () => {
    if (reading && Date.now() < until) return reading;
    const latest = readFees(rpc);
    latest.catch(() => {
      if (reading === latest) reading = undefined;
    });
    reading = latest;
    until = Date.now() + FRESH_FOR;
    return latest;
  };
}

async function readFees(rpc: Rpc): Promise<Fees> {
  const { baseFee } = await readBlock(rpc);
  if (baseFee === undefined) return { type: "legacy", gasPrice: await readGasPrice(rpc) };
  const tip = await readTip(rpc, baseFee);
  return { type: "eip1559", maxFeePerGas: baseFee * 2n + tip, maxPriorityFeePerGas: tip };
}

async function readTip(rpc: Rpc, baseFee: bigint): Promise<bigint> {
  try {
    return BigInt((await rpc.request("eth_maxPriorityFeePerGas", [])) as Hex);
  } catch (error) {
    if (!(error instanceof RpcRefusal)) throw error;
    // A node without the method: what its gas price holds beyond the base fee is the tip.
    const tip = (await readGasPrice(rpc)) - baseFee;
    return tip > 0n ? tip : 0n;
  }
}

async function readGasPrice(rpc: Rpc): Promise<bigint> {
  return BigInt((await rpc.request("eth_gasPrice", [])) as Hex);
}
