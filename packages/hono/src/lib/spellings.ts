import { isTooLong, readings } from "@turnpike/core/adapter";
import type { Context } from "hono";
import { basePath } from "hono/route";

/** A path with only one reading: plain segments and no slash at the end. */
const plain = /^(?:\/[\w~-][\w.~-]*)+$/;

/**
 * Every path that a request path may stand for: as it is, in all its readings, each also relative to the bases; and without
 * slashes at its end, since some of Hono's routers take the two for one.
 */
export function spellings(path: string, bases: readonly string[]): string[] {
  const paths = plain.test(path) ? [path] : [path, ...readings(encodePath(path)).map(decodePath)];
  for (const one of [...paths]) {
    for (const base of bases) if (one.startsWith(base)) paths.push(one.slice(base.length) || "/");
  }
  if (paths.length === 1) return paths;
  return [...new Set(paths.flatMap((one) => [one, withoutSlashes(one)]))];
}

/** The path that Hono routes and, where a `#` ends it, the path as it was sent: what is behind the gate may not end it there. */
export function pathsOf({ req }: Context): readonly string[] {
  const { url, path } = req;
  if (!url.includes("#")) return [path];
  const sent = url.replace(/^[^:/]+:\/\/[^/?#]*/, "").split("?", 1)[0] || "/";
  return [path, sent];
}

/** Whether a path could be read in several ways and is too long to be. */
export function isUnreadable(path: string): boolean {
  return !plain.test(path) && isTooLong(encodePath(path));
}

/** By index: an expression would begin anew at each slash of a long row. */
function withoutSlashes(path: string): string {
  let end = path.length;
  while (end > 1 && path.charCodeAt(end - 1) === 0x2f) end--;
  return path.slice(0, end);
}

/** Hono's paths are decoded, but for "%" itself and what would change the path's structure; `readings` wants URLs'. */
function encodePath(path: string): string {
  return encodeURI(path.toWellFormed()).replaceAll("%25", "%");
}

function decodePath(path: string): string {
  return path.replace(/(?:%[\da-f]{2})+/gi, (escapes) => {
    try {
      return decodeURI(escapes.replaceAll("%25", "%2525"));
    } catch {
      return escapes;
    }
  });
}

/**
 * The paths below which a paywall is registered, by `basePath`, `route` or `use`, with the request's own values.
 * @param c the request, if there is one: Hono knows how much of its path a base with an expression takes
 */
export function basesOf(
  path: string,
  place: { readonly basePath: string; readonly path: string } | undefined,
  c?: Context,
): string[] {
  if (!place || place.path === "/*") return [];
  const base = baseOf(path, place.basePath, c);
  const bases = base === "" ? [] : [base];
  if (!place.path.endsWith("*")) return bases;
  const below = segmentsOf(place.path.slice(place.basePath.length, -1));
  if (below.length === 0) return bases;
  return [...bases, path.split("/", base.split("/").length + below.length).join("/")];
}

function baseOf(path: string, pattern: string, c: Context | undefined): string {
  if (pattern === "/") return "";
  if (c) return basePath(c).replace(/\/$/, "");
  return path.split("/", segmentsOf(pattern).length + 1).join("/");
}

function segmentsOf(pattern: string): string[] {
  return pattern.split("/").filter((segment) => segment !== "");
}
