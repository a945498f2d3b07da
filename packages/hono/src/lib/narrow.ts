import { neighboursOf } from "@turnpike/core/adapter";
import { type AppRoute, rulingOf } from "./gates.js";
import type { Meeting } from "./meetings.js";
import { isWild, roleOf } from "./roles.js";
import { samplesOf } from "./samples.js";
import type { Scene } from "./scene.js";
import { twinsOf } from "./twins.js";

/** A request that a price leaves free, and what serves it. */
export interface Free {
  readonly method: string;
  readonly path: string;
  readonly server: AppRoute;
}

/**
 * Looks for a path that is served by what serves the price, and that no gate prices or opens by a `"free"` entry: beside
 * the priced path, below it, or wherever else the same is registered.
 * @param met the requests that the price is asked for
 * @param section it is for whatever lies below a path, however wide the routes are that serve it: only other registrations
 * count
 */
export function findFree(scene: Scene, met: readonly Meeting[], section: boolean): Free | undefined {
  const sellers = met.map((meeting) => ({ meeting, certain: certainOf(meeting) }));
  const isServed = sellers.some(({ certain }) => certain);
  for (const { meeting, certain } of sellers) {
    // Where a route serves the price, what stands for every method below a path is taken for middleware, or for what says
    // that nothing is found.
    if (isServed && !certain) continue;
    const free = (certain ? [certain] : sellersOf(meeting)).map((one) => freeBeside(scene, meeting, one, section));
    // One that serves nothing else may be what sells, and the others only pass requests on.
    if (free[0] && !free.includes(undefined)) return free[0];
  }
  return undefined;
}

function certainOf({ stops, at }: Meeting): AppRoute | undefined {
  return stops.slice(at + 1).find(isCertain);
}

/** What may serve the request behind its gate. */
function sellersOf({ stops, at }: Meeting): readonly AppRoute[] {
  const behind = stops.slice(at + 1);
  const end = behind.findIndex((stop) => roleOf(stop) === "serves");
  return (end < 0 ? behind : behind.slice(0, end + 1)).filter((stop) => /serves|perhaps/.test(roleOf(stop)));
}

function isCertain(route: AppRoute): boolean {
  const role = roleOf(route);
  return role === "files" || (role === "serves" && !(route.method === "ALL" && isWild(route)));
}

function freeBeside(scene: Scene, { method, path }: Meeting, server: AppRoute, section: boolean): Free | undefined {
  const twins = twinsOf(scene, server);
  const own = section ? [] : [...neighboursOf(path), ...samplesOf(server.path)];
  const others = [...own, ...twins.flatMap((twin) => samplesOf(twin.path))];
  const free = others.find((other) => isServedFree(scene, method, other, [server, ...twins]));
  return free === undefined ? undefined : { method, path: free, server };
}

function isServedFree(scene: Scene, method: string, path: string, servers: readonly AppRoute[]): boolean {
  const stops = scene.walk(method, path);
  for (const stop of stops) {
    if (rulingOf(stop, method, path, stops)) return false;
    if (servers.includes(stop)) return true;
    if (roleOf(stop) === "serves") return false;
  }
  return false;
}
