import type { ConfigProblem } from "@turnpike/core";
import { findBypass, type Sold } from "./bypass.js";
import { type PaidGate, rulingOf } from "./gates.js";
import { atRoot } from "./layers.js";
import { isPricedTwice, type Meeting, meetings, serverAhead } from "./meetings.js";
import { findFree } from "./narrow.js";
import { passedOn } from "./pass-on.js";
import { isReached, unreached } from "./reached.js";
import { endsRequests, hintFor, nameOf, roleOf } from "./roles.js";
import { samplesOf } from "./samples.js";
import type { Leaf, Scene } from "./scene.js";
import { methodsOf } from "./scene.js";
import { skippedBy, skippedMessage } from "./skipped.js";
import { unread } from "./unread.js";
import { handlersOf } from "./walk.js";

/** Requests whose other spellings are tried. */
const MOST_SPELLED = 6;
const everyMethod = methodsOf("ALL");

/** What is wrong with the place of a `paid()` in its app. */
export function judgePaid(scene: Scene, gate: PaidGate): ConfigProblem[] {
  const places = scene.gates.filter(({ handler }) => handler === gate.handler);
  return places.flatMap(({ leaf }) =>
    leaf.layer.route ? judgeInRoute(scene, gate, leaf) : judgeMounted(scene, gate, leaf),
  );
}

/** On a route: the handler behind it is what is sold. */
function judgeInRoute(scene: Scene, gate: PaidGate, leaf: Leaf): ConfigProblem[] {
  const { route } = leaf.layer;
  const methods = everyMethod.filter((method) => route && handlersOf(route, method).includes(gate.handler as never));
  const met = meetings(scene, gate, methods, leaf.paths, SOME, leaf.layer);
  const ahead = met.find((meeting) => serverAhead(meeting) ?? handlerAhead(meeting));
  if (met.length === 0) return [...behindHandler(gate, leaf, methods), ...alone(gate, leaf, methods)];
  if (ahead) {
    const by = serverAhead(ahead) ?? handlerAhead(ahead);
    const message = `${ahead.method} ${ahead.path} is served unpaid by ${by ? nameOf(by) : "a handler"}, which comes before paid(); put paid() before every handler: app.get("/path", paid(tolls, "$1"), handler)${hintFor(by)}`;
    return [{ code: "gate_behind_route", path: whereOf(ahead), message }];
  }
  const all = met.some(({ server }) => server)
    ? met
    : [...met, ...meetings(scene, gate, methods, scene.paths, SOME, leaf.layer)];
  const passed = met.map((meeting) => passedOn(meeting, SOME));
  const spelled = bypassed(scene, passed, soldBy);
  return [
    ...idle(all),
    ...hidden(scene, all),
    ...twice(met),
    ...(spelled.length > 0 ? spelled : elsewhere(scene, met)),
  ];
}

/** Below a path or at the root: whatever is behind it is sold, and what is ahead of it is not. */
function judgeMounted(scene: Scene, gate: PaidGate, leaf: Leaf): ConfigProblem[] {
  const paths = [...scene.paths, ...leaf.bases.map((base) => `${base}/x`)];
  if (!isReached(scene, gate, paths)) return [unreached("a paid()")];
  const reach = { files: true, everything: atRoot(leaf.layer) && leaf.bases.includes("") };
  const met = meetings(scene, gate, everyMethod, paths, reach, leaf.layer);
  // A route ahead of it may be meant to be free, but not if that leaves nothing to sell.
  const sellsBy = (method: string) => met.some((one) => one.method === method && one.server && !serverAhead(one));
  const isSold = met.some(({ server }) => server);
  const ahead = met.find((meeting) => serverAhead(meeting) && !sellsBy(meeting.method) && (meeting.server || !isSold));
  if (ahead) {
    const by = serverAhead(ahead);
    const message = `${ahead.method} ${ahead.path} is served unpaid by ${by ? nameOf(by) : "a route"}, and nothing comes after this paid(); put it before the routes`;
    return [{ code: "gate_behind_route", path: whereOf(ahead), message }];
  }
  const sold = met.filter((meeting) => !serverAhead(meeting));
  return [
    ...idle(met),
    ...twice(sold),
    ...skipped(sold),
    ...narrow(scene, sold),
    ...bypassed(scene, sold, () => "paths"),
  ];
}

/** The order within a route can be seen without any path that reaches it. */
function behindHandler(gate: PaidGate, { layer: { route } }: Leaf, methods: readonly string[]): ConfigProblem[] {
  const method = methods.find((one) => {
    const handlers = route ? handlersOf(route, one) : [];
    return handlers.slice(0, handlers.indexOf(gate.handler as never)).some(endsRequests);
  });
  if (!method) return [];
  const message = `a handler comes before paid() in the route ${String(route?.path)}; put paid() before every handler: app.get("/path", paid(tolls, "$1"), handler)`;
  return [{ code: "gate_behind_route", path: `paid() at ${method} ${String(route?.path)}`, message }];
}

/** A route that ends with its gate sells what is elsewhere: of what no example meets, that cannot be seen. */
function alone(gate: PaidGate, { layer }: Leaf, methods: readonly string[]): ConfigProblem[] {
  const { route } = layer;
  const isLast = (method: string) => route && handlersOf(route, method).at(-1) === (gate.handler as unknown);
  return !samplesOf(layer).whole && methods.some(isLast) ? [unreached("a paid()")] : [];
}

/** Nothing behind it serves any of the paths: then what serves them, if anything, cannot be seen to stand behind it. */
function idle(met: readonly Meeting[]): ConfigProblem[] {
  const [first] = met;
  if (!first || met.some(({ server }) => server)) return [];
  const message = `no route of the app behind this paid() serves ${first.method} ${first.path}; put it before what it prices. A function that serves it must be mounted on a path or be a route`;
  return [{ code: "route_not_served", path: whereOf(first), message }];
}

/** A file server or a catch-all behind it counts as well. */
const SOME = { files: true, everything: false };

/** The handler of a route whose last function is the gate: nothing else could serve the path. */
function handlerAhead({ stops, at, server }: Meeting) {
  const gate = stops[at];
  if (server || gate?.place !== "last") return undefined;
  return stops.slice(0, at).find(({ layer }) => layer === gate.layer);
}

/** A handler of the route's own is sold, unless it can pass the request on to what serves by path. */
function soldBy({ server, stops, at }: Meeting): Sold {
  const gate = stops[at];
  const wild = [gate?.layer.route?.path].flat().some((path) => typeof path !== "string" || path.includes("*"));
  if (!wild) return "route";
  return server?.layer === gate?.layer && server && endsRequests(server.handle) ? "files" : "paths";
}

function twice(met: readonly Meeting[]): ConfigProblem[] {
  const found = met.find((meeting) => meeting.server && isPricedTwice(meeting));
  if (!found) return [];
  const message = `${found.method} ${found.path} reaches another paywall with a different price first, and no client can pay both; keep one of the two`;
  return [{ code: "priced_twice", path: whereOf(found), message }];
}

function skipped(met: readonly Meeting[]): ConfigProblem[] {
  for (const meeting of met) {
    const by = skippedBy(meeting);
    if (by) return [{ code: "gate_skipped", path: whereOf(meeting), message: skippedMessage(meeting, by) }];
  }
  return [];
}

function bypassed(scene: Scene, met: readonly Meeting[], sold: (meeting: Meeting) => Sold): ConfigProblem[] {
  const tried = [...met.slice(-MOST_SPELLED), ...met.slice(0, MOST_SPELLED)];
  for (const meeting of tried) {
    const bypass = findBypass(scene, meeting, sold(meeting));
    if (!bypass) continue;
    const message = `${meeting.method} ${bypass.spelling} bypasses this paid() and reaches ${nameOf(bypass.stop)}; price the paths by a table at the root of the outermost app: app.use(paywall(tolls, { "GET /path/*": … })), or protect(app, tolls, { … }). Middleware that only passes requests on may come before it`;
    return [{ code: "gate_bypassed", path: whereOf(meeting), message }];
  }
  return [];
}

/** What serves one of these paths for `OPTIONS` or `HEAD` by a handler that a `paid()` sells. */
export function soldElsewhere(scene: Scene, paths: readonly string[]): Unpaid | undefined {
  for (const gate of scene.gates) {
    if (gate.type !== "paid" || !gate.leaf.layer.route) continue;
    const [found] = elsewhere(scene, meetings(scene, gate, everyMethod, paths, SOME, gate.leaf.layer));
    if (found) return { gate, problem: found };
  }
  return undefined;
}

/** Where a handler is served unpaid, and the gate that sells it. */
interface Unpaid {
  readonly gate: PaidGate;
  readonly problem: ConfigProblem;
}

/** Its handler is registered for `OPTIONS` or `HEAD` besides, by itself, where no gate is met. */
function elsewhere(scene: Scene, met: readonly Meeting[]): ConfigProblem[] {
  for (const { path, server } of met) {
    // A file server reads the method by itself.
    if (!server || roleOf(server) === "files") continue;
    for (const method of ["OPTIONS", "HEAD"]) {
      const stops = scene.walk(method, path);
      const end = stops.findIndex((stop) => rulingOf(stop, method)?.type === "closed" || roleOf(stop) === "serves");
      const unpaid = stops.slice(0, end < 0 ? undefined : end + 1).find(({ handle }) => handle === server.handle);
      if (!unpaid) continue;
      const message = `${method} ${path} bypasses this paid() and reaches its handler by ${nameOf(unpaid)}; give ${method} a handler of its own, or leave it out`;
      return [{ code: "gate_bypassed", path: `paid() at ${method} ${path}`, message }];
    }
  }
  return [];
}

/** What it sells is served below another mount too, which it does not stand ahead of. */
function narrow(scene: Scene, met: readonly Meeting[]): ConfigProblem[] {
  const free = findFree(scene, met, true);
  const [first] = met;
  if (!free || !first) return hidden(scene, met);
  const message = `${nameOf(free.server)}, which this paid() sells, serves ${free.method} ${free.path} too, which is free; price that too, or make it free with a "free" entry in a table`;
  return [{ code: "price_too_narrow", path: whereOf(first), message }];
}

/** It or what it sells stands at an expression that examples do not stand for. */
function hidden(scene: Scene, met: readonly Meeting[]): ConfigProblem[] {
  return unread(scene, met, (code, message, meeting) => ({ code, path: whereOf(meeting), message }));
}

function whereOf({ method, path }: Meeting): string {
  return `paid() at ${method} ${path}`;
}
