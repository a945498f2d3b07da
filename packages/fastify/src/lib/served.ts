import type { FastifyInstance, FastifyRequest } from "fastify";

/** What Fastify keeps of a route: its full pattern, its methods, and what its author wrote into `config`. */
export type RouteConfig = FastifyRequest["routeOptions"]["config"];

/** A route of the app, and the context of the plugin tree that it is in. */
export interface Served {
  readonly server: object;
  readonly config: RouteConfig;
  /** As its author wrote it, where that is known: Fastify binds it. */
  readonly handler?: unknown;
}

const verbs = new WeakMap<RouteConfig, readonly string[]>();

/** The methods that a route serves, as tables count them. */
export function verbsOf(config: RouteConfig): readonly string[] {
  let found = verbs.get(config);
  if (!found) {
    found = [...new Set([config.method].flat().map((verb) => (verb === "HEAD" ? "GET" : verb)))];
    verbs.set(config, found);
  }
  return found;
}

/** A route as messages name it. */
export function nameOf(config: RouteConfig): string {
  return `${verbsOf(config).join(",")} ${config.url}`;
}

/** The app that a plugin's context belongs to. Contexts inherit from each other, up to the app. */
export function rootOf(server: FastifyInstance): FastifyInstance {
  let root = server;
  for (let up = above(root); isServer(up); up = above(root)) root = up;
  return root;
}

/** The first of these scopes that a context stands in, from the inside out. */
export function scopeOf(server: object, scopes: readonly object[]): object | undefined {
  for (let at: object | null = server; at; at = above(at)) if (scopes.includes(at)) return at;
  return undefined;
}

function above(server: object): object | null {
  return Object.getPrototypeOf(server) as object | null;
}

function isServer(value: object | null): value is FastifyInstance {
  return value !== null && "addHook" in value;
}

/** What completes each route once all plugins are loaded. */
interface Finisher {
  setContext(server: object, context: { readonly config: RouteConfig }): unknown;
}

/**
 * Lists every route of the app, complete when the app is ready. Fastify tells in public only of routes that come later
 * than a hook for them, and `register` without `await` runs after every route in the same file. So this listens where
 * Fastify finishes each route. If that moved, the list would lack the earlier routes: their prices would still hold, and
 * a table that names one stops the start.
 */
export function listRoutes(root: FastifyInstance): readonly Served[] {
  const routes: Served[] = [];
  const finisher = finisherOf(root);
  if (finisher) {
    const { setContext } = finisher;
    finisher.setContext = (server, context) => {
      routes.push({ server, config: context.config });
      return setContext.call(finisher, server, context);
    };
  } else {
    root.addHook("onRoute", function ({ url, method, config }) {
      routes.push({ server: this, config: { ...config, url, method } });
    });
  }
  return routes;
}

function finisherOf(root: FastifyInstance): Finisher | undefined {
  const key = Object.getOwnPropertySymbols(root).find(({ description }) => description === "fastify.404");
  const part = key && (Reflect.get(root, key) as Partial<Finisher> | undefined);
  return typeof part?.setContext === "function" ? (part as Finisher) : undefined;
}
