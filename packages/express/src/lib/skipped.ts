import type { Layer } from "./layers.js";
import type { Meeting } from "./meetings.js";
import { isOutpost } from "./outpost.js";
import { nameOf } from "./roles.js";
import { handleOf } from "./signs.js";
import type { Stop } from "./walk.js";

/**
 * What lets a request go on that has skipped the gate: Express takes an error from ahead of it to the next error handler,
 * and what that one passes on meets what is behind. An outpost finds it as it happens.
 */
export function skippedBy({ stops, at, server }: Meeting): Stop | undefined {
  const gate = stops[at];
  if (!gate || !server || gate.stack.some((layer) => isOutpost(handleOf(layer)))) return undefined;
  // Nothing that is ahead can fail.
  if (gate.stack.slice(0, gate.stack.indexOf(gate.layer)).every(isExpress)) return undefined;
  const between = stops.slice(at + 1, stops.indexOf(server));
  return between.find(({ stack, handle }) => stack === gate.stack && handle.length > 3 && goesOn(handle));
}

/** Express 4 begins every app with two functions of its own. */
function isExpress(layer: Layer): boolean {
  return /^(?:query|expressInit)$/.test(handleOf(layer).name);
}

/** Whether an error handler may end the error, as `next()` does; what cannot be read may. */
function goesOn(handle: Stop["handle"]): boolean {
  const source = Function.prototype.toString.call(handle);
  const [parameters, next] = /^[^(]*\((?:[^,()]*,){3}\s*([\w$]+)\s*\)/.exec(source) ?? [];
  if (parameters === undefined || next === undefined) return true;
  const name = next.replaceAll("$", "\\$");
  const mentions = source
    .slice(parameters.length)
    .matchAll(new RegExp(`(?<![\\w$])${name}(?![\\w$])(?!\\(\\s*[^\\s)])`, "g"));
  return [...mentions].length > 0;
}

/** How a problem tells of it. */
export function skippedMessage({ method, path }: Meeting, by: Stop): string {
  return `an error ahead of the paywall, such as malformed JSON, takes ${method} ${path} past it to ${nameOf(by)}, which can continue to a priced route; register the error handler before the paywall or after the routes, or write protect(app, tolls, { … })`;
}
