import type { Hex } from "viem";
import { decodeFunctionResult, encodeFunctionData, numberToHex, parseEventLogs } from "viem/utils";
import { permit2Abi, tokenAbi, WALLET_AGREES, walletAbi } from "./abi.js";
import type { Rpc } from "./rpc.js";
import { RpcRefusal } from "./rpc-errors.js";
import type { Transfer } from "./transfer.js";

/** What is asked of a block other than the newest. */
export type BlockTag = bigint | "latest" | "finalized";

/** A mined transaction. */
export interface Receipt {
  readonly succeeded: boolean;
  readonly block: bigint;
  readonly blockHash: Hex;
  readonly logs: readonly unknown[];
}

/** What a transaction calls. In lower case. */
export interface Call {
  readonly to: Hex | undefined;
  readonly input: Hex;
}

export interface Block {
  readonly number: bigint;
  readonly hash: Hex;
  /** Unix seconds. */
  readonly time: bigint;
  /** Absent on chains without EIP-1559. */
  readonly baseFee?: bigint;
}

export async function readChainId(rpc: Rpc): Promise<number> {
  return Number(BigInt((await rpc.request("eth_chainId", [])) as Hex));
}

export async function hasCode(rpc: Rpc, address: Hex): Promise<boolean> {
  const code = await rpc.request("eth_getCode", [address, "latest"]);
  return typeof code === "string" && code.length > 2;
}

/** Whether the token counts the authorisation's nonce as used; `undefined` if it is no token with EIP-3009. */
export async function isAuthorizationUsed(
  rpc: Rpc,
  { token, from, nonce }: Pick<Transfer, "token" | "from" | "nonce">,
  block: BlockTag = "latest",
): Promise<boolean | undefined> {
  const call = { abi: tokenAbi, functionName: "authorizationState" } as const;
  const data = await view(rpc, token, encodeFunctionData({ ...call, args: [from, nonce] }), block);
  return decode(data, (result) => decodeFunctionResult({ ...call, data: result }));
}

/** Which of Permit2's nonces in a word an account has used, one bit each; `undefined` if it is not deployed. */
export async function readNonceBitmap(
  rpc: Rpc,
  permit2: Hex,
  owner: Hex,
  word: bigint,
  block: BlockTag,
): Promise<bigint | undefined> {
  const call = { abi: permit2Abi, functionName: "nonceBitmap" } as const;
  const data = await view(rpc, permit2, encodeFunctionData({ ...call, args: [owner, word] }), block);
  return decode(data, (result) => decodeFunctionResult({ ...call, data: result }));
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

export async function readBlock(rpc: Rpc): Promise<Block> {
  return parseBlock(await rpc.request("eth_getBlockByNumber", ["latest", false]));
}

/** `undefined` if the node has no such block. */
export async function findBlock(rpc: Rpc, tag: BlockTag): Promise<Block | undefined> {
  const block = await rpc.request("eth_getBlockByNumber", [nameBlock(tag), false]);
  return block === null ? undefined : parseBlock(block);
}

function parseBlock(block: unknown): Block {
  const { number, hash, timestamp, baseFeePerGas } = block as Record<string, Hex>;
  return {
    number: BigInt(number as Hex),
    hash: hash as Hex,
    time: BigInt(timestamp as Hex),
    ...(baseFeePerGas === undefined ? {} : { baseFee: BigInt(baseFeePerGas) }),
  };
}

export function nameBlock(tag: BlockTag): string {
  return typeof tag === "bigint" ? numberToHex(tag) : tag;
}

/** How many transactions an account has sent. `pending` counts those that wait to be mined. */
export async function countTransactions(rpc: Rpc, account: Hex, tag: "latest" | "pending"): Promise<number> {
  return Number(BigInt((await rpc.request("eth_getTransactionCount", [account, tag])) as Hex));
}

export async function readReceipt(rpc: Rpc, hash: Hex): Promise<Receipt | undefined> {
  const receipt = await rpc.request("eth_getTransactionReceipt", [hash]);
  if (typeof receipt !== "object" || receipt === null) return undefined;
  const { status, blockNumber, blockHash, logs } = receipt as Record<string, Hex> & { logs: readonly unknown[] };
  // Some nodes have a receipt before there is a block.
  if (typeof blockNumber !== "string") return undefined;
  return { succeeded: status === "0x1", block: BigInt(blockNumber), blockHash: blockHash as Hex, logs };
}

/** What a transaction asked for; `undefined` if the node does not know it. */
export async function readCall(rpc: Rpc, hash: Hex): Promise<Call | undefined> {
  const transaction = await rpc.request("eth_getTransactionByHash", [hash]);
  if (typeof transaction !== "object" || transaction === null) return undefined;
  const { to, input } = transaction as { to: Hex | null; input: Hex };
  return { to: (to ?? undefined)?.toLowerCase() as Hex | undefined, input: input.toLowerCase() as Hex };
}

/** Whether the receipt's logs hold exactly this movement of this token. */
export function movedMoney(
  receipt: Pick<Receipt, "logs">,
  { token, from, to, value }: Pick<Transfer, "token" | "from" | "to" | "value">,
): boolean {
  const logs = receipt.logs as Parameters<typeof parseEventLogs>[0]["logs"];
  return parseEventLogs({ abi: tokenAbi, eventName: "Transfer", logs }).some(
    ({ address, args }) =>
      address.toLowerCase() === token &&
      args.from.toLowerCase() === from &&
      args.to.toLowerCase() === to &&
      args.value === value,
  );
}

function view(rpc: Rpc, to: Hex, data: Hex, block: BlockTag = "latest"): Promise<unknown> {
  return unlessReverted(() => rpc.request("eth_call", [{ to, data }, nameBlock(block)]));
}

async function unlessReverted(ask: () => Promise<unknown>): Promise<unknown> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RpcRefusal && error.reverted) return undefined;
    throw error;
  }
}

/** A contract's answer; nothing where it reverted or, as an address without code does, answered nothing readable. */
function decode<T>(data: unknown, read: (data: Hex) => T): T | undefined {
  if (typeof data !== "string" || data === "0x") return undefined;
  try {
    return read(data as Hex);
  } catch {
    return undefined;
  }
}
