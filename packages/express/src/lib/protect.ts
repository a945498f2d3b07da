import type { Application, RequestHandler } from "express";
import { atRoot, type Layer, stackOf } from "./layers.js";
import { OWN_LAYERS } from "./lookup.js";
import { takesNext } from "./parameters.js";
import { isProxy, onlyPasses } from "./roles.js";
import { handleOf, isFileServer, isMountedApp } from "./signs.js";

/**
 * Puts a gate into an app ahead of everything that could serve a priced path, wherever it is called: ahead of routes,
 * routers, apps, file servers and whatever is mounted below a path. Middleware for every request stays ahead of it, behind
 * an outpost: what it serves by itself is found there, and what an error of its own carries past the gate.
 */
export function insertGate(app: Application, gate: RequestHandler, outpost: RequestHandler): void {
  const own = layerOf(app, gate);
  const stack = stackOf(app) as Layer[];
  const at = stack.findIndex((layer) => !mayStayAhead(layer));
  stack.splice(at < 0 ? stack.length : at, 0, own);
  if (stack.indexOf(own) > OWN_LAYERS) stack.splice(OWN_LAYERS, 0, layerOf(app, outpost));
}

/** What the app makes of a function for every request. */
function layerOf(app: Application, handler: RequestHandler): Layer {
  app.use(handler);
  const layer = (stackOf(app) as Layer[]).pop();
  if (!layer || handleOf(layer) !== (handler as unknown))
    throw new TypeError("protect() needs an app created by express()");
  return layer;
}

/** A function for every request that can pass it on. One that serves it instead would leave the routes behind it dead. */
function mayStayAhead(layer: Layer): boolean {
  const handle = handleOf(layer);
  if (layer.route || isProxy({ handle }) || Array.isArray(handle.stack)) return false;
  if (isMountedApp(handle) || isFileServer(handle)) return false;
  if (!atRoot(layer)) return onlyPasses(handle);
  return onlyPasses(handle) || handle.length === 0 || takesNext(handle);
}
