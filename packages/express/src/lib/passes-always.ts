import type { Layer } from "./layers.js";
import { escaped, mentions, nameOfParameter, readFunction } from "./parameters.js";

type Handle = Layer["handle"];

const known = new WeakMap<Handle, boolean>();

/**
 * Whether a handler does nothing with a request but pass it on, as far as its source tells: it calls `next()`, and gets at
 * the response to set fields of it only.
 */
export function passesAlways(handle: Handle): boolean {
  let passes = known.get(handle);
  if (passes === undefined) {
    passes = read(handle);
    known.set(handle, passes);
  }
  return passes;
}

function read(handle: Handle): boolean {
  const { parameters = [], body = "" } = readFunction(handle) ?? {};
  const [request, response, next] = parameters.map(nameOfParameter);
  if (request === undefined || response === undefined || next === undefined || parameters.length > 3) return false;
  if (/\b(?:arguments|eval|this)\b/.test(body) || !mentions(body, next, "\\(\\s*\\)")) return false;
  const rest = body.replace(setting(response), "$1");
  if (mentions(rest, response) || mentions(rest, request, NOT_READ) || /[\])`]\s*\(/.test(rest)) return false;
  const harmless = new RegExp(`^(?:${escaped(next)}|${escaped(request)}\\??\\..+|${HARMLESS})$`);
  return [...rest.matchAll(/([\w$.?]+)\s*\(/g)].every(([, name = ""]) => harmless.test(name));
}

/** What cannot have got hold of the response in another way, and the words that stand ahead of brackets. */
const HARMLESS =
  "(?:console|logger|log|Date|Math|performance|process|crypto|String|Number|Boolean|JSON|Object)(?:\\..+)?|if|for|while|switch|catch|return|typeof";

/** The request itself leads to the response and to the connection; what is read from it does not. */
const NOT_READ = "(?!\\s*\\??\\.\\s*(?!(?:res|socket|connection|client)\\b)[\\w$])";

/** Statements that set a field and nothing more: what they give back, the response, is not used. */
function setting(response: string): RegExp {
  const methods = "(?:set|header|setHeader|append|appendHeader|removeHeader|vary|type)";
  return new RegExp(`([;{}]\\s*)${escaped(response)}\\.${methods}\\([^()]*\\)(?=\\s*(?:[;}]|[\\w$]))`, "g");
}
