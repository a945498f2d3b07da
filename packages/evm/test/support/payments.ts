import { randomBytes } from "node:crypto";
import type { Facilitator } from "@turnpike/core";
import type { FacilitatorRequest, PaymentRequirements, SettlementResponse } from "@turnpike/core/protocol";
import type { Chain, DevAccount } from "@turnpike/e2e-chain";
import { type Hex, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";

const types = {
  TransferWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
} as const;

/** What signing needs to know of a chain; the purely local tests have none. */
export type Place = Pick<Chain, "network" | "chainId" | "token" | "accounts">;

/** The members of an authorisation, as they go over the wire. */
export interface Authorization {
  from: string;
  to: string;
  value: string;
  validAfter: string;
  validBefore: string;
  nonce: string;
}

export interface PaymentChanges {
  readonly signer?: DevAccount;
  readonly authorization?: Partial<Authorization>;
  readonly requirements?: Partial<PaymentRequirements>;
  /** Turns the signature into another one. */
  readonly sign?: (signature: Hex) => Hex;
}

export const now = () => Math.floor(Date.now() / 1000);

export function requirementsOf({ network, token, accounts }: Place): PaymentRequirements {
  const extra = { name: token.name, version: token.version };
  const { address: asset } = token;
  const payTo = accounts.seller.address;
  return { scheme: "exact", network, amount: "10000", asset, payTo, maxTimeoutSeconds: 60, extra };
}

/** A payment of 0.01 USDC from payer to seller that is valid for a minute, unless told otherwise. */
export async function createPayment(place: Place, changes: PaymentChanges = {}): Promise<FacilitatorRequest> {
  const { signer = place.accounts.payer, sign = (signature) => signature } = changes;
  const paymentRequirements = { ...requirementsOf(place), ...changes.requirements };
  const authorization: Authorization = {
    from: signer.address,
    to: paymentRequirements.payTo,
    value: paymentRequirements.amount,
    validAfter: String(now() - 600),
    validBefore: String(now() + 60),
    nonce: toHex(randomBytes(32)),
    ...changes.authorization,
  };
  const signature = sign(await signAuthorization(place, signer, authorization));
  const payload = { signature, authorization };
  return {
    x402Version: 2,
    paymentPayload: { x402Version: 2, accepted: { ...paymentRequirements }, payload },
    paymentRequirements,
  };
}

/** Asks again, as a paywall does, until a settlement is no longer pending. */
export async function settleAtLast(facilitator: Facilitator, request: FacilitatorRequest): Promise<SettlementResponse> {
  let answer = await facilitator.settle(request);
  for (let tries = 1; tries < 20 && answer.errorReason === "settlement_pending"; tries++) {
    answer = await facilitator.settle(request);
  }
  return answer;
}

export function signAuthorization(place: Place, signer: DevAccount, authorization: Authorization): Promise<Hex> {
  const { name, version, address } = place.token;
  const { from, to, value, validAfter, validBefore, nonce } = authorization;
  return privateKeyToAccount(signer.privateKey).signTypedData({
    domain: { name, version, chainId: place.chainId, verifyingContract: address },
    types,
    primaryType: "TransferWithAuthorization",
    message: {
      // In lower case, since viem refuses mixed cases that are no checksum.
      from: from.toLowerCase() as Hex,
      to: to.toLowerCase() as Hex,
      value: BigInt(value),
      validAfter: BigInt(validAfter),
      validBefore: BigInt(validBefore),
      nonce: nonce as Hex,
    },
  });
}

/** The other signature that the same key can be recovered from: `n - s`, and the other `v`. */
export function mirror(signature: Hex): Hex {
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const s = order - BigInt(`0x${signature.slice(66, 130)}`);
  const v = signature.endsWith("1b") ? "1c" : "1b";
  return `0x${signature.slice(2, 66)}${s.toString(16).padStart(64, "0")}${v}`;
}

/** The same signature in 64 bytes (EIP-2098). */
export function compact(signature: Hex): Hex {
  const s = BigInt(`0x${signature.slice(66, 130)}`);
  const parity = signature.endsWith("1c") ? 1n << 255n : 0n;
  return `0x${signature.slice(2, 66)}${(s | parity).toString(16).padStart(64, "0")}`;
}

/** The same signature with `v` of 0 or 1. */
export function zeroBased(signature: Hex): Hex {
  return `0x${signature.slice(2, 130)}${signature.endsWith("1c") ? "01" : "00"}`;
}
