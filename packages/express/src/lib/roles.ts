import { gateOf } from "./gates.js";
import { atRoot, type Layer } from "./layers.js";
import { isOutpost } from "./outpost.js";
import { takesNext } from "./parameters.js";
import { isFileServer } from "./signs.js";
import { handlersOf, type Stop } from "./walk.js";

/**
 * What a function of the app may do with a request, as far as it can be seen from outside:
 * `passes` it on; `serves` it, since it is the end of a route or takes no `next`; serves `files`; or `perhaps` serves it.
 */
export type Role = "passes" | "serves" | "files" | "perhaps";

/** Middleware that never responds to a request for a path of its own. */
const passing = new Set(
  (
    "jsonParser urlencodedParser rawParser textParser cookieParser corsMiddleware compression helmetMiddleware logger " +
    "query expressInit session initialize methodOverride responseTime"
  ).split(" "),
);

/** Error handlers, our own gates and well-known middleware. */
export function onlyPasses(handle: Layer["handle"]): boolean {
  return handle.length > 3 || passing.has(handle.name) || isOutpost(handle) || gateOf(handle) !== undefined;
}

/** A function that takes no `next` ends every request; one without parameters may take what it is given. */
export function endsRequests(handle: Layer["handle"]): boolean {
  return (handle.length === 1 || handle.length === 2) && !takesNext(handle);
}

export function roleOf({ layer, handle, place }: Stop): Role {
  if (onlyPasses(handle)) return "passes";
  if (isFileServer(handle)) return "files";
  if (endsRequests(handle)) return "serves";
  if (place === "early") return "passes";
  if (place === "function") return "perhaps";
  return isForEveryMethod(layer) ? "perhaps" : "serves";
}

/** Such a route may be middleware by another name, if its handlers can pass the request on. */
function isForEveryMethod({ route }: Layer): boolean {
  return (
    route !== undefined && ["GET", "POST", "PUT", "DELETE"].every((method) => handlersOf(route, method).length > 0)
  );
}

/** Whether what it serves depends on the path that it is asked for, which it resolves by itself. */
export function servesByPath({ layer, place }: Stop): boolean {
  if (place === "function") return true;
  const paths = [layer.route?.path].flat();
  return paths.some((path) => typeof path !== "string" || path.includes("*") || path.includes("("));
}

/** A function at the root of its routers sees every request, whether it is for it or not. */
export function seesEverything({ place, layer, base }: Stop): boolean {
  return place === "function" && base === "" && atRoot(layer);
}

/** What the usual proxies are known by: their name, or that they take over upgrades too. */
export function isProxy({ handle }: Pick<Stop, "handle">): boolean {
  return /proxy/i.test(handle.name) || "upgrade" in handle;
}

/** How a message names it. */
export function nameOf({ layer, handle, base }: Stop): string {
  const where = layer.route ? `the route ${String(layer.route.path)}` : `the function ${handle.name || "(anonymous)"}`;
  return base === "" ? where : `${where} below ${base}`;
}

/** What to do about a route that only looks as if it served its requests. */
export function hintFor(stop: Stop | undefined): string {
  if (!stop?.layer.route || !takesNext(stop.handle)) return "";
  return '. If its handler only passes requests on, it is middleware: app.use(handler), or app.use("/path", handler)';
}
