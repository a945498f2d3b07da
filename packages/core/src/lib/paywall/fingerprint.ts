import type { PaywallRequest } from "../seam.js";
import { within } from "../within.js";
import { digest } from "./proof.js";
import { targetOf } from "./resource-url.js";

/** Bytes of a request's body that its fingerprint covers, beside the length that the client declares. */
const COVERED = 65_536;
/** Milliseconds in which they must have come. */
const TIME_LIMIT = 10_000;

/**
 * The request that a payment is made for, in one line: method and path, and a digest of the query and the body if there are
 * any; what they say has no place in a record. The same payment never buys another. Rejects if the body does not come.
 * @param origin the configured public origin, which then is a part of it
 */
export async function fingerprint<Raw>(request: PaywallRequest<Raw>, origin = ""): Promise<string> {
  const target = targetOf(request.url());
  const query = target.indexOf("?");
  const path = query < 0 ? target : target.slice(0, query);
  const line = `${request.method} ${origin}${path}`;
  const body = await bodyDigest(request);
  if (query < 0 && body === "") return line;
  return `${line} keccak:${digest(JSON.stringify([query < 0 ? "" : target.slice(query), body]))}`;
}

/** Digest and declared length of the body; empty if there is none. */
async function bodyDigest<Raw>(request: PaywallRequest<Raw>): Promise<string> {
  if (!request.body || request.method === "GET" || request.method === "HEAD") return "";
  const late = () => Promise.reject(new Error("The request's body took too long"));
  const body = await within(request.body(COVERED), TIME_LIMIT, late);
  if (!body || body.byteLength === 0) return "";
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", body as Uint8Array<ArrayBuffer>));
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${hex}:${request.header("content-length") ?? ""}`;
}
