import type { Application, Request, Response, Router } from "express";
import { handleOf, isMountedApp } from "./signs.js";

/** A layer of an Express router, as far as both majors have it. */
export interface Layer {
  readonly handle: ((...args: never[]) => unknown) & { readonly stack?: readonly Layer[] };
  readonly route?: RouteOfLayer;
  /** Of a layer within a route: the method that it is for. */
  readonly method?: string;
  readonly path?: string;
  readonly rawPath?: unknown;
  readonly keys?: readonly { readonly name: string | number }[];
  readonly slash?: boolean;
  readonly regexp?: RegExp & { readonly fast_slash?: boolean };
  match(path: string): boolean | { readonly path: string };
}

interface RouteOfLayer {
  readonly path: unknown;
  readonly methods: Readonly<Record<string, boolean>>;
  readonly stack: readonly Layer[];
}

/** The layers of an app or a router, in the order in which a request meets them. */
export function stackOf(app: Application | Router): readonly Layer[] {
  const { _router, stack } = app as unknown as { _router?: { stack: readonly Layer[] }; stack?: readonly Layer[] };
  if (_router) return _router.stack;
  if (stack) return stack;
  try {
    return (app as unknown as { router: { stack: readonly Layer[] } }).router.stack;
  } catch {
    // Express 4 throws here as long as the app has no route.
    return [];
  }
}

/** What stands inside a layer: the layers of a router, or of an app that is mounted there. */
export function within(layer: Layer): readonly Layer[] | undefined {
  if (layer.route) return undefined;
  const handle = handleOf(layer);
  if (isStack(handle.stack)) return handle.stack;
  const app = mountedApp(handle);
  const stack = app && stackOf(app);
  // An app that has no route yet may get some.
  return stack && stack.length > 0 ? stack : undefined;
}

/** Apps of other frameworks, such as connect's, have a stack too; what is there cannot be seen. */
export function isStack(stack: unknown): stack is readonly Layer[] {
  return Array.isArray(stack) && stack.every((layer) => typeof (layer as Partial<Layer> | null)?.match === "function");
}

const mounted = new WeakMap<object, Application>();

/**
 * The app that a layer has within it. Express hides it in a function, which gives the request the app's own prototype
 * before anything of the app runs; a request that loses its URL at that moment meets nothing more.
 */
function mountedApp(handle: Layer["handle"]): Application | undefined {
  if (!isMountedApp(handle)) return undefined;
  const known = mounted.get(handle);
  if (known) return known;
  const request: { url: string | undefined; [name: string]: unknown } = {
    method: "GET",
    url: "/",
    headers: {},
    app: { request: {}, response: {} },
  };
  let found: Application | undefined;
  const probe = new Proxy(request, {
    setPrototypeOf(target, prototype: { readonly app?: Application } | null) {
      found ??= prototype?.app;
      target.url = undefined;
      return true;
    },
  });
  try {
    const run = handle as unknown as (request: Request, response: Response, next: () => void) => void;
    run(probe as unknown as Request, { setHeader() {} } as unknown as Response, () => {});
  } catch {
    return undefined;
  }
  if (found) mounted.set(handle, found);
  return found;
}

/** The outermost app that this one is mounted in. */
export function outermost(app: Application): Application {
  const seen = new Set<Application>();
  let at = app;
  while (!seen.has(at)) {
    seen.add(at);
    const { parent } = at as { parent?: Application };
    if (typeof parent !== "function") return at;
    at = parent;
  }
  return app;
}

/** The part of the path that the layer matches. */
export function takenBy(layer: Layer, path: string): string | undefined {
  try {
    const match = layer.match(path);
    if (!match) return undefined;
    return match === true ? (layer.path ?? "") : match.path;
  } catch {
    return undefined;
  }
}

/** Whether the layer is at the root of its router. */
export function atRoot(layer: Layer): boolean {
  return layer.slash === true || layer.regexp?.fast_slash === true;
}
