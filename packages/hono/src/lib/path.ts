import type { ReadPath, Segment } from "@turnpike/core/adapter";

/** One segment of a pattern: what Hono's router reads, and what it matches. */
interface Part {
  readonly native: string;
  readonly segment: Segment;
  readonly optional: boolean;
}

const parameterPattern = /^:(\w+)(?:\{(.+)\})?(\?)?$/s;
const alienPattern = /[{}()[\]|?*:\\#\p{Cc}]/u;

/**
 * Reads a pattern of Hono's path language: literals, `:name`, `:name{regex}`, `:name?` at the end, `*` for one segment,
 * and for all the rest at the end. Everything else has another meaning in each of Hono's routers, or none.
 */
export function readPath(pattern: string): ReadPath {
  const parts = readParts(pattern);
  if (typeof parts === "string") return { problem: parts };
  const optional = parts.findIndex((part) => part.optional);
  if (optional >= 0 && parts.slice(optional).some((part) => !part.optional)) {
    return { problem: "only the last parameters may be optional; list the shorter path as a route of its own" };
  }
  return { native: `/${parts.map(({ native }) => native).join("/")}`, shapes: shapesOf(parts, optional) };
}

/** The parts of a pattern, or why it cannot be read. */
export function readParts(pattern: string): Part[] | string {
  const texts = splitPattern(pattern);
  if (texts === undefined) return "the braces of a regular expression are not closed";
  if (texts.length > 1 && texts.at(-1) === "") texts.pop();
  const parts: Part[] = [];
  for (const [index, text] of texts.entries()) {
    const part = readPart(text, index === texts.length - 1);
    if (typeof part === "string") return part;
    parts.push(part);
  }
  return parts;
}

/** The pattern's segments; nothing if braces do not match. Slashes within braces belong to a regular expression. */
export function splitPattern(pattern: string): string[] | undefined {
  const texts: string[] = [];
  let text = "";
  let depth = 0;
  for (const character of pattern.slice(1)) {
    if (character === "/" && depth === 0) {
      texts.push(text);
      text = "";
      continue;
    }
    if (character === "{") depth++;
    if (character === "}" && --depth < 0) return undefined;
    text += character;
  }
  texts.push(text);
  return depth === 0 ? texts : undefined;
}

function readPart(text: string, last: boolean): Part | string {
  if (text === "*") return { native: "*", segment: { type: last ? "rest" : "param" }, optional: false };
  if (text.startsWith(":")) return readParameter(text);
  return readLiteral(text, last);
}

function readParameter(text: string): Part | string {
  const [, name, regex, mark] = parameterPattern.exec(text) ?? [];
  if (name === undefined) {
    return `"${text}" is not a parameter; write ":name", ":name{[0-9]+}" or ":name?", with letters, digits and "_" in the name`;
  }
  const optional = mark === "?";
  if (regex === undefined) return { native: `:${name}${mark ?? ""}`, segment: { type: "param" }, optional };
  if (optional)
    return "a parameter with a regular expression cannot be optional; list the shorter path as a route of its own";
  if (/^\^|(?<!\\)\$$/.test(regex))
    return `leave out "^" and "$" of ":${name}{…}"; the expression always covers the whole value`;
  try {
    if (new RegExp(`^(?:${regex})$`).test("")) return `the regular expression of ":${name}" must not match nothing`;
  } catch {
    return `"${regex}" is not a regular expression`;
  }
  // An expression that may run across slashes takes several segments.
  const wide = /[/.]|\[\^|\\[DSW]|\\[pP]/.test(regex.replaceAll("\\.", ""));
  const segment: Segment = { type: wide ? "rest" : "param" };
  return { native: `:${name}{${regex}}`, segment, optional };
}

function readLiteral(text: string, last: boolean): Part | string {
  if (text === "" && !last) return 'a path has no empty segments; write one "/"';
  if (text === "." || text === "..") return `"${text}" stands for another path; write that path`;
  if (alienPattern.test(text)) {
    return `"${text}" is not of Hono's path language; write ":name" for one segment, "*" at the end for all the rest, ":name?" at the end for an optional one, and other signs percent-encoded`;
  }
  let literal: string;
  try {
    // As Hono reads a request's path: reserved characters and "%" itself stay encoded.
    literal = decodeURI(text.replaceAll("%25", "%2525"));
  } catch {
    return `"${text}" is not percent-encoded UTF-8`;
  }
  if (/[*{}:\\\p{Cc}]/u.test(literal)) return `"${text}" cannot be a literal segment in Hono`;
  return { native: literal, segment: { type: "literal", text: literal }, optional: false };
}

/** The path with none, one, two, … of its optional parameters. */
function shapesOf(parts: readonly Part[], optional: number): Segment[][] {
  const segments = parts.filter(({ native }) => native !== "").map(({ segment }) => segment);
  if (optional < 0) return [segments];
  return Array.from({ length: segments.length - optional + 1 }, (_, more) => segments.slice(0, optional + more));
}
