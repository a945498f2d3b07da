import type { JsonObject } from "../protocol/types.js";
import { type Hex, isAddress, isUint256, isWord, lower } from "./words.js";

/** What EIP-3009 signs. Addresses are in lower case, times in Unix seconds. */
export interface Authorization {
  readonly from: Hex;
  readonly to: Hex;
  readonly value: bigint;
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  readonly nonce: Hex;
}

/** The authorisation in a payload, its signature left aside; `undefined` if it has another form. */
export function readAuthorization(payload: JsonObject): Authorization | undefined {
  const { from, to, value, validAfter, validBefore, nonce } = members(payload.authorization);
  if (!isAddress(from) || !isAddress(to) || !isWord(nonce)) return undefined;
  if (!isUint256(value) || !isUint256(validAfter) || !isUint256(validBefore)) return undefined;
  return {
    from: lower(from),
    to: lower(to),
    value: BigInt(value),
    validAfter: BigInt(validAfter),
    validBefore: BigInt(validBefore),
    nonce: lower(nonce),
  };
}

export function members(value: unknown): JsonObject {
  return typeof value === "object" && value !== null ? (value as JsonObject) : {};
}
