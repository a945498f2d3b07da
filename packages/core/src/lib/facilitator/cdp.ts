import { ConfigError } from "../errors.js";
import { decodeBase64, encodeBase64 } from "../protocol/base64.js";
import { type FacilitatorCall, httpFacilitator } from "./http.js";
import type { Facilitator } from "./types.js";

export interface CdpKeys {
  /** The API key's id. */
  readonly keyId: string;
  /** The API key's secret: an Ed25519 key in base64, or an EC key in PEM. */
  readonly keySecret: string;
}

const BASE = "https://api.cdp.coinbase.com/platform/v2/x402";
/** Seconds that a token is good for; one is made for each call. */
const LIFETIME = 120;

/**
 * Coinbase's facilitator. Every call carries a token that is bound to its verb and path.
 * @param url another base URL, for tests
 * @throws ConfigError if a key is missing or has no form that Coinbase issues
 */
export function cdp(keys: CdpKeys, url: string = BASE): Facilitator {
  const form = keyForm(keys);
  const token = async ({ method, url: target }: FacilitatorCall): Promise<string> => {
    const { importJWK, importPKCS8, SignJWT } = await import("../jose.js");
    const { host, pathname } = new URL(target);
    const key = form.alg === "EdDSA" ? await importJWK(form.jwk, form.alg) : await importPKCS8(form.pem, form.alg);
    const now = Math.floor(Date.now() / 1000);
    return new SignJWT({ uris: [`${method} ${host}${pathname}`] })
      .setProtectedHeader({ alg: form.alg, typ: "JWT", kid: keys.keyId, nonce: randomHex() })
      .setIssuer("cdp")
      .setSubject(keys.keyId)
      .setIssuedAt(now)
      .setNotBefore(now)
      .setExpirationTime(now + LIFETIME)
      .sign(key);
  };
  return httpFacilitator(url, { headers: async (call) => ({ authorization: `Bearer ${await token(call)}` }) });
}

type KeyForm =
  | { readonly alg: "EdDSA"; readonly jwk: { kty: "OKP"; crv: "Ed25519"; d: string; x: string } }
  | { readonly alg: "ES256"; readonly pem: string };

/** Ed25519 secrets are 64 bytes, seed and public key; EC ones are PKCS #8 in PEM. */
function keyForm({ keyId, keySecret }: CdpKeys): KeyForm {
  if (keyId && keySecret?.includes("BEGIN PRIVATE KEY")) return { alg: "ES256", pem: keySecret };
  const bytes = keyId && keySecret ? decodeBase64(keySecret.trim()) : undefined;
  if (bytes?.length === 64) {
    return {
      alg: "EdDSA",
      jwk: { kty: "OKP", crv: "Ed25519", d: base64url(bytes.subarray(0, 32)), x: base64url(bytes.subarray(32)) },
    };
  }
  const message =
    "cdp needs `keyId` and `keySecret` as Coinbase issues them: an Ed25519 secret in base64, or an EC key in PEM (PKCS #8)";
  throw new ConfigError([{ code: "invalid_facilitator", path: "facilitator", message }]);
}

function base64url(bytes: Uint8Array): string {
  return encodeBase64(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function randomHex(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
