import { ConfigError, type ConfigProblem } from "@turnpike/core";
import type { PricedPath } from "@turnpike/core/adapter";
import type { Application, Request, Router } from "express";
import { type Gate, missingTables, rulingOf, sawGate, type TableGate } from "./gates.js";
import { judgePaid } from "./judge-paid.js";
import { examplesAt, isServed, judgeTable } from "./judge-table.js";
import { outermost } from "./layers.js";
import { methodsOf, Scene } from "./scene.js";

/**
 * Checks a finished app: every price must be asked before anything serves what it is for. Example paths of all prices and
 * routes are taken through the app's own routers; no code of the app runs. What cannot be known (a paywall below a
 * regular expression, say) is left to the first request.
 * @throws ConfigError that names every misuse
 */
export function checkApp(app: Application | Router): void {
  const scene = new Scene(app);
  const found = judgeAll(scene);
  const problems = [...missing(app, scene), ...found];
  if (problems.length > 0) throw new ConfigError(problems);
}

function judgeAll(scene: Scene): ConfigProblem[] {
  const gates = new Map(scene.gates.map((gate) => [gate.handler, gate]));
  return [...gates.values()].flatMap((gate) => {
    sawGate(gate);
    return judge(scene, gate);
  });
}

function judge(scene: Scene, gate: Gate, bases: readonly string[] = []): ConfigProblem[] {
  return gate.type === "table" ? judgeTable(scene, gate, bases) : judgePaid(scene, gate);
}

/** What an app serves free that a table prices which was never given to it; or that it has no gate at all. */
function missing(app: Application | Router, scene: Scene): ConfigProblem[] {
  const engines = new Set(scene.gates.map((gate) => gate.engine));
  // An app that has gates of its own may be beside another app of the process, whose gate is still to come.
  const misses = (gate: TableGate) =>
    (engines.size === 0 || engines.has(gate.engine)) && gate.paths.some((path) => freeEntries(scene, path).length > 0);
  const problems = missingTables(app, misses).flatMap(({ paths }) =>
    paths.flatMap((path) =>
      freeEntries(scene, path).map((verb): ConfigProblem => {
        const entry = `${verb} ${path.pattern}`;
        const message = `the app serves ${entry} free: the paywall that prices it was never added to the app. Write app.use(paywall(…)) ahead of the routes, or protect(app, tolls, { … })`;
        return { code: "gate_missing", path: `routes["${entry}"]`, message };
      }),
    ),
  );
  if (problems.length > 0 || engines.size > 0) return problems;
  const message =
    "this app has no paywall, so everything it serves is free. Write app.use(paywall(…)) ahead of the routes, or protect(app, tolls, { … }); a paywall that another function calls cannot be seen";
  return [{ code: "gate_missing", path: "app", message }];
}

/** The methods that a pattern prices and that the app serves unpaid. */
function freeEntries(scene: Scene, { pattern, verbs, route }: PricedPath<Request>): string[] {
  const examples = examplesAt("", pattern);
  return verbs.filter((verb) => {
    const priced = methodsOf(verb).some((method) => route(method));
    return priced && examples.some((path) => isFree(scene, verb, path));
  });
}

function isFree(scene: Scene, verb: string, path: string): boolean {
  const open = methodsOf(verb).filter(
    (method) => !scene.walk(method, path).some((stop) => rulingOf(stop, method)?.type === "closed"),
  );
  return open.some((method) => isServed(scene, method, path));
}

/** The last scene of each app, as long as it is the same and memory is not wanted otherwise. */
const scenes = new WeakMap<Application, { readonly size: number; readonly scene: WeakRef<Scene> }>();

/**
 * The same for one gate, once a request has come through it: then its app and its place are known. A gate that another
 * function calls cannot be found in the app, and stands where that function says.
 */
export function checkGate(gate: Gate, request: Request): ConfigError | undefined {
  sawGate(gate);
  const scene = sceneOf(outermost(request.app));
  if (!scene.gates.some(({ handler }) => handler === gate.handler)) return undefined;
  const problems = judge(scene, gate, [request.baseUrl]);
  return problems.length > 0 ? new ConfigError(problems) : undefined;
}

function sceneOf(app: Application): Scene {
  const made = new Scene(app);
  const size = made.leaves.length;
  const known = scenes.get(app);
  const kept = known?.size === size ? known.scene.deref() : undefined;
  if (kept) return kept;
  scenes.set(app, { size, scene: new WeakRef(made) });
  return made;
}
