import type { Reply } from "../seam.js";

/**
 * Answers `OPTIONS` in place of a handler that serves every verb, and would do its work unpaid. A preflight is for the app
 * to answer, ahead of the paywall or by a route for `OPTIONS`.
 * @param verbs for `Allow`, as far as the adapter knows them
 */
export function optionsReply(verbs: readonly string[] = ["OPTIONS"]): Reply {
  return { status: 204, headers: [["Allow", verbs.join(", ")]] };
}
