import type { Layer } from "./layers.js";
import { escaped, nameOfParameter, readFunction } from "./parameters.js";

type Handle = Layer["handle"];

const known = new WeakMap<Handle, boolean>();

/**
 * Whether a handler does nothing with a request but pass it on, as its source tells: every statement is `next()` or one of
 * a few that cannot respond. Whatever else is there may, so it is not sure.
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
  const names = new Set([request, response, next, ...GLOBALS]);
  if (!parameters.every((one) => isPlain.test(one)) || names.size < GLOBALS.length + 3) return false;
  const { 1: block, 2: value } = inBody.exec(withoutTexts(body)) ?? [];
  const isCall = new RegExp(`^(?:return\\s+|void\\s+)*${escaped(next)}\\s*\\(\\s*\\)$`);
  if (value !== undefined) return isCall.test(value.trim());
  const statements = (block ?? "").split(endOfStatement).map((one) => one.trim());
  const isHarmless = harmless(request, response, next);
  return (
    statements.some((one) => isCall.test(one)) && statements.every((one) => isCall.test(one) || isHarmless.test(one))
  );
}

/** A name, with a name or a word for a default: anything else could run. */
const isPlain = /^[\w$]+(?:\s*=\s*[\w$]+)?$/;
/** What is in braces, or the expression of an arrow. */
const inBody = /^\s*(?:=>)?\s*\{([\s\S]*)\}\s*$|^\s*=>([^{]*)$/;
/** A line goes on where it ends or the next one begins with a sign. */
const endOfStatement = /;|(?<![,([{=]\s*)\n(?!\s*[^\s\w$"])/;

const texts = /'[^'\n]*'|"[^"\n]*"|\/\*[\s\S]*?\*\/|\/\/.*/g;

/** Without comments, and with nothing in its texts; empty where that cannot be told, as of templates and escapes. */
function withoutTexts(body: string): string {
  const bare = body.replace(texts, (text) => (/^['"]/.test(text) ? '""' : text.replace(/[^\n]+/g, " ")));
  return /[\\`]/.test(body) || /['"/]/.test(bare.replaceAll('""', "")) ? "" : bare;
}

/** What statements may use beside the parameters, which must not be called like it. */
const GLOBALS = ["console", "Date", "performance", "Object"];

/** What Express and Node have for the request: a property of the app's own may be a getter that responds. */
const OWN =
  "method|url|originalUrl|baseUrl|path|protocol|secure|hostname|host|ip|ips|subdomains|xhr|fresh|stale|httpVersion";
const WITH_FIELDS = "headers|query|params|cookies|body";

/** Statements that get at nothing that responds: what they give back is not used, and what they are given is plain. */
function harmless(request: string, response: string, next: string): RegExp {
  const [req, res, pass] = [request, response, next].map(escaped);
  const field = `(?:\\??\\.[\\w$]+|\\[""\\])`;
  const read = `${req}\\.(?:(?:${OWN})|(?:${WITH_FIELDS})${field}?|(?:get|header|is|accepts)\\(""\\))`;
  const value = `(?:""|\\d+|true|false|null|undefined|Date\\.now\\(\\)|performance\\.now\\(\\)|${read})`;
  const listOf = (one: string) => `(?:\\s*${one}\\s*(?:,\\s*${one}\\s*)*,?)?\\s*`;
  const record = `\\{${listOf(`(?:""|[\\w$]+)\\s*:\\s*${value}`)}\\}`;
  const given = `\\(${listOf(`(?:${value}|${record})`)}\\)`;
  const own = `(?:${[req, res, pass, ...GLOBALS].join("|")})`;
  const forms = [
    `""`,
    `${res}\\.(?:set|header|setHeader|append|appendHeader|removeHeader|vary|type)${given}`,
    `console\\.(?:log|info|warn|error|debug)${given}`,
    `Object\\.assign\\(\\s*${req}\\.headers\\s*,\\s*${record}\\s*\\)`,
    `${res}\\.locals\\.[\\w$]+\\s*=\\s*${value}`,
    `(?:const|let|var)\\s+(?!${own}\\s*=)[\\w$]+\\s*=\\s*${value}`,
  ];
  return new RegExp(`^(?:${forms.join("|")})?$`);
}
