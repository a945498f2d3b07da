import { readings } from "@turnpike/core/adapter";
import { rulingOf } from "./gates.js";
import type { Meeting } from "./meetings.js";
import { isProxy, roleOf, seesEverything, servesByPath } from "./roles.js";
import type { Scene } from "./scene.js";
import { spellingsOf } from "./spellings.js";
import type { Stop } from "./walk.js";

/** How a request passes a gate by. */
export interface Bypass {
  readonly spelling: string;
  readonly stop: Stop;
}

/**
 * What may serve the same as what is behind a gate. `paths` are priced: whatever resolves a path by itself. A handler
 * for paths of any depth is sold: what is known to resolve `files` by their path. One `route` is sold: that route.
 */
export type Sold = "paths" | "files" | "route";

/** Looks for another spelling of a priced path that Express leads past the gate to something that serves the same. */
export function findBypass(scene: Scene, meeting: Meeting, sold: Sold): Bypass | undefined {
  const { method, path, stops, at, server } = meeting;
  const gate = stops[at];
  if (!gate || seesEverything(gate) || (sold === "route" && server?.layer === gate.layer)) return undefined;
  const others = sold === "route" ? [] : othersOf(scene);
  // The folder itself is no path of a route for what is in it, and a file server gives its index.
  const folder = sold !== "route" && gate.place !== "function" ? [folderOf(path)] : [];
  for (const spelling of [...spellingsOf(path, others), ...folder]) {
    for (const stop of scene.walk(method, spelling)) {
      if (rulingOf(stop, method)?.type === "closed") break;
      if (servesSame(stop, meeting, sold)) return { spelling, stop };
    }
  }
  return undefined;
}

/** Paths below which functions of the app resolve what is left by themselves: a client can climb out of those. */
function othersOf({ leaves }: Scene): string[] {
  const functions = leaves.filter(({ layer }) => !layer.route);
  return functions.flatMap(({ bases }) => bases.filter((base) => base !== "").slice(0, 1)).slice(0, 8);
}

function servesSame(stop: Stop, { path, stops, at, server }: Meeting, sold: Sold): boolean {
  const role = roleOf(stop);
  if (role === "passes") return false;
  if (stop.layer === server?.layer) return true;
  if (sold === "route") return false;
  const met = stops.findIndex(({ layer }) => layer === stop.layer);
  // What is ahead of the gate passes the plain path on, or the check has named it.
  if (role === "perhaps" && met >= 0 && met < at) return false;
  if (role === "files") {
    return readings(stop.path).some((reading) => [path, folderOf(path)].some((one) => same(stop.base + reading, one)));
  }
  if (sold === "files") return isProxy(stop) || (stop.place !== "function" && servesByPath(stop) && met >= 0);
  if (stop.place === "function") return stop.base === "" || role === "serves" || isProxy(stop);
  return met >= 0 || (servesByPath(stop) && isProxy(stop));
}

function folderOf(path: string): string {
  return path.replace(/[^/]*$/, "");
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
