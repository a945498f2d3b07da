import type { Hex } from "viem";
import { recoverAddress } from "viem/utils";

/** Half the order of secp256k1. Beyond it lies a second signature for the same message, which tokens refuse. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** How a counterfactual wallet's signature ends (EIP-6492). */
const COUNTERFACTUAL = "6492".repeat(16);

/** An ECDSA signature in the only form that a token takes from a plain account. */
export interface PlainSignature {
  readonly v: number;
  readonly r: Hex;
  readonly s: Hex;
}

/**
 * Reads 65 bytes `r s v` with low `s` and `v` of 27 or 28. Compact (64 bytes), high-`s` and `v` of 0 or 1 are other
 * spellings, which USDC and the libraries behind other tokens revert on; only a contract wallet could take them.
 */
export function readPlainSignature(signature: Hex): PlainSignature | undefined {
  if (signature.length !== 132) return undefined;
  const r: Hex = `0x${signature.slice(2, 66)}`;
  const s: Hex = `0x${signature.slice(66, 130)}`;
  const v = Number.parseInt(signature.slice(130), 16);
  if (v !== 27 && v !== 28) return undefined;
  return BigInt(s) > HALF_ORDER ? undefined : { v, r, s };
}

/** Whether a plain account made this signature over the digest. */
export async function isSignedBy(account: Hex, digest: Hex, signature: PlainSignature): Promise<boolean> {
  try {
    const { r, s, v } = signature;
    const signer = await recoverAddress({ hash: digest, signature: { r, s, v: BigInt(v) } });
    return signer.toLowerCase() === account.toLowerCase();
  } catch {
    // Not a point of the curve, so no valid signature.
    return false;
  }
}

/** Whether it is wrapped for a wallet that is deployed later (EIP-6492). */
export function isCounterfactual(signature: Hex): boolean {
  return signature.toLowerCase().endsWith(COUNTERFACTUAL);
}
