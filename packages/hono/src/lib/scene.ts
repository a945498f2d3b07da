import { RegExpRouter } from "hono/router/reg-exp-router";
import { SmartRouter } from "hono/router/smart-router";
import { TrieRouter } from "hono/router/trie-router";
import { type AppRoute, type Gate, gateOf } from "./gates.js";
import { type App, type AppRouter, isGuard, withGuards } from "./guard.js";
import { isKnown, loosen } from "./loose.js";
import { roleOf } from "./roles.js";
import { samplesOf } from "./samples.js";

type Registered = [handler: unknown, route: AppRoute];
type Walk = (method: string, path: string) => readonly AppRoute[];

interface CopiedRouter {
  add(method: string, path: string, registered: Registered): void;
  match(method: string, path: string): readonly [readonly (readonly [Registered, object])[], ...unknown[]];
}

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** A finished app with example paths of all that it serves. Nothing of it runs, and more may be registered afterwards. */
export class Scene {
  readonly app: App;
  readonly routes: readonly AppRoute[];
  readonly gates: readonly { readonly gate: Gate; readonly route: AppRoute }[];
  /** Example paths of every route. */
  readonly paths: readonly string[];
  readonly #walks = new Map<string, readonly AppRoute[]>();
  readonly #walk: Walk;

  constructor(app: App) {
    this.app = app;
    this.routes = [...app.routes];
    this.#walk = walkOf(app);
    this.gates = this.routes.flatMap((route) => {
      const gate = gateOf(route);
      return gate ? [{ gate, route }] : [];
    });
    const serving = this.routes.filter((route) => roleOf(route) !== "passes");
    this.paths = [...new Set(serving.flatMap(({ path }) => samplesOf(path)))];
  }

  /** What a request for the path meets, in its order, by the app's own router. */
  walk(method: string, path: string): readonly AppRoute[] {
    const key = `${method} ${path}`;
    let stops = this.#walks.get(key);
    if (!stops) {
      stops = this.#walk(method, path);
      this.#walks.set(key, stops);
    }
    return stops;
  }
}

/** The methods that an entry of a table, or a registration, stands for. */
export function methodsOf(verb: string): readonly string[] {
  return verb === "ALL" ? METHODS : [verb];
}

function walkOf(app: App): Walk {
  const router = app.router as AppRouter & { readonly constructor: new () => CopiedRouter };
  // A router that is built can be asked itself; one that is not would take no more routes afterwards.
  const built = / \+ /.test(router.name) && app.routes.every(({ path }) => isKnown(path));
  const copy = built ? undefined : copyRouter(router);
  if (!copy) return (method, path) => attempt(() => routesOf(router.match(method, path)));
  for (const route of app.routes) {
    if (!isGuard(app, route)) attempt(() => void copy.add(route.method, loosen(route.path), [route.handler, route]));
  }
  return (method, path) =>
    attempt(() => withGuards(app, copy.match(method, path)[0]).map(([[, route]]) => route)) ?? [];
}

function routesOf(match: unknown): readonly AppRoute[] {
  return (match as ReturnType<CopiedRouter["match"]>)[0].map(([[, route]]) => route);
}

/** An empty router of the same kind. */
function copyRouter(router: { readonly name: string; readonly constructor: new () => CopiedRouter }) {
  if (router.name.startsWith("SmartRouter")) {
    return new SmartRouter<Registered>({ routers: [new RegExpRouter(), new TrieRouter()] }) as CopiedRouter;
  }
  try {
    return new router.constructor();
  } catch {
    return undefined;
  }
}

/** A router that cannot read a pattern throws; the app then does so at its first request. */
function attempt(run: () => readonly AppRoute[]): readonly AppRoute[];
function attempt(run: () => void): void;
function attempt<T>(run: () => T): T | readonly [] {
  try {
    return run();
  } catch {
    return [];
  }
}
