import { RpcFailure } from "./rpc-errors.js";

/** Bytes as JSON-RPC writes them: `0x` and hexadecimal digits. */
export type Hex = `0x${string}`;

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const WORD = /^0x[0-9a-fA-F]{64}$/;
const WHOLE_NUMBER = /^(?:0|[1-9][0-9]{0,77})$/;
const MAX_UINT256 = 2n ** 256n - 1n;
/** Hexadecimal digits of a word. */
const DIGITS = 64;

export function isAddress(value: unknown): value is Hex {
  return typeof value === "string" && ADDRESS.test(value);
}

/** Whether a value is 32 bytes in hexadecimal. */
export function isWord(value: unknown): value is Hex {
  return typeof value === "string" && WORD.test(value);
}

export function isUint256(value: unknown): value is string {
  return typeof value === "string" && WHOLE_NUMBER.test(value) && BigInt(value) <= MAX_UINT256;
}

/** A number of so many bits at most, as JSON-RPC writes it. Nodes may send a megabyte of digits. */
export function readQuantity(value: unknown, bits: 64 | 256): bigint {
  const digits = bits / 4;
  if (typeof value === "string" && value.length <= 2 + digits && /^0x[0-9a-fA-F]+$/.test(value)) return BigInt(value);
  throw new RpcFailure("facilitator_unreadable", "The chain's node did not respond with a number.");
}

export function lower(hex: string): Hex {
  return hex.toLowerCase() as Hex;
}

export function toHex(number: bigint): Hex {
  return `0x${number.toString(16)}`;
}

/** Arguments of fixed size as a contract takes them: 32 bytes each, without `0x`. */
export function encodeWords(...values: readonly (Hex | bigint)[]): string {
  return values.map((value) => wordOf(value).slice(2)).join("");
}

/** An address or a number in 32 bytes, as topics hold it. */
export function wordOf(value: Hex | bigint): Hex {
  const digits = typeof value === "bigint" ? value.toString(16) : value.slice(2).toLowerCase();
  return `0x${digits.padStart(DIGITS, "0")}`;
}

/** The words of a contract's response or of an event's data; nothing if it has fewer. */
export function decodeWords(data: unknown, count: number): readonly bigint[] | undefined {
  if (typeof data !== "string" || !/^0x[0-9a-fA-F]*$/.test(data) || data.length < 2 + count * DIGITS) return undefined;
  return Array.from({ length: count }, (_, at) => BigInt(`0x${data.slice(2 + at * DIGITS, 2 + (at + 1) * DIGITS)}`));
}

/** The address in a topic. */
export function addressIn(topic: Hex): Hex {
  return lower(`0x${topic.slice(-40)}`);
}
