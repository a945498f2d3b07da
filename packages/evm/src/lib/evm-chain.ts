import type { ChainReader } from "@turnpike/core";
import { createReader } from "@turnpike/core/chain";
import { type EvmChainOptions, readChainOptions } from "./chain-options.js";

/**
 * Looks up `exact` payments by EIP-3009 and Permit2 on an EVM chain: the reader behind `chain: { base: "https://…" }`,
 * with options. If the node's responses are inconsistent, for example during a reorg, the result is `undefined`.
 * Rejects with a ChainError.
 * @throws ConfigError
 */
export function evmChain(options: EvmChainOptions): ChainReader {
  const { rpcUrl, network, timeout } = readChainOptions(options);
  return createReader({ network, nodes: [rpcUrl], timeout });
}
