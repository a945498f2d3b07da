/**
 * Standard base64 (RFC 4648, section 4) of bytes, the same on every runtime. Decoding accepts padded and unpadded text
 * and refuses everything else: the URL-safe alphabet, white space, stray padding, and bits that encoding would not set.
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const VALUES = new Uint8Array(128).fill(255);
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

const CODES = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0));
const PAD = 61;
const ascii = new TextDecoder("latin1");

export function encodeBase64(bytes: Uint8Array): string {
  const codes = new Uint8Array(Math.ceil(bytes.length / 3) * 4);
  let at = 0;
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    for (let shift = 18; shift >= 0; shift -= 6) codes[at++] = CODES[(group >> shift) & 63] as number;
  }
  const missing = (3 - (bytes.length % 3)) % 3;
  codes.fill(PAD, codes.length - missing);
  // Decoded at once, the text is one string; built from pieces it would take many times the memory.
  return ascii.decode(codes);
}

/** The bytes, or `undefined` if the text is not base64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  let end = text.length;
  if (end % 4 === 0 && end > 0 && text[end - 1] === "=") end -= text[end - 2] === "=" ? 2 : 1;
  const tail = end % 4;
  if (tail === 1) return undefined;
  const bytes = new Uint8Array((end * 3) >> 2);
  let buffer = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i);
    const value = code < 128 ? (VALUES[code] as number) : 255;
    if (value === 255) return undefined;
    buffer = ((buffer << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (buffer >> bits) & 0xff;
    }
  }
  return (buffer & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}
