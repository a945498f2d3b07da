import { checksummed, checksumProblem } from "../pricing/evm-address.js";
import { ATOMIC_AMOUNT } from "../protocol/schemas.js";
import type { JsonObject, PaymentRequirements } from "../protocol/types.js";
import { canonicalSignature } from "./evm-signature.js";
import type { PaymentFault, Scheme } from "./scheme.js";

const HEX = /^0x(?:[0-9a-fA-F]{2})+$/;
const ADDRESS = /^0x[0-9a-fA-F]{40}$/;
const WORD = /^0x[0-9a-fA-F]{64}$/;

/** The contract that spends under Permit2 for `exact` (scheme_exact_evm.md, Permit2). */
const PERMIT2_PROXY = "0x402085c248eea27d92e8b30b2c58ed07f9e20001";

const MAX_UINT256 = 2n ** 256n - 1n;

/** Seconds that a payment must still be valid when it arrives, so that a block can include it. */
const LAST_BLOCKS = 6;
/** Seconds that two clocks may differ. */
const CLOCK_SKEW = 30;

/** What both transfer methods sign. */
interface Authorization {
  readonly from: string;
  readonly to: string;
  readonly value: string;
  readonly validAfter: string;
  readonly validBefore: string;
  /** What is single-use on the network. */
  readonly nonce: string;
  readonly asset: string;
  readonly signature: string;
}

/** `exact` on EVM networks: a signed EIP-3009 or Permit2 transfer of exactly the amount (scheme_exact_evm.md). */
export const exactEip155: Scheme = {
  scheme: "exact",
  namespace: "eip155",
  flows: { eip3009: ["authorization", "upfront"], permit2: ["authorization", "upfront"] },
  transferMethod: (token) => token.transferMethod ?? "eip3009",
  checkAddress: (address) => {
    if (!ADDRESS.test(address)) return "it is not an EVM address (0x and 40 hexadecimal digits)";
    if (/^0x0{40}$/.test(address)) return "it is the zero address: payments there are lost";
    return checksumProblem(address);
  },
  extra: (token) => {
    const domain = token.eip712;
    if (token.transferMethod === "permit2") return { assetTransferMethod: "permit2", ...domain };
    return domain
      ? { ...domain }
      : `${token.symbol} has no \`eip712\` name and version, which EIP-3009 signatures need`;
  },
  identify: (payload) => {
    const { network, asset } = payload.accepted;
    const read = readPayload(payload.payload, asset, "permit2Authorization" in payload.payload);
    if (typeof read === "string") return malformed(read);
    const { from, to, value, validAfter, validBefore, nonce, signature } = read;
    return {
      id: `${network}:${nonce}`,
      proof: [canonicalSignature(signature), from, to, value, validAfter, validBefore].join(":").toLowerCase(),
      payer: checksummed(from),
      validBefore: Math.min(Number(validBefore), Number.MAX_SAFE_INTEGER),
    };
  },
  judge: (payload, requirements, now, needed) => {
    const permit2 = requirements.extra?.assetTransferMethod === "permit2";
    const read = readPayload(payload.payload, requirements.asset, permit2);
    return typeof read === "string" ? malformed(read) : judge(read, requirements, now, needed);
  },
  spell: checksummed,
  sameAddress: (a, b) => a.toLowerCase() === b.toLowerCase(),
  isTransaction: (id) => WORD.test(id),
};

function readPayload(payload: JsonObject, asset: string, permit2: boolean): Authorization | string {
  const { signature } = payload;
  // One payment has one id: with two authorisations in a payload it would have two.
  if ("authorization" in payload && "permit2Authorization" in payload) return "it has two authorisations";
  if (typeof signature !== "string" || !HEX.test(signature)) return "`signature` is not hexadecimal";
  return permit2 ? readPermit2(payload, signature) : readEip3009(payload, signature, asset);
}

function readEip3009(payload: JsonObject, signature: string, asset: string): Authorization | string {
  const { from, to, value, validAfter, validBefore, nonce } = members(payload.authorization);
  if (!isAddress(from) || !isAddress(to)) return "`authorization.from` and `to` are not addresses";
  if (!isAmount(value)) return "`authorization.value` is not an amount";
  if (!isAmount(validAfter) || !isAmount(validBefore)) {
    return "`authorization.validAfter` and `validBefore` are not times";
  }
  if (typeof nonce !== "string" || !WORD.test(nonce)) return "`authorization.nonce` is not 32 bytes";
  const single = `${asset}:${from}:${nonce}`.toLowerCase();
  return { from, to, value, validAfter, validBefore, nonce: single, asset, signature };
}

function readPermit2(payload: JsonObject, signature: string): Authorization | string {
  const { permitted, from, spender, nonce, deadline, witness } = members(payload.permit2Authorization);
  const { token, amount } = members(permitted);
  const { to, validAfter } = members(witness);
  if (!isAddress(from) || !isAddress(to) || !isAddress(token)) return "`permit2Authorization` lacks an address";
  if (typeof spender !== "string" || spender.toLowerCase() !== PERMIT2_PROXY) return "`spender` is not the x402 proxy";
  if (!isAmount(amount)) return "`permitted.amount` is not an amount";
  if (!isAmount(validAfter) || !isAmount(deadline)) return "`witness.validAfter` and `deadline` are not times";
  const number = typeof nonce === "string" && (isAmount(nonce) || WORD.test(nonce)) ? BigInt(nonce) : undefined;
  if (number === undefined) return "`nonce` is not a number";
  // Permit2 counts nonces by owner, whatever the token.
  const single = `permit2:${from}:${number}`.toLowerCase();
  return { from, to, value: amount, validAfter, validBefore: deadline, nonce: single, asset: token, signature };
}

function judge(
  { to, value, validAfter, validBefore, asset }: Authorization,
  requirements: PaymentRequirements,
  now: number,
  needed: number,
): PaymentFault | undefined {
  if (asset.toLowerCase() !== requirements.asset.toLowerCase()) {
    return refused("invalid_payment_requirements", "The payment is signed for another token.");
  }
  if (to.toLowerCase() !== requirements.payTo.toLowerCase()) {
    return refused("invalid_exact_evm_payload_recipient_mismatch", "The payment is signed for another recipient.");
  }
  if (value !== requirements.amount) {
    return refused("invalid_exact_evm_payload_authorization_value_mismatch", "The signed amount is not the price.");
  }
  if (BigInt(validAfter) > BigInt(now + CLOCK_SKEW)) {
    return refused("invalid_exact_evm_payload_authorization_valid_after", "The payment is not valid yet.");
  }
  if (BigInt(validBefore) < BigInt(now + Math.max(LAST_BLOCKS, needed - CLOCK_SKEW))) {
    return refused("invalid_exact_evm_payload_authorization_valid_before", "The payment has expired, or is about to.");
  }
  return undefined;
}

function members(value: unknown): JsonObject {
  return typeof value === "object" && value !== null ? (value as JsonObject) : {};
}

function isAddress(value: unknown): value is string {
  return typeof value === "string" && ADDRESS.test(value);
}

/** A number that fits the chain's type. A facilitator may wrap a larger one, and one payment would have two ids. */
function isAmount(value: unknown): value is string {
  return typeof value === "string" && ATOMIC_AMOUNT.test(value) && BigInt(value) <= MAX_UINT256;
}

function malformed(detail: string): PaymentFault {
  return {
    fault: {
      code: "invalid_payload",
      detail: `The payment's \`payload\` has the wrong form: ${detail}.`,
      malformed: true,
    },
  };
}

function refused(code: string, detail: string): PaymentFault {
  return { fault: { code, detail } };
}
