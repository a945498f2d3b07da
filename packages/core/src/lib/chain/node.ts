import { type Authorization, members } from "./authorization.js";
import type { Rpc } from "./rpc.js";
import { RpcFailure, RpcRefusal } from "./rpc-errors.js";
import { readTokenEvents } from "./token-events.js";
import { decodeWords, encodeWords, type Hex, isWord, lower, readQuantity, toHex } from "./words.js";

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

/** A movement of a token's. */
export interface Movement extends Pick<Authorization, "from" | "to" | "value"> {
  readonly token: Hex;
}

/** `authorizationState(address,bytes32)` of EIP-3009, and Permit2's `nonceBitmap(address,uint256)`. */
const AUTHORIZATION_STATE = "0xe94a0102";
const NONCE_BITMAP = "0x4fe02b44";

export async function readChainId(rpc: Rpc): Promise<number> {
  return Number(readQuantity(await rpc.request("eth_chainId", []), 64));
}

/** Whether the token counts the authorisation's nonce as used; `undefined` if it is no token with EIP-3009. */
export async function isAuthorizationUsed(
  rpc: Rpc,
  { token, from, nonce }: Pick<Authorization, "from" | "nonce"> & { readonly token: Hex },
  block: BlockTag = "latest",
): Promise<boolean | undefined> {
  const state = await viewNumber(rpc, token, `${AUTHORIZATION_STATE}${encodeWords(from, nonce)}`, block);
  return state === 0n || state === 1n ? state === 1n : undefined;
}

/** Which of Permit2's nonces in a word an account has used, one bit each; `undefined` if it is not deployed. */
export function readNonceBitmap(
  rpc: Rpc,
  permit2: Hex,
  owner: Hex,
  word: bigint,
  block: BlockTag,
): Promise<bigint | undefined> {
  return viewNumber(rpc, permit2, `${NONCE_BITMAP}${encodeWords(owner, word)}`, block);
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
  const { number, hash, timestamp, baseFeePerGas } = members(block);
  if (!isWord(hash)) throw new RpcFailure("facilitator_unreadable", "The chain's node did not respond with a block.");
  return {
    number: readQuantity(number, 64),
    hash: lower(hash),
    time: readQuantity(timestamp, 64),
    ...(baseFeePerGas === undefined ? {} : { baseFee: readQuantity(baseFeePerGas, 256) }),
  };
}

export function nameBlock(tag: BlockTag): string {
  return typeof tag === "bigint" ? toHex(tag) : tag;
}

export async function readReceipt(rpc: Rpc, hash: Hex): Promise<Receipt | undefined> {
  const receipt = await rpc.request("eth_getTransactionReceipt", [hash]);
  if (typeof receipt !== "object" || receipt === null) return undefined;
  const { status, blockNumber, blockHash, logs } = receipt as Record<string, unknown>;
  // Some nodes have a receipt before there is a block.
  if (typeof blockNumber !== "string" || !isWord(blockHash) || !Array.isArray(logs)) return undefined;
  return { succeeded: status === "0x1", block: readQuantity(blockNumber, 64), blockHash: lower(blockHash), logs };
}

/** What a transaction asked for; `undefined` if the node does not know it. */
export async function readCall(rpc: Rpc, hash: Hex): Promise<Call | undefined> {
  const transaction = await rpc.request("eth_getTransactionByHash", [hash]);
  if (typeof transaction !== "object" || transaction === null) return undefined;
  const { to, input } = transaction as { to: Hex | null; input: Hex };
  return { to: to ? lower(to) : undefined, input: lower(input) };
}

/** Whether the receipt's logs hold exactly this movement of this token. */
export function movedMoney(receipt: Pick<Receipt, "logs">, { token, from, to, value }: Movement): boolean {
  return readTokenEvents(receipt.logs, token).some(
    (event) => event.type === "moved" && event.from === from && event.to === to && event.value === value,
  );
}

/** What a contract returns from a call that changes nothing; `undefined` if it reverts. */
export function view(rpc: Rpc, to: Hex, data: Hex, block: BlockTag = "latest"): Promise<unknown> {
  return unlessReverted(() => rpc.request("eth_call", [{ to, data }, nameBlock(block)]));
}

/** Nothing where the contract reverted or, as an address without code does, returned nothing readable. */
async function viewNumber(rpc: Rpc, to: Hex, data: string, block: BlockTag): Promise<bigint | undefined> {
  return decodeWords(await view(rpc, to, data as Hex, block), 1)?.[0];
}

export async function unlessReverted(ask: () => Promise<unknown>): Promise<unknown> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof RpcRefusal && error.reverted) return undefined;
    throw error;
  }
}
