import type { JsonObject, PaymentPayload, PaymentRequirements } from "@turnpike/core/protocol";
import type { Hex } from "viem";
import { encodeFunctionData, hashTypedData } from "viem/utils";
import { tokenAbi } from "./abi.js";
import type { PlainSignature } from "./signature.js";

const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const WORD = /^0x[0-9a-fA-F]{64}$/;
const BYTES = /^0x(?:[0-9a-fA-F]{2})+$/;
const WHOLE_NUMBER = /^(?:0|[1-9][0-9]{0,77})$/;
const CHAIN = /^eip155:([1-9][0-9]{0,15})$/;
const MAX_UINT256 = 2n ** 256n - 1n;
/** Signatures of contract wallets have no fixed length; longer ones than this only cost gas. */
const MAX_SIGNATURE_BYTES = 4096;

const TYPES = {
  TransferWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
} as const;

/** What EIP-3009 signs. Addresses are in lower case, times in Unix seconds. */
export interface Authorization {
  readonly from: Hex;
  readonly to: Hex;
  readonly value: bigint;
  readonly validAfter: bigint;
  readonly validBefore: bigint;
  readonly nonce: Hex;
}

/** A signed EIP-3009 transfer, read and hashed. */
export interface Transfer extends Authorization {
  readonly token: Hex;
  readonly signature: Hex;
  /** What was signed (EIP-712): covers chain, token and every member of the authorisation. */
  readonly digest: Hex;
}

/** Why there is no transfer: a code of the protocol (core specification, 9). */
export interface Fault {
  readonly fault: string;
}

/** The chain id of a CAIP-2 network, if it is an EVM one. */
export function chainIdOf(network: string): number | undefined {
  const id = Number(CHAIN.exec(network)?.[1]);
  return Number.isSafeInteger(id) ? id : undefined;
}

export function isAddress(value: unknown): value is Hex {
  return typeof value === "string" && ADDRESS.test(value);
}

/** Whether these requirements ask for an EIP-3009 transfer, the default of `exact` on EVM networks. */
export function wantsEip3009({ scheme, extra }: PaymentRequirements): boolean {
  const method = extra?.assetTransferMethod ?? "eip3009";
  return scheme === "exact" && method === "eip3009";
}

/** Reads a transfer out of a payment, under the domain that the requirements name (scheme_exact_evm.md, EIP-3009). */
export function readTransfer(payload: PaymentPayload, requirements: PaymentRequirements): Transfer | Fault {
  const { asset, network, extra } = requirements;
  const chainId = chainIdOf(network);
  if (chainId === undefined) return { fault: "invalid_network" };
  const { name, version } = extra ?? {};
  if (!isAddress(asset) || typeof name !== "string" || typeof version !== "string") {
    return { fault: "invalid_payment_requirements" };
  }
  const { signature } = payload.payload;
  const message = readAuthorization(payload.payload);
  if (!isSignature(signature) || !message) return { fault: "invalid_payload" };
  const token = lower(asset);
  const domain = { name, version, chainId, verifyingContract: token };
  const digest = hashTypedData({ domain, types: TYPES, primaryType: "TransferWithAuthorization", message });
  return { ...message, token, signature: lower(signature), digest };
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

/** The call that moves the money: `v, r, s` for plain accounts, which every such token knows, else bytes. */
export function encodeTransfer(transfer: Transfer, plain: PlainSignature | undefined): Hex {
  const { from, to, value, validAfter, validBefore, nonce, signature } = transfer;
  const args = [from, to, value, validAfter, validBefore, nonce] as const;
  return encodeFunctionData({
    abi: tokenAbi,
    functionName: "transferWithAuthorization",
    args: plain ? [...args, plain.v, plain.r, plain.s] : [...args, signature],
  });
}

export function members(value: unknown): JsonObject {
  return typeof value === "object" && value !== null ? (value as JsonObject) : {};
}

function isSignature(value: unknown): value is Hex {
  return typeof value === "string" && value.length <= 2 + 2 * MAX_SIGNATURE_BYTES && BYTES.test(value);
}

export function isWord(value: unknown): value is Hex {
  return typeof value === "string" && WORD.test(value);
}

export function isUint256(value: unknown): value is string {
  return typeof value === "string" && WHOLE_NUMBER.test(value) && BigInt(value) <= MAX_UINT256;
}

export function lower(hex: Hex): Hex {
  return hex.toLowerCase() as Hex;
}
