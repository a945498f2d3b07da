import type { ConfigProblem } from "@turnpike/core";
import { type Gate, gateOf, rulingOf } from "./gates.js";
import { atRoot, type Layer } from "./layers.js";
import type { Meeting } from "./meetings.js";
import { sellersOf, sellingOf } from "./narrow.js";
import { passesAlways } from "./passes-always.js";
import { endsRequests, nameOf, onlyPasses } from "./roles.js";
import { samplesOf } from "./samples.js";
import type { Leaf, Scene } from "./scene.js";
import { isFileServer } from "./signs.js";
import { handlersOf, type Stop } from "./walk.js";

type Place = Pick<Leaf, "mounts" | "layer">;

/**
 * What examples cannot approve: where the gate or what it sells stands at an expression that the check does not read in
 * full, other paths of it may be free. What is there for both does not matter, nor is a gate that prices all of it.
 * @param report makes a problem of a code and a message
 */
export function unread(
  scene: Scene,
  met: readonly Meeting[],
  report: (code: string, message: string, meeting: Meeting) => ConfigProblem,
): ConfigProblem[] {
  for (const meeting of sellingOf(met)) {
    const gate = meeting.stops[meeting.at];
    if (!gate) continue;
    const gates = placesOf(scene, gate);
    for (const server of sellersOf(meeting)) {
      const servers = placesOf(scene, server);
      if (servers.every((place) => isGuarded(scene, meeting, server, place))) continue;
      if (!servers.every((place) => isWhole(apart(place, gates))))
        return [report("price_too_narrow", serverUnread(meeting, server), meeting)];
      if (!gates.every((place) => isWhole(apart(place, servers)))) return [report("gate_unreached", GATE, meeting)];
    }
  }
  return [];
}

/** What may serve ahead of a table some of the paths that its entries have as a pattern: no example shows that it does not. */
export function unreadAhead(scene: Scene, gate: Gate, methods: readonly string[]): string | undefined {
  const at = scene.leaves.findIndex((leaf) =>
    scene.gates.some((one) => one.leaf === leaf && one.handler === gate.handler),
  );
  const around = scene.leaves[at];
  const found = scene.leaves.slice(0, Math.max(at, 0)).find((leaf) => {
    if (!around || isWhole(apart(leaf, [around]))) return false;
    return methods.some((method) => mayServe(leaf, method));
  });
  if (!found) return undefined;
  const { route, rawPath, regexp } = found.layer;
  const what = route ? `the route ${String(route.path)}` : `what is mounted at ${String(rawPath ?? regexp)}`;
  return `${what} comes before this paywall at an expression that the check cannot fully read, so it may serve a priced route unpaid; register the paywall before it, or write protect(app, tolls, { … }), which finds the right place itself`;
}

function mayServe({ layer }: Leaf, method: string): boolean {
  if (!layer.route) return endsRequests(layer.handle) || isFileServer(layer.handle);
  const handlers = handlersOf(layer.route, method);
  const gate = handlers.findIndex((handle) => gateOf(handle)?.type === "paid");
  return (gate < 0 ? handlers : handlers.slice(0, gate)).some((handle) => !onlyPasses(handle) && !passesAlways(handle));
}

/** Whether a gate without a path of its own prices whatever gets there. */
function isGuarded(scene: Scene, { stops, method }: Meeting, server: Stop, place: Place): boolean {
  return stops.slice(0, stops.indexOf(server)).some((stop) => {
    const gate = gateOf(stop.handle);
    if (!gate || rulingOf(stop, method)?.type !== "closed") return false;
    const all = gate.type === "paid" || gate.paths.some(({ shapes }) => shapes.some(([one]) => one?.type === "rest"));
    if (!all) return false;
    if (stop.layer === server.layer) return true;
    return (
      atRoot(stop.layer) &&
      placesOf(scene, stop).some(({ mounts }) => mounts.every((one, at) => one === place.mounts[at]))
    );
  });
}

function placesOf({ leaves }: Scene, { layer }: Stop): readonly Place[] {
  return leaves.filter((leaf) => leaf.layer === layer);
}

/** The layers on the way to a place that do not lead to any of the others. */
function apart({ mounts, layer }: Place, others: readonly Place[]): readonly Layer[] {
  return [...mounts, layer].filter((one) => !others.some((other) => other.layer === one || other.mounts.includes(one)));
}

function isWhole(layers: readonly Layer[]): boolean {
  return layers.every((layer) => samplesOf(layer).whole);
}

function serverUnread({ method, path }: Meeting, server: Stop): string {
  return `what serves ${method} ${path}, ${nameOf(server)}, is at an expression that the check cannot fully read, so it may serve other paths, which are free; write its path as a pattern, or each path in a list, or price everything it serves with paid() on the route itself`;
}

const GATE =
  "the check cannot fully read the expression that this paywall is mounted at, so what it prices may be free; write the path as a pattern, or mount it at the root, app.use(paywall(…)), or write protect(app, tolls, { … })";
