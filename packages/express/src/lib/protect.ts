import type { Application, RequestHandler } from "express";
import { atRoot, type Layer, stackOf } from "./layers.js";
import { isProxy, onlyPasses } from "./roles.js";

/**
 * Puts a gate into an app ahead of everything that could serve a priced path, wherever it is called: ahead of routes,
 * routers, apps, file servers and whatever is mounted below a path. Middleware for every request stays ahead of it.
 */
export function insertGate(app: Application, gate: RequestHandler): void {
  app.use(gate);
  const stack = stackOf(app) as Layer[];
  const own = stack.pop();
  if (!own || own.handle !== (gate as unknown)) throw new TypeError("protect() takes the app that express() made");
  const at = stack.findIndex((layer) => !mayStayAhead(layer));
  stack.splice(at < 0 ? stack.length : at, 0, own);
}

/** A function for every request that can pass it on. One that serves it instead would leave the routes behind it dead. */
function mayStayAhead(layer: Layer): boolean {
  const { handle, route } = layer;
  if (isProxy(layer)) return false;
  if (route || Array.isArray(handle.stack) || handle.name === "mounted_app" || handle.name === "serveStatic")
    return false;
  if (!atRoot(layer)) return onlyPasses(handle);
  return onlyPasses(handle) || handle.length === 0 || handle.length === 3;
}
