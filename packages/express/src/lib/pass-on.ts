import type { Layer } from "./layers.js";
import { type Meeting, type Reach, serverBehind } from "./meetings.js";
import { isProxy, roleOf } from "./roles.js";
import type { Stop } from "./walk.js";

/** The last two parameters of a handler, and what follows them. */
const head = /^[^(]*\(\s*[\w$]+\s*,\s*([\w$]+)\s*,\s*([\w$]+)\s*\)/;

/**
 * The same request with what is sold in the end: a handler that calls `next()` passes the request on, and what it is passed
 * to serves it under every spelling. One that calls `next` for errors only, or hands it to another function, is taken to
 * respond by itself.
 */
export function passedOn(meeting: Meeting, reach: Reach): Meeting {
  const { stops, server } = meeting;
  if (server?.handle.length !== 3 || server.place === "function") return meeting;
  const rest = stops.slice(stops.indexOf(server) + 1);
  const how = passing(server.handle);
  if (how === "never") return meeting;
  const mayServe = (stop: Stop) => roleOf(stop) !== "passes" && passing(stop.handle) !== "always";
  const next = serverBehind(rest, reach) ?? rest.find(how === "always" ? mayServe : isProxy);
  return next ? { ...meeting, server: next } : meeting;
}

function passing(handle: Layer["handle"]): "always" | "perhaps" | "never" {
  const source = Function.prototype.toString.call(handle);
  const [start, response, next] = head.exec(source) ?? [];
  if (start === undefined || response === undefined || next === undefined) return "never";
  const body = source.slice(start.length);
  const mentions = (name: string, then: string) =>
    new RegExp(`(?<![\\w$.])${name.replaceAll("$", "\\$")}${then}`).test(body);
  if (!mentions(next, "\\(\\s*[\"'`)]") && !new RegExp(`\\.then\\(\\s*${next.replaceAll("$", "\\$")}\\b`).test(body))
    return "never";
  return mentions(response, "(?![\\w$])") ? "perhaps" : "always";
}
