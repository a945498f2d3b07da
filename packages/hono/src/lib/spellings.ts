import { readings } from "@turnpike/core/adapter";
import type { Context } from "hono";
import { basePath } from "hono/route";

/** A path that nobody reads in two ways: plain segments and no slash at the end. */
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
  return [...new Set(paths.flatMap((one) => [one, one.replace(/\/+$/, "") || "/"]))];
}

/** Hono's paths are decoded, but for "%" itself and what would change the path's structure; `readings` wants URLs'. */
function encodePath(path: string): string {
  return encodeURI(path).replaceAll("%25", "%");
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

/** The paths below which a paywall is registered, by `basePath`, `route` or `use`, with the request's own values. */
export function basesOf(c: Context, place: { readonly basePath: string; readonly path: string } | undefined): string[] {
  if (!place || place.path === "/*") return [];
  const base = place.basePath === "/" ? "" : basePath(c).replace(/\/$/, "");
  const bases = base === "" ? [] : [base];
  if (!place.path.endsWith("*")) return bases;
  const below = place.path
    .slice(place.basePath.length, -1)
    .split("/")
    .filter((segment) => segment !== "");
  if (below.length === 0) return bases;
  return [...bases, c.req.path.split("/", base.split("/").length + below.length).join("/")];
}
