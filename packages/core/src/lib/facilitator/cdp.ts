import { askOnce } from "../asked.js";
import { ConfigError } from "../errors.js";
import { emptyHint } from "../nearest.js";
import { decodeBase64, encodeBase64 } from "../protocol/base64.js";
import type { Awaitable } from "../seam.js";
import { type FacilitatorCall, httpFacilitator } from "./http.js";
import type { Facilitator } from "./types.js";

export interface CdpKeys {
  /** The API key's id. */
  readonly keyId: string;
  /** The API key's secret: an Ed25519 key in base64, or an EC (P-256) key in PEM. */
  readonly keySecret: string;
}

const BASE = "https://api.cdp.coinbase.com/platform/v2/x402";
/** Seconds that a token is valid; each call gets a new one. */
const LIFETIME = 120;

/** Keys from the environment, where a variable may not be set. */
type GivenKeys = { readonly [Key in keyof CdpKeys]: CdpKeys[Key] | undefined };

/**
 * Coinbase's facilitator. Every call carries a token bound to its method and path.
 * @param keys the keys, or a function that is called at the first priced request, so that a build needs no secrets
 * @param url another base URL, for tests
 * @throws ConfigError if a key is missing or not in a form that Coinbase issues
 * @example cdp(() => ({ keyId: process.env.CDP_API_KEY_ID, keySecret: process.env.CDP_API_KEY_SECRET }))
 */
export function cdp(keys: CdpKeys | (() => Awaitable<GivenKeys>), url: string = BASE): Facilitator {
  const given = typeof keys === "function" ? undefined : readKeys(keys);
  const asked = askOnce(async () => given ?? readKeys(await (keys as () => Awaitable<GivenKeys>)()));
  const token = async ({ method, url: target }: FacilitatorCall): Promise<string> => {
    const { importJWK, importPKCS8, SignJWT } = await import("../jose.js");
    const { keyId, form } = await asked.value();
    const { host, pathname } = new URL(target);
    const key = form.alg === "EdDSA" ? await importJWK(form.jwk, form.alg) : await importPKCS8(form.pem, form.alg);
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ uris: [`${method} ${host}${pathname}`] })
      .setProtectedHeader({ alg: form.alg, typ: "JWT", kid: keyId, nonce: randomHex() })
      .setIssuer("cdp")
      .setSubject(keyId)
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + LIFETIME)
      .sign(key);
  };
  const facilitator = httpFacilitator(url, {
    headers: async (call) => ({ authorization: `Bearer ${await token(call)}` }),
  });
  return given ? facilitator : { ...facilitator, ready: () => asked.value().then(() => undefined) };
}

function readKeys(keys: GivenKeys): { readonly keyId: string; readonly form: KeyForm } {
  const { keyId, keySecret } = keys ?? {};
  return { keyId: keyId ?? "", form: keyForm({ keyId: keyId ?? "", keySecret: keySecret ?? "" }, keys) };
}

type KeyForm =
  | { readonly alg: "EdDSA"; readonly jwk: { kty: "OKP"; crv: "Ed25519"; d: string; x: string } }
  | { readonly alg: "ES256"; readonly pem: string };

/** The prefix of a SEC 1 key of P-256 in PKCS #8 (RFC 5958): version and algorithm, then the key's own length. */
const P256_HEADER = [
  0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03,
  0x01, 0x07,
];

/** Ed25519 secrets are 64 bytes, seed and public key; EC ones are PEM, in PKCS #8 or in the older SEC 1. */
function keyForm({ keyId, keySecret }: CdpKeys, given: GivenKeys): KeyForm {
  const secret = (keyId ? keySecret : "")?.replaceAll("\\n", "\n").trim() ?? "";
  const [, kind, body] = /^-----BEGIN (EC )?PRIVATE KEY-----([^-]+)-----END/.exec(secret) ?? [];
  const bytes = decodeBase64((body ?? secret).replace(/\s/g, ""));
  if (bytes && body !== undefined) return { alg: "ES256", pem: kind ? toPkcs8(bytes) : secret };
  if (bytes?.length === 64) {
    const [d, x] = [base64url(bytes.subarray(0, 32)), base64url(bytes.subarray(32))];
    return { alg: "EdDSA", jwk: { kty: "OKP", crv: "Ed25519", d, x } };
  }
  const missing = ["keyId", "keySecret"].filter((name) => !(given as Record<string, unknown> | undefined)?.[name]);
  const message =
    missing.length > 0
      ? `cdp needs \`keyId\` and \`keySecret\`, and got no ${missing.join(" and no ")}${emptyHint("")}`
      : "cdp needs `keyId` and `keySecret` as Coinbase issues them: an Ed25519 secret in base64, or an EC key in PEM";
  throw new ConfigError([{ code: "invalid_facilitator", path: "facilitator", message }]);
}

/** Key libraries read PKCS #8 only. Both lengths fit one or two bytes, as P-256 keys have about 120. */
function toPkcs8(sec1: Uint8Array): string {
  const key = [0x04, ...derLength(sec1.length), ...sec1];
  const inner = [0x02, 0x01, 0x00, ...P256_HEADER, ...key];
  const der = Uint8Array.from([0x30, ...derLength(inner.length), ...inner]);
  return `-----BEGIN PRIVATE KEY-----\n${encodeBase64(der)}\n-----END PRIVATE KEY-----`;
}

function derLength(length: number): number[] {
  return length < 128 ? [length] : [0x81, length];
}

function base64url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function randomHex(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
