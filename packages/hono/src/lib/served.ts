import { ConfigError, type ConfigProblem } from "@turnpike/core";
import type { PricedPath } from "@turnpike/core/adapter";
import type { Context } from "hono";
import { type Gate, missingTables, rulingOf, sawGate, type TableGate } from "./gates.js";
import type { App } from "./guard.js";
import { judgePaid } from "./judge-paid.js";
import { judgeTable } from "./judge-table.js";
import { rememberApp } from "./known-apps.js";
import { serverOf } from "./meetings.js";
import { samplesOf } from "./samples.js";
import { methodsOf, Scene } from "./scene.js";

/**
 * Checks a finished app: every price must be asked before anything serves what it is for. Example paths of all prices and
 * routes are taken through the app's own router; no route of the app runs. What cannot be seen (a gate that a mounted app
 * has within it, say) is not found.
 * @throws ConfigError that names every misuse
 */
export function checkApp(app: App): void {
  rememberApp(app);
  const scene = new Scene(app);
  const gates = new Map(scene.gates.map(({ gate }) => [gate.handler, gate]));
  const found = [...gates.values()].flatMap((gate) => {
    sawGate(gate);
    return judge(scene, gate);
  });
  const problems = [...missing(app, scene), ...found];
  if (problems.length > 0) throw new ConfigError(problems);
}

function judge(scene: Scene, gate: Gate): ConfigProblem[] {
  return gate.type === "table" ? judgeTable(scene, gate) : judgePaid(scene, gate);
}

/** What an app serves free that a table prices which was never given to it; or that it has no gate at all. */
function missing(app: App, scene: Scene): ConfigProblem[] {
  const engines = new Set(scene.gates.map(({ gate }) => gate.engine));
  // An app that has gates of its own may be beside another app of the process, whose gate is still to come.
  const misses = ({ engine, table }: TableGate) =>
    (engines.size === 0 || engines.has(engine)) && table.paths.some((path) => freeEntries(scene, path).length > 0);
  const problems = missingTables(app.routes, misses).flatMap(({ table }) =>
    table.paths.flatMap((path) =>
      freeEntries(scene, path).map((verb): ConfigProblem => {
        const entry = `${verb} ${path.pattern}`;
        const message = `the app serves ${entry} free: the paywall that prices it was never added to the app. Write protect(app, tolls, { … }), or app.use(paywall(…)) ahead of the routes`;
        return { code: "gate_missing", path: `routes["${entry}"]`, message };
      }),
    ),
  );
  if (problems.length > 0 || engines.size > 0) return problems;
  const message =
    "this app has no paywall, so everything it serves is free. Write protect(app, tolls, { … }), or app.use(paywall(…)) ahead of the routes; a paywall within a mounted app cannot be seen from here, so check that app";
  return [{ code: "gate_missing", path: "app", message }];
}

/** The methods that a pattern prices and that the app serves unpaid. */
function freeEntries(scene: Scene, { pattern, verbs, route }: PricedPath<Context>): string[] {
  return verbs.filter((verb) =>
    methodsOf(verb).some((method) => {
      if (!route(method)) return false;
      return samplesOf(pattern).some((path) => {
        const stops = scene.walk(method, path);
        if (stops.some((stop) => rulingOf(stop, method, path, stops)?.type === "closed")) return false;
        return serverOf(stops, pattern.endsWith("*")) !== undefined;
      });
    }),
  );
}
