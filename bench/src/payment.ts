import type { PaymentRequired, PaymentRequirements } from "@turnpike/core/protocol";

export const NETWORK = "eip155:84532" as const;
export const PAY_TO = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
const PAYER = "0x857b06519E91e3A54538791bDbb0E22373e36b66";

/** A facilitator that believes everything never reads it. */
const SIGNATURE = `0x${"2d6a7588d6acca505cbf0d9a4a227e0c52c6c34008c8e8986a1283259764173f".repeat(2)}1b`;
const TRANSACTION = "0x89c91c789e57059b17285e7ba1716a1f5ff4c5dace0ea5a5135f26158d0421b9";

/** Answers of a facilitator at which every payment is good. */
export const VERIFIED = { isValid: true, payer: PAYER } as const;
export const SETTLED = { success: true, payer: PAYER, transaction: TRANSACTION, network: NETWORK } as const;
export const SUPPORTED = {
  kinds: [{ x402Version: 2 as const, scheme: "exact", network: NETWORK }],
  extensions: [] as string[],
  signers: {} as Record<string, string[]>,
};

/** The `PAYMENT-REQUIRED` header of an answer. */
export function readOfferOf(headers: Iterable<readonly [name: string, value: string]>): string {
  for (const [name, value] of headers) if (name.toLowerCase() === "payment-required") return value;
  throw new Error("An unpaid request was not answered with an offer");
}

/** What a client reads off a `PAYMENT-REQUIRED` header. */
export function readOffer(header: string): PaymentRequired {
  return JSON.parse(Buffer.from(header, "base64").toString("utf8")) as PaymentRequired;
}

/** What sets this process's nonces apart from every other's. */
const origin = `${process.pid.toString(16)}${Date.now().toString(16)}`.padStart(32, "0");
let count = 0;

/** Makes `PAYMENT-SIGNATURE` headers for an offer, each with a nonce of its own, as cheaply as can be. */
export function createPayments(required: PaymentRequired): () => string {
  const accepted = required.accepts[0] as PaymentRequirements;
  const now = Math.floor(Date.now() / 1000);
  const payment = {
    x402Version: 2,
    resource: required.resource,
    accepted,
    payload: {
      signature: SIGNATURE,
      authorization: {
        from: PAYER,
        to: accepted.payTo,
        value: accepted.amount,
        validAfter: String(now - 600),
        validBefore: String(now + 3600),
        nonce: "NONCE",
      },
    },
  };
  const [before, after] = JSON.stringify(payment).split("NONCE") as [string, string];
  return () => {
    const nonce = `0x${origin}${(++count).toString(16).padStart(32, "0")}`;
    return Buffer.from(before + nonce + after).toString("base64");
  };
}
