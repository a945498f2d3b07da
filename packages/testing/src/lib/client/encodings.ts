import type { PaymentPayload } from "@turnpike/core/protocol";
import type { Authorization } from "../authorization.js";
import { encodeHeader, encodeText } from "./header.js";

/** One payment in different bytes: counting payments by header would count several. */
export const encodings: Readonly<Record<string, (payload: PaymentPayload) => string>> = {
  "extra white space": (payload) => encodeText(` \n${JSON.stringify(payload, null, "\t")}\r\n `),
  "another key order": (payload) => encodeHeader(reverse(payload)),
  "base64 without padding": (payload) => encodeText(pad(JSON.stringify(payload))).replace(/=+$/, ""),
  "unicode escapes": (payload) => encodeText(escapeLetters(JSON.stringify(payload))),
  "junk keys": (payload) => encodeHeader({ junk: 1, ...payload, payload: { ...payload.payload, junk: [true] } }),
  "signed addresses in lower case": (payload) => encodeHeader(mapSigned(payload, lower)),
  "signed addresses in upper case": (payload) => encodeHeader(mapSigned(payload, upper)),
  "every address in lower case": (payload) => encodeHeader(mapAddresses(payload, lower)),
  "every address in upper case": (payload) => encodeHeader(mapAddresses(payload, upper)),
  "duplicate keys": (payload) => encodeText(`{"x402Version":2,${JSON.stringify(payload).slice(1)}`),
  "accepted written anew": (payload) => encodeHeader({ ...payload, accepted: reverse(payload.accepted) }),
  "an unknown extension": (payload) => encodeHeader({ ...payload, extensions: { "x-unknown": { info: { a: 1 } } } }),
  "no resource": ({ resource: _, ...payload }) => encodeHeader(payload),
  "another resource": (payload) => encodeHeader({ ...payload, resource: { url: "https://elsewhere.example/" } }),
};

function reverse(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverse);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reverse(member)]),
  );
}

function escapeLetters(json: string): string {
  const asUnit = (letter: string): string => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return json.replace(/"[^"\\]*"/g, (text) => `"${text.slice(1, -1).replace(/[a-z]/g, asUnit)}"`);
}

/** White space that makes the base64 end in padding, so that leaving it out changes the bytes. */
const pad = (json: string): string => (Buffer.byteLength(json) % 3 === 0 ? `${json} ` : json);

const lower = (hex: string): string => hex.toLowerCase();
const upper = (hex: string): string => `0x${hex.slice(2).toUpperCase()}`;

function mapSigned(payload: PaymentPayload, change: (hex: string) => string): PaymentPayload {
  const { signature, authorization } = payload.payload as { signature: string; authorization: Authorization };
  const { from, to, nonce } = authorization;
  const changed = { ...authorization, from: change(from), to: change(to), nonce: change(nonce) };
  return { ...payload, payload: { signature: change(signature), authorization: changed } };
}

function mapAddresses(payload: PaymentPayload, change: (hex: string) => string): PaymentPayload {
  const { payTo, asset } = payload.accepted;
  const accepted = { ...payload.accepted, payTo: change(payTo), asset: change(asset) };
  return { ...mapSigned(payload, change), accepted };
}
