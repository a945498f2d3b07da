import type { ChainReader } from "@turnpike/core";
import { createReader } from "@turnpike/core/chain";
import { type EvmChainOptions, readChainOptions } from "./chain-options.js";

/**
 * Reads an EVM chain to learn what became of `exact` payments by EIP-3009 and Permit2: what `chain: { base: "https://…" }`
 * makes, with its settings. Where the node's answers do not fit together, as while a block is replaced, it cannot tell.
 * Rejects with a ChainError.
 * @throws ConfigError
 */
export function evmChain(options: EvmChainOptions): ChainReader {
  const { rpcUrl, network, timeout } = readChainOptions(options);
  return createReader({ network, nodes: [rpcUrl], timeout });
}
