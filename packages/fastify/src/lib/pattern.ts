/** `/items/:id?` is two patterns under one name: with the parameter, and without. */
export function expandPattern(pattern: string): readonly string[] {
  const [, start, parameter] = /^(.*)(\/:[^/()]*)\?\/?$/s.exec(pattern) ?? [];
  return parameter === undefined ? [pattern] : [`${start}${parameter}`, start || "/"];
}

/** A segment of a pattern, from the narrowest kind to the widest. */
interface Piece {
  readonly kind: 0 | 1 | 2 | 3;
  readonly text: string;
  /** What is ahead of the first parameter or wildcard in it. */
  readonly start: string;
}

const LITERAL = 0;
/** A parameter beside literal text, or with an expression: `:file.png`, `:id(^\\d+)`. */
const PART = 1;
const PARAM = 2;
/** Everything from here on. */
const REST = 3;

const known = new Map<string, readonly Piece[]>();

/**
 * Whether every path of one pattern is a path of another one too, by Fastify's path language. A final slash makes no
 * difference, so `/api/*` covers `/api`. Patterns with an optional parameter are to be expanded first.
 */
export function covers(wide: string, narrow: string): boolean {
  const [a, b] = [piecesOf(wide), piecesOf(narrow)];
  for (let i = 0; ; i++) {
    const [x, y] = [a[i], b[i]];
    if (x?.kind === REST) return y === undefined ? x.start === "" : y.start.startsWith(x.start);
    if (x === undefined || y === undefined) return x === y;
    if (y.kind === REST || y.text === "" ? x.text !== y.text : x.kind !== PARAM && x.text !== y.text) return false;
  }
}

/** Sorts patterns that all cover one pattern: the narrowest first, as routers choose. */
export function compareWidth(one: string, other: string): number {
  const [a, b] = [piecesOf(one), piecesOf(other)];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x, y] = [a[i] as Piece, b[i] as Piece];
    if (x.kind !== y.kind) return x.kind - y.kind;
    if (x.start.length !== y.start.length) return y.start.length - x.start.length;
  }
  return b.length - a.length;
}

/** Whether a pattern ends in a wildcard, so that it stands for a whole section. */
export function isSection(pattern: string): boolean {
  return piecesOf(pattern).at(-1)?.kind === REST;
}

function piecesOf(pattern: string): readonly Piece[] {
  let pieces = known.get(pattern);
  if (!pieces) {
    pieces = plainPattern(pattern).slice(1).split(SLASH).map(pieceOf);
    known.set(pattern, pieces);
  }
  return pieces;
}

/** Slashes outside expressions. */
const SLASH = /\/(?![^(]*\))/;

function pieceOf(written: string): Piece {
  // Two colons are a literal one.
  const text = written.replaceAll("::", "%3a");
  const at = text.search(/[:*]/);
  const start = (at < 0 ? text : text.slice(0, at)).toLowerCase();
  if (at < 0) return { kind: LITERAL, text: start, start };
  if (text.endsWith("*") && !text.includes(":")) return { kind: REST, text: `${start}*`, start };
  return { kind: /^:[^:()*.-]+$/.test(text) ? PARAM : PART, text, start };
}

/** The pattern as the router keeps it. */
export function plainPattern(pattern: string): string {
  const path = pattern === "*" ? "/*" : pattern.replace(/\/{2,}/g, "/");
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}
