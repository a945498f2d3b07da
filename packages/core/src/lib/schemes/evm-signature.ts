/** The order of secp256k1. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
/** The suffix of a signature wrapped for a wallet that is deployed later (EIP-6492). */
const WRAPPED = "6492".repeat(16);
/** Hexadecimal digits of a word. */
const WORD = 64;

/**
 * One spelling for equivalent signatures of a plain account: compact, with another `v`, with a high `s`, or wrapped for
 * a wallet. Any of them can be derived from another, and facilitators accept them. In lower case; a contract wallet's
 * is unchanged.
 */
export function canonicalSignature(signature: string): string {
  const inner = unwrap(signature.slice(2).toLowerCase());
  const compact = inner.length === 2 * WORD;
  if (!compact && inner.length !== 2 * WORD + 2) return `0x${inner}`;
  const r = inner.slice(0, WORD);
  const last = BigInt(`0x${inner.slice(WORD, 2 * WORD)}`);
  let odd = compact ? last >> 255n === 1n : isOdd(Number.parseInt(inner.slice(2 * WORD), 16));
  let s = compact ? BigInt.asUintN(255, last) : last;
  if (odd === undefined || s >= ORDER) return `0x${inner}`;
  if (s > ORDER / 2n) {
    s = ORDER - s;
    odd = !odd;
  }
  return `0x${r}${s.toString(16).padStart(WORD, "0")}${odd ? "1c" : "1b"}`;
}

/** The parity in `v`, by itself or combined with a chain id (EIP-155). */
function isOdd(v: number): boolean | undefined {
  if (v >= 35) return v % 2 === 0;
  const parity = v >= 27 ? v - 27 : v;
  return parity > 1 ? undefined : parity === 1;
}

/** The third argument of the wrapper: address, bytes, bytes. */
function unwrap(digits: string): string {
  if (!digits.endsWith(WRAPPED)) return digits;
  const at = offset(digits, 2 * WORD);
  const length = at === undefined ? undefined : offset(digits, at);
  if (at === undefined || length === undefined) return digits;
  return digits.slice(at + WORD, at + WORD + length);
}

/** A word that counts bytes of these digits, in digits. */
function offset(digits: string, at: number): number | undefined {
  const word = digits.slice(at, at + WORD);
  if (word.length < WORD) return undefined;
  const value = BigInt(`0x${word}`) * 2n;
  return value <= BigInt(digits.length) ? Number(value) : undefined;
}
