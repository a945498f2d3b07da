/** Values that parameters are tried with, since a route may take numbers or ids only. */
const values = ["x", "1", "2024-01-01", "a1b2c3d4", "00000000-0000-4000-8000-000000000000", "x.y", "en"];

/** One parameter of a pattern, with its expression, or a wildcard. */
const piece = /:[^/{}?]+(\{(?:[^{}]|\{[^{}]*\})*\})?\??|\*/g;

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
  const shorter = /\/(?:\*|:[^/]+\?)$/.test(pattern) ? makeSamples(pattern.replace(/\/[^/]*$/, "") || "/") : [];
  if (!/[:*]/.test(pattern)) return [pattern];
  // An expression may be a list of words.
  const words = [...pattern.matchAll(/\{([^}]*)\}/g)].flatMap(([, text = ""]) => text.match(/\w+/g) ?? []);
  const more = pattern.endsWith("*") || pattern.includes("{") ? ["x/y/z"] : [];
  return [...[...values, ...words, ...more].map((value) => pattern.replace(piece, value)), ...shorter];
}

/** Paths that two patterns may both match: each segment that one of them has as a literal, with values for the rest. */
export function crossing(one: string, other: string): readonly string[] {
  const [a, b] = [one.split("/"), other.split("/")];
  if (a.length !== b.length || one.includes("{") || other.includes("{")) return [];
  return samplesOf(a.map((segment, at) => (/[:*]/.test(segment) ? (b[at] as string) : segment)).join("/"));
}
