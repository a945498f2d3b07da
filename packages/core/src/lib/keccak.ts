/** The hash that ERC-55 checksums need; the build bundles just this function. */
export { keccak_256 } from "@noble/hashes/sha3.js";
