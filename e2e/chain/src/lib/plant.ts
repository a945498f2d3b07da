import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type Address,
  encodeDeployData,
  encodeFunctionData,
  type Hex,
  numberToHex,
  type PublicClient,
  parseAbi,
} from "viem";
import { tokenAbi } from "./abi.js";
import { operator } from "./accounts.js";

/** An asset as the tests know it. */
export interface Token {
  readonly address: Address;
  /** EIP-712 name and version of the token's own signing domain. */
  readonly name: string;
  readonly version: string;
  readonly symbol: string;
  readonly decimals: number;
}

/** USDC as it stands on Base Sepolia. */
export const usdc: Token = {
  address: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
  name: "USDC",
  version: "2",
  symbol: "USDC",
  decimals: 6,
};

/** Where Multicall3 lives on nearly every chain. */
export const multicall3: Address = "0xcA11bde05977b3631167028862bE2a173976CA11";

/** A JSON-RPC call beyond the methods that viem's types know. */
export type Send = <Result = unknown>(method: string, ...params: unknown[]) => Promise<Result>;

/** Gives a chain's methods that only development nodes have. */
export function sendThrough(client: PublicClient): Send {
  const request = client.request as unknown as (call: { method: string; params: unknown[] }) => Promise<unknown>;
  return async <Result>(method: string, ...params: unknown[]) => (await request({ method, params })) as Result;
}

/** Sets up a fresh chain that does not mine by itself yet: the token, Multicall3, and each payer's balance. */
export async function plant(send: Send, creationCode: Hex, balances: readonly [Address, bigint][]): Promise<void> {
  const code = encodeDeployData({
    abi: parseAbi(["constructor(string name, string symbol, string version, uint8 decimals)"]),
    bytecode: creationCode,
    args: [usdc.name, usdc.symbol, usdc.version, usdc.decimals],
  });
  // No transaction can create a contract at an address of our choice. But creation code that stands there as code and
  // is called runs as the constructor would: what it stores stays, and what it returns is the code to put in its place.
  await send("anvil_setCode", usdc.address, code);
  await transact(send, [{ to: usdc.address }]);
  const runtime = await send<Hex>("eth_call", { to: usdc.address }, "latest");
  await send("anvil_setCode", usdc.address, runtime);
  await send("anvil_setCode", multicall3, await send<Hex>("eth_call", { data: await multicallCode() }, "latest"));
  await transact(
    send,
    balances.map(([to, value]) => ({
      to: usdc.address,
      data: encodeFunctionData({ abi: tokenAbi, functionName: "mint", args: [to, value] }),
    })),
  );
}

/** Sends calls from the operator in one block, and checks that each did its work. */
async function transact(send: Send, calls: readonly { to: Address; data?: Hex }[]): Promise<void> {
  const hashes: Hex[] = [];
  for (const call of calls) {
    hashes.push(await send<Hex>("eth_sendTransaction", { from: operator, gas: numberToHex(3_000_000), ...call }));
  }
  await send("evm_mine");
  for (const hash of hashes) {
    const receipt = await send<{ status: Hex } | null>("eth_getTransactionReceipt", hash);
    if (receipt?.status !== "0x1") throw new Error(`setting up the chain failed in transaction ${hash}`);
  }
}

/** viem carries Multicall3's creation code but does not export it; its version is pinned, so its file is sure. */
async function multicallCode(): Promise<Hex> {
  const entry = createRequire(import.meta.url).resolve("viem/package.json");
  const file = join(entry, "..", "_esm", "constants", "contracts.js");
  const { multicall3Bytecode } = (await import(pathToFileURL(file).href)) as { multicall3Bytecode: Hex };
  return multicall3Bytecode;
}
