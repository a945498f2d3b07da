import type { Reply } from "../seam.js";

/**
 * Responds to `OPTIONS` in place of a handler that serves every method and would do its work unpaid. A preflight is for the app
 * to handle, ahead of the paywall or by a route for `OPTIONS`.
 * @param verbs for `Allow`, as far as the adapter knows them
 */
export function optionsReply(verbs: readonly string[] = ["OPTIONS"]): Reply {
  return { status: 204, headers: [["Allow", verbs.join(", ")]] };
}
