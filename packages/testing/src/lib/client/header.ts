import type { PaymentRequired, SettlementResponse } from "@turnpike/core/protocol";

/** JSON from the base64 of a payment header. */
export function decodeHeader(value: string): unknown {
  return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(value, "base64")));
}

/** Anything as the base64 of its UTF-8 JSON, as a payment header carries it. */
export function encodeHeader(value: unknown): string {
  return encodeText(JSON.stringify(value));
}

/** Text or bytes, JSON or not, as base64. */
export function encodeText(text: string | Uint8Array): string {
  return Buffer.from(text as string).toString("base64");
}

type Headers = { get(name: string): string | null };

/** The challenge of a response, if it has one. */
export function readChallenge(response: { readonly headers: Headers }): PaymentRequired | undefined {
  const value = response.headers.get("payment-required");
  return value === null ? undefined : (decodeHeader(value) as PaymentRequired);
}

/** The receipt of a response, if it has one. */
export function readReceipt(response: { readonly headers: Headers }): SettlementResponse | undefined {
  const value = response.headers.get("payment-response");
  return value === null ? undefined : (decodeHeader(value) as SettlementResponse);
}
