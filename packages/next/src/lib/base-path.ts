import type { RequestFacts } from "@turnpike/core/fetch";
import type { NextRequest } from "next/server.js";

/**
 * What Next has taken off the path that the client asked. On the Node runtime a route handler gets its URL without the
 * `basePath` of the app; on the edge and in a proxy the URL is whole, and says so in `nextUrl`.
 * @param given the seller's own word
 */
export function takenOff(
  { nextUrl }: NextRequest,
  given: string | undefined,
): Pick<RequestFacts, "basePath" | "trailingSlash"> {
  // Next's build puts its configuration in the place of these very texts; outside a build there is none.
  const basePath = given ?? process.env.__NEXT_ROUTER_BASEPATH ?? "";
  if (basePath === "" || nextUrl?.basePath) return {};
  return { basePath, trailingSlash: String(process.env.__NEXT_TRAILING_SLASH) === "true" };
}
