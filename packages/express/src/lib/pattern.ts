/** A part of a pattern of Express's path language. */
export type Node =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "param"; readonly name: string }
  | { readonly type: "wild"; readonly name?: string }
  /** May be left out. */
  | { readonly type: "group"; readonly nodes: readonly Node[] };

/** Why a pattern cannot mean what it says. */
export class Unreadable extends Error {}

interface Cursor {
  readonly pattern: string;
  readonly major: 4 | 5;
  at: number;
}

/** Takes a pattern apart. Throws Unreadable with the way to write it. */
export function parsePattern(pattern: string, major: 4 | 5): Node[] {
  if (!pattern.startsWith("/")) throw new Unreadable('a path begins with "/"');
  const cursor: Cursor = { pattern, major, at: 0 };
  const nodes = parseNodes(cursor, false);
  if (cursor.at < pattern.length) throw new Unreadable('has a "}" without "{"');
  return nodes;
}

function parseNodes(cursor: Cursor, nested: boolean): Node[] {
  const { pattern, major } = cursor;
  const nodes: Node[] = [];
  for (;;) {
    const char = pattern[cursor.at];
    if (char === undefined) {
      if (nested) throw new Unreadable('has a "{" without "}"');
      return nodes;
    }
    if (char === "}") return nodes;
    if (char === ":") nodes.push(...parseParam(cursor, nodes));
    else if (char === "*") nodes.push(parseWild(cursor));
    else if (char === "{" && major === 5) nodes.push(parseGroup(cursor));
    else nodes.push({ type: "text", text: parseText(cursor) });
  }
}

function parseGroup(cursor: Cursor): Node {
  const { pattern, at: start } = cursor;
  cursor.at++;
  const nodes = parseNodes(cursor, true);
  cursor.at++;
  if (nodes.length === 0) throw new Unreadable('has an empty "{}"');
  if (nodes.every(({ type }) => type === "text")) throw noLiteralGroup(pattern.slice(start + 1, cursor.at - 1));
  return { type: "group", nodes };
}

/** Elsewhere `{id}` is a parameter; Express takes it for a word that may be left out, so a route `/:id` would be free. */
function noLiteralGroup(text: string): Unreadable {
  return new Unreadable(
    `Express reads "{${text}}" as optional text; write ":${text.replace(/\W/g, "") || "name"}" for a parameter, or list the path with and without the text`,
  );
}

function parseParam(cursor: Cursor, before: Node[]): Node[] {
  const { pattern, major } = cursor;
  const name = /^[A-Za-z_]\w*/.exec(pattern.slice(cursor.at + 1))?.[0];
  if (name === undefined) throw new Unreadable('a parameter is ":" and a name of letters, digits and "_"');
  cursor.at += 1 + name.length;
  const rest = pattern.slice(cursor.at);
  const hyphened = /^-\w[-\w]*/.exec(rest)?.[0];
  if (hyphened) {
    const better = `${name}${hyphened}`.replaceAll("-", "_");
    throw new Unreadable(`Express ends the name of ":${name}${hyphened}" at "-"; write ":${better}"`);
  }
  if (/^[({]\W/.test(rest) && !rest.startsWith("{/") && !rest.startsWith("{.")) throw noRegex(name);
  if (rest.startsWith("(")) throw noRegex(name);
  const param: Node = { type: "param", name };
  if (rest[0] !== "?") return [param];
  const previous = before.at(-1);
  const whole = previous?.type === "text" && previous.text.endsWith("/") && /^\?(\/|$)/.test(rest);
  if (major === 5 || !whole) throw noOptional(name, major);
  cursor.at++;
  before.pop();
  const text: Node[] = previous.text === "/" ? [] : [{ type: "text", text: previous.text.slice(0, -1) }];
  return [...text, { type: "group", nodes: [{ type: "text", text: "/" }, param] }];
}

function noRegex(name: string): Unreadable {
  const how = `write ":${name}" and let the price function or the handler check it, or price the route with paid()`;
  return new Unreadable(`a parameter with a regular expression cannot be in a table; ${how}`);
}

function noOptional(name: string, major: 4 | 5): Unreadable {
  return new Unreadable(
    major === 5
      ? `Express 5 writes an optional parameter as "{/:${name}}"`
      : `an optional parameter fills a segment of its own: "/:${name}?"`,
  );
}

function parseWild(cursor: Cursor): Node {
  const name = /^[A-Za-z_]\w*/.exec(cursor.pattern.slice(cursor.at + 1))?.[0];
  if (name !== undefined && cursor.major === 4) {
    throw new Unreadable(`Express 4 reads "*${name}" as a wildcard followed by "${name}"; write "*"`);
  }
  if (cursor.pattern[cursor.at + 1] === "*") throw new Unreadable('one "*" stands for any number of segments');
  cursor.at += 1 + (name?.length ?? 0);
  return name === undefined ? { type: "wild" } : { type: "wild", name };
}

/** A literal, spelled as clients send it: what must be percent-encoded is, what need not be is not. */
function parseText(cursor: Cursor): string {
  const start = cursor.at;
  while (cursor.at < cursor.pattern.length && !/[:*{}]/.test(cursor.pattern[cursor.at] as string)) cursor.at++;
  if (cursor.major === 4 && /[{}]/.test(cursor.pattern[cursor.at] ?? "")) throw refuseSign(cursor, "{");
  const text = cursor.pattern.slice(start, cursor.at);
  refuseAliens(cursor, text, /[^\w\-.~/%@,=& \u0080-\uffff]/);
  if (text.includes("//")) throw new Unreadable('has an empty segment; write one "/"');
  return text
    .split("/")
    .map((part) => encodePart(cursor, part))
    .join("/");
}

function encodePart(cursor: Cursor, part: string): string {
  let plain: string;
  try {
    plain = decodeURIComponent(part);
  } catch {
    throw new Unreadable('has a "%" that is not two hexadecimal digits of a percent-encoded text');
  }
  // Clients send other signs both ways, plain and encoded, and a router's literal is only one of them.
  refuseAliens(cursor, plain, /[^\w\-.~/%@,=& ?#\u0080-\uffff]/);
  return encodeURIComponent(plain).replace(/%(2C|3D|26|40)/g, decodeURIComponent);
}

function refuseAliens(cursor: Cursor, text: string, aliens: RegExp): void {
  const alien = aliens.exec(text)?.[0];
  if (alien !== undefined) throw refuseSign(cursor, alien);
}

function refuseSign({ pattern, major }: Cursor, sign: string): Unreadable {
  if (/\[\.\.\./.test(pattern))
    return new Unreadable(`for all further segments write "/*${major === 5 ? "name" : ""}"`);
  if (/\([^)]*\|/.test(pattern)) return new Unreadable("list each of the alternatives as a path of its own");
  if (sign === "{") return new Unreadable('Express 4 has no "{}"; write "/:name?" for an optional parameter');
  if (sign === "?" || sign === "#")
    return new Unreadable("a price is for a path, without query; a price function can read the query");
  return new Unreadable(
    `${JSON.stringify(sign)} means something else to routers; price this route with paid() on the route itself`,
  );
}
