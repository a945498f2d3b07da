import { decodeBase64 } from "../protocol/base64.js";
import type { PaymentFault, PaymentIdentity, Scheme } from "./scheme.js";

/** Base58, without the letters that look alike. */
const ADDRESS = /^[1-9A-HJ-NP-Za-km-z]{32,44}$/;
const SIGNATURE = /^[1-9A-HJ-NP-Za-km-z]{64,88}$/;
const SIGNATURE_BYTES = 64;
/** A packet's room for a transaction. */
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
  // What a transaction moves is for the facilitator to read, which completes it.
  judge: () => undefined,
  sameAddress: (a, b) => a === b,
  isTransaction: (id) => SIGNATURE.test(id),
};

/** What the signatures sign. The fee payer's signature comes later, so the whole transaction cannot name a payment. */
function messageOf(transaction: Uint8Array): Uint8Array | undefined {
  const count = transaction[0];
  // One byte counts up to 127 signatures; a packet has room for fewer.
  if (count === undefined || count === 0 || count > 127) return undefined;
  const start = 1 + count * SIGNATURE_BYTES;
  return transaction.length > start ? transaction.subarray(start) : undefined;
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
