import { rulingOf } from "./gates.js";
import { takenBy } from "./layers.js";
import type { Meeting } from "./meetings.js";
import { roleOf } from "./roles.js";
import type { Scene } from "./scene.js";

/**
 * Looks for a path that the same route serves, and that no gate prices or opens by a `"free"` entry.
 * @returns an example of such a path
 */
export function findFree(scene: Scene, { method, path, server }: Meeting): string | undefined {
  if (!server?.layer.route || roleOf(server) !== "serves") return undefined;
  const leaf = scene.leaves.find(({ layer }) => layer === server.layer);
  return [...neighbours(path), ...(leaf?.paths ?? [])].find((other) => {
    if (!other.startsWith(server.base) || takenBy(server.layer, other.slice(server.base.length) || "/") === undefined) {
      return false;
    }
    for (const stop of scene.walk(method, other)) {
      if (rulingOf(stop, method)) return false;
      if (stop.layer === server.layer) return true;
      if (roleOf(stop) === "serves") return false;
    }
    return false;
  });
}

/** Paths beside, above and below. */
function neighbours(path: string): string[] {
  const parent = path.replace(/\/[^/]*\/?$/, "");
  return [`${path}/x/y`, `${path}/x`, `${parent}/another`, `${parent}/1`, parent === "" ? "/" : parent];
}
