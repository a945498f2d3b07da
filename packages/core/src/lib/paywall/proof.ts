import { keccak_256 } from "../keccak.js";
import type { PaymentIdentity } from "../schemes/scheme.js";

const known = new WeakMap<PaymentIdentity, string>();

/** Digest of a payment's proof in hexadecimal: recognises a payment without keeping a signature that could be used. */
export function proofDigest(identity: PaymentIdentity): string {
  let digest = known.get(identity);
  if (digest === undefined) {
    const bytes = keccak_256(new TextEncoder().encode(identity.proof));
    digest = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    known.set(identity, digest);
  }
  return digest;
}
