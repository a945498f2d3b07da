export { ChainError, type ChainErrorCode } from "@turnpike/core/chain";
export type { EvmChainOptions } from "./lib/chain-options.js";
export { eip3009Signatures, type SignatureOptions } from "./lib/eip3009-signatures.js";
export { evmChain } from "./lib/evm-chain.js";
export { localFacilitator } from "./lib/local-facilitator.js";
export type { LocalFacilitatorOptions } from "./lib/options.js";
export { serveFacilitator } from "./lib/serve-facilitator.js";
