import { keccak_256 } from "../keccak.js";
import type { PaymentIdentity } from "../schemes/scheme.js";

const known = new WeakMap<PaymentIdentity, string>();
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

/** Digest of a payment's proof in hexadecimal: recognises a payment without keeping a signature that could be used. */
export function proofDigest(identity: PaymentIdentity): string {
  let found = known.get(identity);
  if (found === undefined) {
    found = digest(identity.proof);
    known.set(identity, found);
  }
  return found;
}

export function digest(text: string): string {
  let hex = "";
  for (const byte of keccak_256(new TextEncoder().encode(text))) hex += HEX[byte];
  return hex;
}
