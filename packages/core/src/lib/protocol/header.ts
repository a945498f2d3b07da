import { decodeBase64, encodeBase64 } from "./base64.js";

/** The protocol's header fields (HTTP transport, version 2): of requests in lower case, as they are read. */
export const HEADERS = {
  required: "PAYMENT-REQUIRED",
  signature: "payment-signature",
  response: "PAYMENT-RESPONSE",
  extensionResponses: "EXTENSION-RESPONSES",
} as const;

/** Characters of a payment header; more is refused before anything is decoded. */
export const MAX_HEADER_LENGTH = 8192;
const MAX_DEPTH = 16;
const MAX_KEYS = 256;

/** Names of inherited object members, which are never data here. */
const FORBIDDEN_KEYS = new Set(["__proto__", "constructor", "prototype"]);

/**
 * Code points that no payment field needs and that make text deceptive: NUL, lone surrogates, bidirectional controls.
 */
const DECEIVING = /[\0\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/u;

export type DecodedHeader =
  | { readonly value: unknown }
  /** A stable code and a message. */
  | { readonly code: "header_too_large" | "invalid_base64" | "invalid_json"; readonly detail: string };

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A JSON value as a header: UTF-8, base64 with padding. */
export function encodeHeader(value: unknown): string {
  return encodeBase64(encoder.encode(JSON.stringify(value)));
}

/** Reads an untrusted header. Never throws. */
export function decodeHeader(text: string): DecodedHeader {
  if (text.length > MAX_HEADER_LENGTH) {
    return {
      code: "header_too_large",
      detail: `The header has ${text.length} characters; ${MAX_HEADER_LENGTH} are allowed.`,
    };
  }
  const bytes = text === "" ? undefined : decodeBase64(text);
  if (!bytes) return { code: "invalid_base64", detail: "The header is not standard base64 (RFC 4648, section 4)." };
  let json: string;
  try {
    json = decoder.decode(bytes);
  } catch {
    return { code: "invalid_base64", detail: "The decoded header is not UTF-8." };
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return { code: "invalid_json", detail: "The decoded header is not JSON." };
  }
  const problem = inspect(value, json);
  return problem ? { code: "invalid_json", detail: problem } : { value };
}

/** Depth, number of keys, forbidden or repeated keys, deceiving text: what is wrong with a parsed document, if anything. */
function inspect(value: unknown, json: string): string | undefined {
  let keys = 0;
  const visit = (node: unknown, depth: number): string | undefined => {
    if (typeof node === "string")
      return DECEIVING.test(node) ? "The JSON has control characters in its text." : undefined;
    if (typeof node !== "object" || node === null) return undefined;
    if (depth > MAX_DEPTH) return `The JSON is nested more than ${MAX_DEPTH} levels deep.`;
    if (Array.isArray(node)) {
      for (const item of node) {
        const problem = visit(item, depth + 1);
        if (problem) return problem;
      }
      return undefined;
    }
    for (const [key, member] of Object.entries(node)) {
      if (++keys > MAX_KEYS) return `The JSON has more than ${MAX_KEYS} keys.`;
      if (FORBIDDEN_KEYS.has(key)) return "The JSON has a key that is not allowed.";
      const problem = visit(key, depth) ?? visit(member, depth + 1);
      if (problem) return problem;
    }
    return undefined;
  };
  const problem = visit(value, 1);
  if (problem) return problem;
  // Parsing silently keeps the last of several equal keys, so the text must have as many keys as the value.
  return countKeys(json) === keys ? undefined : "The JSON repeats a key.";
}

/** Colons outside of strings: one for each key of a valid document. */
function countKeys(json: string): number {
  let count = 0;
  let quoted = false;
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (code === 0x22) quoted = !quoted;
    else if (quoted) i += code === 0x5c ? 1 : 0;
    else if (code === 0x3a) count++;
  }
  return count;
}
