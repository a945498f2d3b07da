import { type AppRoute, gateOf } from "./gates.js";
import { isForAll, isProxy, isWild, roleOf } from "./roles.js";

/**
 * Of what is registered, whatever serves the paths below a gate under another spelling too, which does not meet the gate:
 * Hono asks the gate by the path as it is spelled, and what resolves paths by itself reads several as one.
 * @param place where the gate is registered
 * @param met what a plain request for a priced path meets
 * @param all everything that is registered, if known
 */
export function findBypass(
  place: AppRoute,
  met: readonly AppRoute[],
  all: readonly AppRoute[] = met,
): AppRoute | undefined {
  if (isForAll(place)) return undefined;
  const at = met.indexOf(place);
  // Middleware stands ahead; what is for the whole app and stands behind may be a server that leaves to others what it has not.
  const mayServe = (route: AppRoute) =>
    roleOf(route) !== "passes" || (isForAll(route) && !gateOf(route) && met.indexOf(route) > at);
  return all.find((route) => {
    if (!mayServe(route) || !escapes(route, place)) return false;
    return met.includes(route) || (isWild(route) && isProxy(route));
  });
}

/** Whether a request can reach the route although a segment is not what the gate's place has for it. */
function escapes({ path }: AppRoute, place: AppRoute): boolean {
  const wanted = segmentsOf(place.path);
  const given = segmentsOf(path);
  for (const [at, segment] of wanted.entries()) {
    if (isOpen(segment)) continue;
    const other = given[at];
    // A wildcard before this segment takes it too.
    if (given.slice(0, at + 1).some((one, index) => one === "*" && index === given.length - 1)) return true;
    if (other !== segment) return true;
  }
  return false;
}

function isOpen(segment: string): boolean {
  return segment === "*" || segment.startsWith(":");
}

function segmentsOf(path: string): string[] {
  return path.split("/").filter((segment) => segment !== "");
}
