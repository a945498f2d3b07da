import { type Authorization, chainIdOf, isAddress, lower, readAuthorization } from "@turnpike/core/chain";
import type { PaymentPayload, PaymentRequirements } from "@turnpike/core/protocol";
import type { Hex } from "viem";
import { encodeFunctionData, hashTypedData } from "viem/utils";
import { tokenAbi } from "./abi.js";
import type { PlainSignature } from "./signature.js";

const BYTES = /^0x(?:[0-9a-fA-F]{2})+$/;
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

function isSignature(value: unknown): value is Hex {
  return typeof value === "string" && value.length <= 2 + 2 * MAX_SIGNATURE_BYTES && BYTES.test(value);
}
