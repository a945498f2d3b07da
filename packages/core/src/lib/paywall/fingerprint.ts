import type { PaywallRequest } from "../seam.js";
import { bodyDigest } from "./body-digest.js";
import { digest } from "./proof.js";
import { targetOf } from "./resource-url.js";

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
