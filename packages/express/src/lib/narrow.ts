import { neighboursOf } from "@turnpike/core/adapter";
import { rulingOf } from "./gates.js";
import { within } from "./layers.js";
import type { Meeting } from "./meetings.js";
import { reaches } from "./places.js";
import { roleOf, seesEverything } from "./roles.js";
import type { Leaf, Scene } from "./scene.js";
import type { Stop } from "./walk.js";

/** A request that a price leaves free, and what serves it. */
export interface Free {
  readonly method: string;
  readonly path: string;
  readonly server: Stop;
}

/**
 * Looks for a path that is served by what serves the price, and that no gate prices or opens by a `"free"` entry: beside
 * the priced path, below it, or wherever else the same router or function is mounted.
 * @param met the requests that the price is asked for
 * @param section it is for whatever lies below a path, however wide the routes are that serve it: only other mounts count
 */
export function findFree(scene: Scene, met: readonly Meeting[], section: boolean): Free | undefined {
  for (const meeting of sellingOf(met)) {
    const free = sellersOf(meeting).map((server) => freeBeside(scene, meeting, server, section));
    // One that serves nothing else may be what sells, and the others only pass requests on.
    if (free[0] && !free.includes(undefined)) return free[0];
  }
  return undefined;
}

/** Where a route serves the price, a function below a path is taken for middleware, or for what says that nothing is found. */
export function sellingOf(met: readonly Meeting[]): readonly Meeting[] {
  const certain = met.filter(({ server }) => server && isCertain(server));
  return certain.length > 0 ? certain : met;
}

/** What may serve the request behind its gate. */
export function sellersOf({ stops, at, server }: Meeting): readonly Stop[] {
  if (!server || isCertain(server)) return server ? [server] : [];
  const behind = stops.slice(at + 1).filter((stop) => !seesEverything(stop) && !isEmptyApp(stop));
  const end = behind.findIndex((stop) => roleOf(stop) === "serves");
  return (end < 0 ? behind : behind.slice(0, end + 1)).filter((stop) => /serves|perhaps/.test(roleOf(stop)));
}

function isCertain(server: Stop): boolean {
  const role = roleOf(server);
  return role === "files" || (role === "serves" && server.layer.route !== undefined);
}

/** An app that has no route yet serves nothing. */
function isEmptyApp({ handle, layer }: Stop): boolean {
  return handle.name === "mounted_app" && within(layer) === undefined;
}

function freeBeside(scene: Scene, { method, path }: Meeting, server: Stop, section: boolean): Free | undefined {
  const leaves = scene.leaves.filter(({ layer }) => layer === server.layer);
  const others = [
    ...leaves.flatMap((leaf) => elsewhere(leaf, path, server, section)),
    ...(section ? [] : neighboursOf(path)),
  ];
  const free = others.find(
    (other) => leaves.some((leaf) => reaches(leaf, other)) && isServedFree(scene, method, other, server),
  );
  return free === undefined ? undefined : { method, path: free, server };
}

function isServedFree(scene: Scene, method: string, path: string, server: Stop): boolean {
  for (const stop of scene.walk(method, path)) {
    if (rulingOf(stop, method)) return false;
    if (stop.layer === server.layer) return true;
    if (roleOf(stop) === "serves") return false;
  }
  return false;
}

/** The same below the other mounts, and examples of the route's own patterns. */
function elsewhere(leaf: Leaf, path: string, { base }: Stop, section: boolean): readonly string[] {
  const { layer, bases, paths } = leaf;
  const rest = path.slice(base.length);
  const moved = bases.map((other) => other + rest || "/");
  const own = layer.route?.path;
  if (!section || Array.isArray(own)) return [...moved, ...paths];
  return own instanceof RegExp ? [...moved, ...paths.filter((other) => isListed(leaf, path, other))] : moved;
}

/** Whether an expression names what a path has in place of a segment of the priced one: it takes no other word there. */
function isListed(leaf: Leaf, path: string, other: string): boolean {
  const priced = path.split("/");
  const segments = other.split("/");
  const at = segments.findIndex((segment, index) => segment !== priced[index]);
  return at >= 0 && at < priced.length && !reaches(leaf, segments.with(at, "another-7").join("/"));
}
