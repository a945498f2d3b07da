/** Host and port as a client may send them: a name, an IPv4 or a bracketed IPv6 address. */
const AUTHORITY = /^(?:[a-z0-9](?:[a-z0-9._-]{0,252})|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i;
const ABSOLUTE = /^(https?):\/\/([^/?#]*)([^?#]*)/i;

/** Characters of a path that goes into an offer. */
export const LONGEST_PATH = 1_500;

export type ResourceUrl = { readonly url: string } | { readonly problem: "invalid_host" | "url_too_long" };

/**
 * The URL of a resource as offers name it: without the query, which may hold private data.
 * @param requested the request's absolute URL
 * @param origin the configured public origin, which then stands in place of what the client sent; its path goes ahead
 */
export function resourceUrl(requested: string, origin: string | undefined): ResourceUrl {
  const [, scheme, authority, path] = ABSOLUTE.exec(requested) ?? [];
  if (scheme === undefined || authority === undefined || path === undefined) return { problem: "invalid_host" };
  if (path.length > LONGEST_PATH) return { problem: "url_too_long" };
  if (origin !== undefined) return { url: origin + path };
  const url = `${scheme.toLowerCase()}://${authority}${path}`;
  // The form alone passes ports beyond 65535 and addresses like 256.1.1.1.
  return AUTHORITY.test(authority) && URL.canParse(url) ? { url } : { problem: "invalid_host" };
}

/** The part of a URL that names the resource on its server. */
export function pathOf(url: string): string {
  return ABSOLUTE.exec(url)?.[3] || "/";
}

/** Path and query. */
export function targetOf(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  return start < 0 ? "/" : (url.slice(start).split("#", 1)[0] as string);
}
