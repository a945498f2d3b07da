import { type Rpc, unlessReverted, view } from "@turnpike/core/chain";
import type { Hex } from "viem";
import { decodeFunctionResult, encodeFunctionData } from "viem/utils";
import { tokenAbi, WALLET_AGREES, walletAbi } from "./abi.js";
import type { Transfer } from "./transfer.js";

export async function hasCode(rpc: Rpc, address: Hex): Promise<boolean> {
  const code = await rpc.request("eth_getCode", [address, "latest"]);
  return typeof code === "string" && code.length > 2;
}

/** Atomic units of the token; `undefined` if it is no token. */
export async function readBalance(rpc: Rpc, token: Hex, account: Hex): Promise<bigint | undefined> {
  const call = { abi: tokenAbi, functionName: "balanceOf" } as const;
  const data = await view(rpc, token, encodeFunctionData({ ...call, args: [account] }));
  return decode(data, (result) => decodeFunctionResult({ ...call, data: result }));
}

/** Whether a contract wallet takes the signature for its own (EIP-1271). */
export async function isWalletSignature(rpc: Rpc, { from, digest, signature }: Transfer): Promise<boolean> {
  const call = { abi: walletAbi, functionName: "isValidSignature" } as const;
  const data = await view(rpc, from, encodeFunctionData({ ...call, args: [digest, signature] }));
  return decode(data, (result) => decodeFunctionResult({ ...call, data: result })) === WALLET_AGREES;
}

/** Tries a transaction without sending it. */
export async function simulate(rpc: Rpc, sender: Hex, to: Hex, data: Hex): Promise<boolean> {
  return (await unlessReverted(() => rpc.request("eth_call", [{ from: sender, to, data }, "latest"]))) !== undefined;
}

/** The gas that a transaction would take; `undefined` if it would revert. */
export async function estimateGas(rpc: Rpc, sender: Hex, to: Hex, data: Hex): Promise<bigint | undefined> {
  const gas = await unlessReverted(() => rpc.request("eth_estimateGas", [{ from: sender, to, data }]));
  return gas === undefined ? undefined : BigInt(gas as Hex);
}

/** How many transactions an account has sent. `pending` counts those that wait to be mined. */
export async function countTransactions(rpc: Rpc, account: Hex, tag: "latest" | "pending"): Promise<number> {
  return Number(BigInt((await rpc.request("eth_getTransactionCount", [account, tag])) as Hex));
}

/** A contract's response; nothing where it reverted or, as an address without code does, returned nothing readable. */
function decode<T>(data: unknown, read: (data: Hex) => T): T | undefined {
  if (typeof data !== "string" || data === "0x") return undefined;
  try {
    return read(data as Hex);
  } catch {
    return undefined;
  }
}
