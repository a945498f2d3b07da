import type { Layer } from "./layers.js";
import { type Meeting, type Reach, serverBehind } from "./meetings.js";
import { escaped, mentions, nameOfParameter, readFunction, takesNext } from "./parameters.js";
import { isProxy, roleOf } from "./roles.js";
import type { Stop } from "./walk.js";

/**
 * The same request with what is sold in the end: a handler that calls `next()` passes the request on, and what it is passed
 * to serves it under every spelling. One that calls `next` for errors only, or hands it to another function, is taken to
 * respond by itself.
 */
export function passedOn(meeting: Meeting, reach: Reach): Meeting {
  const { stops, server } = meeting;
  if (!server || !takesNext(server.handle) || server.place === "function") return meeting;
  const rest = stops.slice(stops.indexOf(server) + 1);
  const how = passing(server.handle);
  if (how === "never") return meeting;
  const mayServe = (stop: Stop) => roleOf(stop) !== "passes" && passing(stop.handle) !== "always";
  const next = serverBehind(rest, reach) ?? rest.find(how === "always" ? mayServe : isProxy);
  return next ? { ...meeting, server: next } : meeting;
}

function passing(handle: Layer["handle"]): "always" | "perhaps" | "never" {
  const { parameters = [], body = "" } = readFunction(handle) ?? {};
  const response = nameOfParameter(parameters[1]);
  const next = nameOfParameter(parameters[2]);
  if (response === undefined || next === undefined) return "never";
  if (!mentions(body, next, "\\(\\s*[\"'`)]") && !new RegExp(`\\.then\\(\\s*${escaped(next)}(?![\\w$])`).test(body))
    return "never";
  return mentions(body, response) ? "perhaps" : "always";
}
