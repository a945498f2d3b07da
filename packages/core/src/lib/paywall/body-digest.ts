import type { PaywallRequest } from "../seam.js";
import { within } from "../within.js";
import { canonicalBody } from "./canonical-body.js";

/** Bytes of a request's body that count. Of a longer one the declared length counts beside them. */
const COVERED = 1_048_576;
/** What of a longer form is sure to be covered, however long its boundary is. */
const COVERED_OF_FORM = COVERED * 0.75;
/** Milliseconds in which they must have come. */
const TIME_LIMIT = 30_000;

/** A digest of what the body says; empty if there is none. Rejects if it does not come, or cannot be told from others. */
export async function bodyDigest<Raw>(request: PaywallRequest<Raw>): Promise<string> {
  if (!request.body) return "";
  const late = () => Promise.reject(new Error("The request's body took too long"));
  const body = await within(request.body(COVERED), TIME_LIMIT, late);
  if (!body || body.byteLength === 0) return "";
  const type = request.header("content-type") ?? "";
  const form = /^\s*multipart\//i.test(type);
  let bytes = canonicalBody(body, type);
  const whole = body.byteLength < COVERED;
  if (!whole && form) bytes = bytes.subarray(0, COVERED_OF_FORM);
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  // The length of a form is also that of its boundary.
  return whole || form ? hex : `${hex}:${request.header("content-length") ?? ""}`;
}
