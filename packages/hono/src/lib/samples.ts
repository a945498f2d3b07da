import { expressionOf, textsOf } from "@turnpike/core/adapter";
import { splitPattern } from "./path.js";

/** Values that parameters are tried with, since a route may take numbers or ids only. */
const values = ["x", "1", "2024-01-01", "a1b2c3d4", "00000000-0000-4000-8000-000000000000", "x.y", "en"];
const more = "x/y/z";

/** One parameter of a pattern, with its expression, or a wildcard. */
const piece = /:[^/{}?]+(?:\{((?:[^{}]|\{[^{}]*\})*)\})?\??|\*/g;

const kept = new Map<string, readonly string[]>();
const KEPT = 5_000;

/** Paths that a pattern of Hono's path language may match; each is then tried with a router. */
export function samplesOf(pattern: string): readonly string[] {
  let samples = kept.get(pattern);
  if (!samples) {
    samples = [...new Set(makeSamples(pattern))];
    if (kept.size >= KEPT) kept.clear();
    kept.set(pattern, samples);
  }
  return samples;
}

function makeSamples(pattern: string): string[] {
  const shorter = /\/(?:\*|:[^/{}]+\?)$/.test(pattern) ? makeSamples(pattern.replace(/\/[^/]*$/, "") || "/") : [];
  const columns = [...pattern.matchAll(piece)].map(([text, source]) => {
    if (source !== undefined) return knownValues(source) ?? [...values, more];
    return text === "*" && pattern.endsWith("*") ? [...values, more] : values;
  });
  if (columns.length === 0) return [pattern];
  const rows = Array.from({ length: Math.max(...columns.map(({ length }) => length)) }, (_, row) => {
    const own = columns.map((column) => column[row % column.length] as string);
    return pattern.replace(piece, () => own.shift() as string);
  });
  return [...rows, ...shorter];
}

/** Neither a dot segment nor anything that a path has in several spellings. */
const plain = /^[\w~-][\w~.-]*(?:\/[\w~-][\w~.-]*)*$/;

/** What an expression takes as a whole, plain values if there are any; nothing if texts do not stand for all of it. */
function knownValues(source: string): readonly string[] | undefined {
  const usual = [...values, more];
  const whole = expressionOf(source);
  const matches = (text: string) => whole?.test(text) === true;
  const made = textsOf(source, usual, matches);
  if (!made.whole) return undefined;
  const known = [...new Set([...usual.filter(matches), ...made.texts])].filter((text) => text !== "");
  const inPlain = known.filter((text) => plain.test(text));
  return inPlain.length > 0 ? inPlain : known.length > 0 ? known : undefined;
}

/** The expressions of a pattern that texts do not stand for, with where each parameter begins. */
export function unknownPieces(
  pattern: string,
): readonly { readonly text: string; readonly source: string; readonly at: number }[] {
  if (!pattern.includes("{")) return [];
  return [...pattern.matchAll(piece)].flatMap(({ 0: text, 1: source, index: at }) =>
    source !== undefined && !knownValues(source) ? [{ text, source, at }] : [],
  );
}

/** Paths that two patterns may both match: each segment that one of them has as a literal, with values for the rest. */
export function crossing(one: string, other: string): readonly string[] {
  const [a, b] = [segmentsOf(one), segmentsOf(other)];
  if (a.length !== b.length) return [];
  const both: string[] = [];
  for (const [at, segment] of a.entries()) {
    const crossed = cross(segment, b[at] as string);
    if (crossed === undefined) return [];
    both.push(crossed);
  }
  return samplesOf(both.join("/"));
}

function cross(one: string, other: string): string | undefined {
  if (!/[:*]/.test(one)) return /[:*]/.test(other) || one.toUpperCase() === other.toUpperCase() ? one : undefined;
  return /[:*]/.test(other) && one.includes("{") ? one : other;
}

const split = new Map<string, readonly string[]>();

function segmentsOf(pattern: string): readonly string[] {
  let segments = split.get(pattern);
  if (!segments) {
    segments = ["", ...(splitPattern(pattern) ?? pattern.slice(1).split("/"))];
    if (split.size >= KEPT) split.clear();
    split.set(pattern, segments);
  }
  return segments;
}
