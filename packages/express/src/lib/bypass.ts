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
 * Looks for another spelling of a priced path that Express leads past the gate to something that serves the same.
 * @param wide the gate prices paths, not one route's own handler: whatever resolves a path by itself may serve them too
 */
export function findBypass(scene: Scene, meeting: Meeting, wide: boolean): Bypass | undefined {
  const { method, path, stops, at } = meeting;
  const gate = stops[at];
  if (!gate || seesEverything(gate)) return undefined;
  const others = wide ? othersOf(scene) : [];
  for (const spelling of spellingsOf(path, others)) {
    for (const stop of scene.walk(method, spelling)) {
      if (rulingOf(stop, method)?.type === "closed") break;
      if (servesSame(stop, meeting, wide)) return { spelling, stop };
    }
  }
  return undefined;
}

/** Paths below which functions of the app resolve what is left by themselves: a client can climb out of those. */
function othersOf({ leaves }: Scene): string[] {
  const functions = leaves.filter(({ layer }) => !layer.route);
  return functions.flatMap(({ bases }) => bases.filter((base) => base !== "").slice(0, 1)).slice(0, 8);
}

function servesSame(stop: Stop, { path, stops, at, server }: Meeting, wide: boolean): boolean {
  const role = roleOf(stop);
  if (role === "passes") return false;
  if (stop.layer === server?.layer) return true;
  if (!wide) return false;
  const met = stops.findIndex(({ layer }) => layer === stop.layer);
  // What stands ahead of the gate passes the plain path on, or the check has named it.
  if (role === "perhaps" && met >= 0 && met < at) return false;
  if (role === "files") return readings(stop.path).some((reading) => same(stop.base + reading, path));
  if (stop.place === "function") return stop.base === "" || role === "serves" || isProxy(stop);
  return met >= 0 || (servesByPath(stop) && isProxy(stop));
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
