import type { PaywallRequest } from "../seam.js";
import { within } from "../within.js";
import { targetOf } from "./resource-url.js";

/** Bytes of a request's body that its fingerprint covers, beside the length that the client declares. */
const COVERED = 65_536;
/** Milliseconds in which they must have come. */
const TIME_LIMIT = 10_000;

/**
 * The request that a payment is made for, in one line: verb, path, query, and a digest of the body if there is one. The
 * same payment never buys another. Rejects if the body does not come.
 */
export async function fingerprint<Raw>(request: PaywallRequest<Raw>): Promise<string> {
  const line = `${request.method} ${targetOf(request.url())}`;
  if (!request.body || request.method === "GET" || request.method === "HEAD") return line;
  const late = () => Promise.reject(new Error("The request's body took too long"));
  const body = await within(request.body(COVERED), TIME_LIMIT, late);
  if (!body || body.byteLength === 0) return line;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", body as Uint8Array<ArrayBuffer>));
  const hex = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${line} sha256:${hex}:${request.header("content-length") ?? ""}`;
}
