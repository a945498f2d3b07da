/** Scheme and authority of a target in absolute form, with its path. */
const ABSOLUTE = /^https?:\/\/[\w.~!$&'()*+,;=:@%[\]-]+(\/.*)?$/is;

/**
 * Path and query of a request target: what begins with a slash. Nothing for a target in none of the forms that HTTP has for
 * it (RFC 9112, 3.2). HTTP/2 lets any text through under a made-up scheme, and HTTP/1 any scheme and what follows a `*`:
 * routers, URL parsers and file servers make different paths of such a text.
 */
export function originForm(method: string, target: string): string | undefined {
  if (target.startsWith("/")) return target;
  if (target === "" || (target === "*" && method === "OPTIONS")) return "/";
  const absolute = ABSOLUTE.exec(target);
  return absolute ? (absolute[1] ?? "/") : undefined;
}
