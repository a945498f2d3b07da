import type { ConfigProblem } from "@turnpike/core";
import { findBypass } from "./bypass.js";
import type { PaidGate } from "./gates.js";
import { isPricedTwice, type Meeting, meetings, serverAhead } from "./meetings.js";
import { nameOf } from "./roles.js";
import type { Leaf, Scene } from "./scene.js";
import { methodsOf } from "./scene.js";

/** Requests whose other spellings are tried. */
const MOST_SPELLED = 6;
const everyMethod = methodsOf("ALL");

/** What is wrong with where a `paid()` stands in its app. */
export function judgePaid(scene: Scene, gate: PaidGate): ConfigProblem[] {
  const places = scene.gates.filter(({ handler }) => handler === gate.handler);
  return places.flatMap(({ leaf }) =>
    leaf.layer.route ? judgeInRoute(scene, gate, leaf) : judgeMounted(scene, gate, leaf),
  );
}

/** On a route: the handler behind it is what is sold. */
function judgeInRoute(scene: Scene, gate: PaidGate, leaf: Leaf): ConfigProblem[] {
  const met = meetings(scene, gate, everyMethod, leaf.paths, SOME, ({ layer }) => layer === leaf.layer);
  const ahead = met.find((meeting) => serverAhead(meeting) ?? handlerAhead(meeting));
  if (ahead) {
    const by = serverAhead(ahead) ?? handlerAhead(ahead);
    const message = `${ahead.method} ${ahead.path} is served unpaid by ${by ? nameOf(by) : "a handler"}, which stands ahead of paid(); let paid() stand ahead of every handler: app.get("/path", paid(tolls, "$1"), handler)`;
    return [{ code: "gate_behind_route", path: whereOf(ahead), message }];
  }
  return [...twice(met), ...bypassed(scene, met, (meeting) => passesOn(meeting))];
}

/** Below a path or at the root: whatever stands behind it is sold, and what stands ahead of it is not. */
function judgeMounted(scene: Scene, gate: PaidGate, leaf: Leaf): ConfigProblem[] {
  const paths = [...scene.paths, ...leaf.bases.map((base) => `${base}/x`)];
  const met = meetings(scene, gate, everyMethod, paths, SOME, ({ layer }) => layer === leaf.layer);
  const ahead = met.some(({ server }) => server) ? undefined : met.find((meeting) => serverAhead(meeting));
  if (ahead) {
    const by = serverAhead(ahead);
    const message = `${ahead.method} ${ahead.path} is served unpaid by ${by ? nameOf(by) : "a route"}, and nothing stands behind this paid(); let it stand ahead of the routes`;
    return [{ code: "gate_behind_route", path: whereOf(ahead), message }];
  }
  return [...twice(met), ...bypassed(scene, met, () => true)];
}

/** A file server or a catch-all behind it counts as well. */
const SOME = { files: true, everything: false };

/** The handler of a route whose last function is the gate: nothing else could serve the path. */
function handlerAhead({ stops, at, server }: Meeting) {
  const gate = stops[at];
  if (server || gate?.place !== "last") return undefined;
  return stops.slice(0, at).find(({ layer }) => layer === gate.layer);
}

/** Whether the route is for paths of any depth, and its handler can pass the request on to what serves by path. */
function passesOn({ server, stops, at }: Meeting): boolean {
  const gate = stops[at];
  const route = gate?.layer.route;
  const wild = [route?.path].flat().some((path) => typeof path !== "string" || path.includes("*"));
  const own = server !== undefined && server.layer === gate?.layer;
  return wild && (!own || server.handle.length === 0 || server.handle.length > 2);
}

function twice(met: readonly Meeting[]): ConfigProblem[] {
  const found = met.find((meeting) => meeting.server && isPricedTwice(meeting));
  if (!found) return [];
  const message = `${found.method} ${found.path} meets another paywall with another price first, and nobody can pay both; keep one of the two`;
  return [{ code: "priced_twice", path: whereOf(found), message }];
}

function bypassed(scene: Scene, met: readonly Meeting[], wide: (meeting: Meeting) => boolean): ConfigProblem[] {
  const tried = [...met.slice(-MOST_SPELLED), ...met.slice(0, MOST_SPELLED)];
  for (const meeting of tried) {
    const bypass = findBypass(scene, meeting, wide(meeting));
    if (!bypass) continue;
    const message = `${meeting.method} ${bypass.spelling} passes this paid() by and reaches ${nameOf(bypass.stop)}; price the paths by a table at the root of the outermost app: app.use(paywall(tolls, { "GET /path/*": … })), or protect(app, tolls, { … }). What only passes requests on may stand ahead of it`;
    return [{ code: "gate_bypassed", path: whereOf(meeting), message }];
  }
  return [];
}

function whereOf({ method, path }: Meeting): string {
  return `paid() at ${method} ${path}`;
}
