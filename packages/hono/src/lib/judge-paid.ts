import type { ConfigProblem } from "@turnpike/core";
import { type AppRoute, gateOf, type PaidGate, rulingOf } from "./gates.js";
import { bypassOf } from "./judge-table.js";
import { isPricedTwice, type Meeting, meetings, serverAhead } from "./meetings.js";
import { functionOf, isForAll, isWild, nameOf, roleOf } from "./roles.js";
import { samplesOf } from "./samples.js";
import { methodsOf, type Scene } from "./scene.js";
import { unreached } from "./unreached.js";

/** What is wrong with the place of a `paid()` in its app. */
export function judgePaid(scene: Scene, gate: PaidGate): ConfigProblem[] {
  return scene.gates.flatMap(({ gate: other, route }) =>
    other.handler === gate.handler ? judgePlace(scene, gate, route) : [],
  );
}

function judgePlace(scene: Scene, gate: PaidGate, place: AppRoute): ConfigProblem[] {
  const paths = [...samplesOf(place.path), ...(isWild(place) ? scene.paths : [])];
  const met = meetings(scene, gate, methodsOf(place.method), paths, true, (other) => other === place);
  if (met.length === 0) return [unreached(place)];
  const problem = (code: string, { method, path }: Meeting, message: string): ConfigProblem[] => [
    { code, path: `paid() at ${method} ${path}`, message },
  ];
  const ahead = met.find((meeting) => servesAhead(meeting, met));
  const by = ahead && servesAhead(ahead, met);
  if (ahead && by) {
    const message = `${ahead.method} ${ahead.path} is served unpaid by ${nameOf(by)}, which comes before this paid(); put paid() before every handler: app.get("/path", paid(tolls, "$1"), handler)`;
    return problem("gate_behind_route", ahead, message);
  }
  const sold = met.filter(({ server }) => server);
  const [first] = met;
  if (first && sold.length === 0) {
    const message = `no route of the app behind this paid() serves ${first.method} ${first.path}; put it before what it prices`;
    return problem("route_not_served", first, message);
  }
  const problems: ConfigProblem[] = [];
  const twice = sold.find(isPricedTwice);
  if (twice) {
    const message = `${twice.method} ${twice.path} reaches another paywall with a different price first, and no client can pay both; keep one of the two`;
    problems.push(...problem("priced_twice", twice, message));
  }
  const resolving = sold.filter(({ server }) => server && !isOwn(place, server));
  const bypass = bypassOf(scene, resolving);
  const [passed] = resolving;
  if (bypass && passed) {
    const message = `what it prices is served under other spellings of its path by ${bypass}. These do not reach a paid() that is mounted on a path. Write protect(app, tolls, { "GET /path/*": … }), or price whole paths by a table at the root of the outermost app: app.use(paywall(…))`;
    problems.push(...problem("gate_bypassed", passed, message));
  }
  const other = sold.find((meeting) => servesOptions(scene, meeting));
  if (other) {
    const message = `OPTIONS ${other.path} bypasses this paid() and reaches its handler with its own registration; give OPTIONS another handler, or omit it`;
    problems.push(...problem("gate_bypassed", { ...other, method: "OPTIONS" }, message));
  }
  return problems;
}

/** Whether what is sold is registered for `OPTIONS` besides, by itself, where no gate is met. */
function servesOptions(scene: Scene, { path, server }: Meeting): boolean {
  const stops = scene.walk("OPTIONS", path);
  const gate = stops.findIndex((stop) => rulingOf(stop, "OPTIONS", path, stops)?.type === "closed");
  const unpaid = gate < 0 ? stops : stops.slice(0, gate);
  return unpaid.some((stop) => server && stop.method === "OPTIONS" && functionOf(stop) === functionOf(server));
}

/**
 * Whether what it would price is served ahead of it. What is meant to be free there cannot be told from what was forgotten,
 * so it is said by a `"free"` entry of a table.
 */
function servesAhead(meeting: Meeting, met: readonly Meeting[]): AppRoute | undefined {
  const { stops, at, method, path } = meeting;
  if (stops.slice(0, at).some((stop) => rulingOf(stop, method, path, stops)?.type === "free")) return undefined;
  const gate = stops[at];
  const isMiddleware = gate?.method === "ALL" && isWild(gate) && met.some(({ server }) => server);
  return serverAhead(meeting, false, met) ?? (meeting.server || isMiddleware ? undefined : handlerAhead(meeting));
}

/** Of a route whose last function is the gate: what is ahead of it there. */
function handlerAhead({ stops, at }: Meeting): AppRoute | undefined {
  const gate = stops[at];
  return stops.slice(0, at).find((stop) => {
    if (!gate || gateOf(stop) || isForAll(stop)) return false;
    return stop.path === gate.path && stop.method === gate.method && roleOf(stop) !== "passes";
  });
}

/** A handler of the route's own is what is sold there, and nothing else; one of many paths may resolve them as others do. */
function isOwn(place: AppRoute, server: AppRoute): boolean {
  return !isWild(place) && server.path === place.path && server.method === place.method;
}
