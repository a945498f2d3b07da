const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** The rule for the address of a chain's node, in words. None quotes the address: many providers put a key into it. */
export const NODE_URL = "https (http only to this machine), no credentials";

/** @param insecure allows plain http to other hosts, for networks that are private */
export function isNodeUrl(value: unknown, insecure = false): value is string {
  if (typeof value !== "string" || !URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username || password) return false;
  return protocol === "https:" || (protocol === "http:" && (insecure || LOOPBACK.test(hostname)));
}
