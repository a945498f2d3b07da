/**
 * Whether the response to a request leaves around what an adapter holds: by an upgrade of the connection or through a
 * tunnel. Libraries upgrade on the `Upgrade` field alone, so it need not be named in `Connection`. `h2c`, which some clients
 * send with every request, is not spoken by any of these servers: they respond to it as if it were not there.
 * @param upgrade the request's `Upgrade` field
 */
export function leavesAnotherWay(method: string, upgrade: string | undefined): boolean {
  if (method === "CONNECT") return true;
  return upgrade?.split(",").some((name) => !/^\s*(?:h2c)?\s*$/i.test(name)) ?? false;
}
