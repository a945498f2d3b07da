import { nearest } from "../nearest.js";

/** Methods that a table may list. `HEAD` is `GET` and `OPTIONS` is free, so neither is listed. */
const VERBS = new Set(["GET", "POST", "PUT", "PATCH", "DELETE", "ALL"]);

export type RouteKey = { readonly verb: string; readonly pattern: string } | { readonly problem: string };

/** Reads `"GET /weather"`. */
export function readKey(key: string): RouteKey {
  const [, verb, pattern] = /^(\S+) (\/.*)$/s.exec(key) ?? [];
  if (verb === undefined || pattern === undefined) {
    return { problem: 'a route is a method, one space and a path that begins with "/", for example "GET /weather"' };
  }
  if (VERBS.has(verb)) return { verb, pattern };
  if (verb === "HEAD") return { problem: "HEAD costs what GET costs; list GET" };
  if (verb === "OPTIONS") return { problem: "OPTIONS is always free; leave it out" };
  const near = nearest(verb, VERBS);
  if (near) return { problem: `"${verb}" is not a method; did you mean "${near} ${pattern}"?` };
  return {
    problem: `"${verb}" is not a method that can have a price; those are ${[...VERBS].join(", ")}, one in each key`,
  };
}
