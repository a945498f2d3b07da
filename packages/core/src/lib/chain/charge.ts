import type { PaymentPayload, PaymentRequirements } from "../protocol/types.js";
import { type Authorization, members, readAuthorization } from "./authorization.js";
import { type Hex, isAddress, isUint256, isWord, lower } from "./words.js";

/** The contract that spends under Permit2 for `exact` (scheme_exact_evm.md, Permit2). */
export const EXACT_PROXY: Hex = "0x402085c248eea27d92e8b30b2c58ed07f9e20001";

/** What a payment signed by EIP-3009 moves, and the nonce that makes it single-use. */
export interface Eip3009Charge extends Authorization {
  readonly method: "eip3009";
  readonly token: Hex;
}

/** The same by Permit2. `validBefore` is its deadline: the last second at which it can be used. */
export interface Permit2Charge extends Omit<Authorization, "nonce"> {
  readonly method: "permit2";
  readonly token: Hex;
  readonly nonce: bigint;
}

export type Charge = Eip3009Charge | Permit2Charge;

/** Reads what a payment would move; `undefined` unless it is exactly what the requirements ask for. */
export function readCharge(payload: PaymentPayload, requirements: PaymentRequirements): Charge | undefined {
  const { scheme, asset, payTo, amount, extra } = requirements;
  if (scheme !== "exact" || !isAddress(asset) || !isAddress(payTo)) return undefined;
  const method = extra?.assetTransferMethod ?? "eip3009";
  // With both forms in it, it is unknown which one was settled.
  if ("authorization" in payload.payload && "permit2Authorization" in payload.payload) return undefined;
  const token = lower(asset);
  const charge =
    method === "eip3009" ? readEip3009(payload, token) : method === "permit2" ? readPermit2(payload) : null;
  const fits = charge?.token === token && charge.to === lower(payTo) && String(charge.value) === amount;
  return fits ? charge : undefined;
}

function readEip3009({ payload }: PaymentPayload, token: Hex): Eip3009Charge | undefined {
  const authorization = readAuthorization(payload);
  return authorization && { method: "eip3009", token, ...authorization };
}

function readPermit2({ payload }: PaymentPayload): Permit2Charge | undefined {
  const { permitted, from, spender, nonce, deadline, witness } = members(payload.permit2Authorization);
  const { token, amount } = members(permitted);
  const { to, validAfter } = members(witness);
  if (!isAddress(spender) || lower(spender) !== EXACT_PROXY) return undefined;
  if (!isAddress(token) || !isAddress(from) || !isAddress(to)) return undefined;
  if (!isUint256(amount) || !isUint256(validAfter) || !isUint256(deadline)) return undefined;
  if (!isUint256(nonce) && !isWord(nonce)) return undefined;
  return {
    method: "permit2",
    token: lower(token),
    from: lower(from),
    to: lower(to),
    value: BigInt(amount),
    validAfter: BigInt(validAfter),
    validBefore: BigInt(deadline),
    nonce: BigInt(nonce),
  };
}
