/**
 * Standard base64 (RFC 4648, section 4) of bytes, the same on every runtime. Decoding takes padded and unpadded text
 * and refuses all else: the URL-safe alphabet, white space, stray padding, and bits that encoding would not have set.
 */

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const VALUES = new Uint8Array(128).fill(255);
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

export function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  let i = 0;
  for (; i + 2 < bytes.length; i += 3) {
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8) | (bytes[i + 2] as number);
    text += sextet(group, 18) + sextet(group, 12) + sextet(group, 6) + sextet(group, 0);
  }
  const rest = bytes.length - i;
  if (rest === 1) {
    const group = (bytes[i] as number) << 16;
    text += `${sextet(group, 18)}${sextet(group, 12)}==`;
  } else if (rest === 2) {
    const group = ((bytes[i] as number) << 16) | ((bytes[i + 1] as number) << 8);
    text += `${sextet(group, 18)}${sextet(group, 12)}${sextet(group, 6)}=`;
  }
  return text;
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

function sextet(group: number, shift: number): string {
  return ALPHABET[(group >> shift) & 63] as string;
}
