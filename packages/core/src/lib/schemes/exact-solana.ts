import { decodeBase64 } from "../protocol/base64.js";
import type { PaymentFault, PaymentIdentity, Scheme } from "./scheme.js";

/** Base58, without similar letters. */
const ADDRESS = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;
const SIGNATURE = /^[1-9A-HJ-NP-Za-km-z]{64,88}$/;
const SIGNATURE_BYTES = 64;
/** Of an account's key, and of a block's hash. */
const ACCOUNT_BYTES = 32;
/** The most bytes of a transaction in a packet. */
const MAX_TRANSACTION = 1232;

/** `exact` on Solana: a partly signed transaction that the facilitator's fee payer completes (scheme_exact_svm.md). */
export const exactSolana: Scheme = {
  scheme: "exact",
  namespace: "solana",
  flows: { "": ["authorization", "upfront"] },
  transferMethod: () => "",
  checkAddress: (address) => (ADDRESS.test(address) ? undefined : "it is not a Solana address (32 bytes in base58)"),
  extra: () => ({}),
  fromSupported: ["feePayer"],
  identify: async (payload): Promise<PaymentIdentity | PaymentFault> => {
    const text = payload.payload.transaction;
    const bytes = typeof text === "string" ? decodeBase64(text) : undefined;
    const message = bytes && bytes.length <= MAX_TRANSACTION ? messageOf(bytes) : undefined;
    if (!bytes || !message) {
      const detail = "The payment's `payload.transaction` is not a Solana transaction in base64.";
      return { fault: { code: "invalid_payload", detail, malformed: true } };
    }
    const [name, proof] = await Promise.all([sha256(message), sha256(bytes)]);
    return { id: `${payload.accepted.network}:${name}`, proof };
  },
  // The facilitator, which completes the transaction, reads what it moves.
  judge: () => undefined,
  // Base58 tells letter cases apart.
  spell: (address) => address,
  sameAddress: (a, b) => a === b,
  isTransaction: (id) => SIGNATURE.test(id),
};

/** The signed message. The fee payer's signature comes later, so the whole transaction cannot identify a payment. */
function messageOf(transaction: Uint8Array): Uint8Array | undefined {
  const count = transaction[0];
  // One byte counts up to 127 signatures; a packet has room for fewer.
  if (count === undefined || count === 0 || count > 127) return undefined;
  const message = transaction.subarray(1 + count * SIGNATURE_BYTES);
  // Bytes after the message are not signed, and would give one payment many ids.
  return message.length > 0 && messageLength(message) === message.length ? message : undefined;
}

/** The length of a message from its own fields (Solana's transaction format); `undefined` if truncated. */
function messageLength(bytes: Uint8Array): number | undefined {
  let at = 0;
  const versioned = ((bytes[0] ?? 0) & 0x80) !== 0;
  /** A count of up to three bytes, seven bits in each. */
  const count = (): number => {
    let value = 0;
    for (let shift = 0; shift < 21; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value |= (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) break;
    }
    return value;
  };
  const skip = (length: number) => {
    at += length;
  };
  skip(versioned ? 4 : 3);
  skip(count() * ACCOUNT_BYTES + ACCOUNT_BYTES);
  for (let left = count(); left > 0 && at < bytes.length; left--) {
    skip(1);
    skip(count());
    skip(count());
  }
  for (let left = versioned ? count() : 0; left > 0 && at < bytes.length; left--) {
    skip(ACCOUNT_BYTES);
    skip(count());
    skip(count());
  }
  return at <= bytes.length ? at : undefined;
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
