import { findTargetHandler } from "hono/utils/handler";
import { type AppRoute, gateOf } from "./gates.js";
import { forwards, isMount, overridesMethod, respondsByItself } from "./mount.js";

/**
 * What something registered in an app may do with a request, as far as it can be seen from outside: `passes` it on;
 * `serves` it; serves `files`; or `perhaps` serves it, as what can pass a request on does below a path or on a route.
 */
export type Role = "passes" | "serves" | "files" | "perhaps";

const roles = new WeakMap<AppRoute, Role>();

export function roleOf(route: AppRoute): Role {
  let role = roles.get(route);
  if (!role) {
    role = judge(route);
    roles.set(route, role);
  }
  return role;
}

function judge(route: AppRoute): Role {
  if (gateOf(route)) return "passes";
  const handler = functionOf(route);
  if (isFileServer(handler)) return "files";
  // Hono's own rule: what takes one argument is a handler. What never mentions its `next` is one too.
  if (handler.length < 2 || !usesNext(handler)) return "serves";
  const source = sourceOf(handler);
  // Its requests come through the gate again.
  if (overridesMethod(source)) return "passes";
  if (isForAll(route)) return isProxy(route) || forwards(source) ? "serves" : "passes";
  return "perhaps";
}

/** Registered for every method and every path, as middleware for the whole app is. */
export function isForAll({ method, path }: AppRoute): boolean {
  return method === "ALL" && (path === "/*" || path === "*");
}

/** Whether what it serves depends on a part of the path that it resolves by itself. */
export function isWild({ path }: AppRoute): boolean {
  return path.includes("*") || /\{.*[./\]]/.test(path);
}

/** What a proxy is known by: its name, or that it fetches. */
export function isProxy(route: AppRoute): boolean {
  const handler = functionOf(route);
  return (
    /proxy/i.test(handler.name) ||
    (isWild(route) && (/\b(?:fetch|proxy\w*)\(/i.test(sourceOf(handler)) || isMount(sourceOf(handler))))
  );
}

/**
 * Whether it may be ahead of a gate that finds its place by itself: a function for the whole app that passes requests
 * on, and that is neither a file server, nor a mounted app, nor what asks others for the response.
 */
export function mayStayAhead(route: AppRoute): boolean {
  if (!isForAll(route)) return false;
  if (gateOf(route)) return true;
  const source = sourceOf(functionOf(route));
  return roleOf(route) === "passes" && !isMount(source) && !/\bfetch\(/.test(source);
}

/**
 * Whether something for every method below a path may be a mounted app. It is taken for one unless it is seen to be
 * middleware: what cannot be told must not stand ahead of a gate.
 */
export function mayBeMount(route: AppRoute): boolean {
  if (roleOf(route) !== "perhaps" || route.method !== "ALL" || !isWild(route) || isCors(route)) return false;
  return !respondsByItself(sourceOf(functionOf(route)));
}

/** Whether it is what responds to preflights, by its name or by what it says. */
export function isCors(route: AppRoute): boolean {
  return route.method === "ALL" && route.path.endsWith("*") && writesPreflights(route);
}

export function writesPreflights(route: AppRoute): boolean {
  const handler = functionOf(route);
  if (handler.length < 2) return false;
  const source = sourceOf(handler).toLowerCase();
  const preflight = ["access-control-request-headers", "access-control-max-age"];
  return /^cors\d*$/i.test(handler.name) || preflight.every((name) => source.includes(name));
}

type Handler = ReturnType<typeof findTargetHandler>;

export function functionOf({ handler }: AppRoute): Handler {
  return findTargetHandler(handler);
}

/** Hono's own and those of its servers are told by the name of an option, which no bundler changes. */
function isFileServer(handler: Handler): boolean {
  return /^serveStatic\d*$/.test(handler.name) || /rewriteRequestPath|\bserveStatic\d*\(/.test(sourceOf(handler));
}

/** Whether the second parameter is mentioned anywhere; where that cannot be read, it is taken to be. */
function usesNext(handler: Handler): boolean {
  const source = sourceOf(handler);
  const [parameters, name] = /^[^(]*\(\s*[^,(){}]+,\s*([\w$]+)\s*\)/.exec(source) ?? [];
  if (parameters === undefined || name === undefined) return true;
  return new RegExp(`(?<![\\w$])${name.replaceAll("$", "\\$")}(?![\\w$])`).test(source.slice(parameters.length));
}

function sourceOf(handler: Handler): string {
  return Function.prototype.toString.call(handler);
}

/** How a message names it. */
export function nameOf(route: AppRoute): string {
  return `${route.method} ${route.path}`;
}
