import { type Layer, takenBy } from "./layers.js";
import { major } from "./lookup.js";
import { examplesOf } from "./path.js";
import { textsOf } from "./texts.js";

/** Values that parameters are tried with, since a route may take numbers or ids only; the last one is for wildcards. */
export const values = [
  "x",
  "1",
  "2024-01-01",
  "a1b2c3d4",
  "00000000-0000-4000-8000-000000000000",
  "x.y",
  "en",
  "x/y/z",
];

/** Texts of expressions that are kept as samples of one layer. */
const MOST_TEXTS = 12;

const kept = new WeakMap<Layer, readonly string[]>();

/** Paths that a layer matches by its own matcher; none if its expression gives none away. */
export function samplesOf(layer: Layer): readonly string[] {
  let samples = kept.get(layer);
  if (samples) return samples;
  const given = layer.route ? layer.route.path : layer.rawPath;
  const written = Array.isArray(given) ? given.flat(Infinity) : [given];
  const alternatives =
    given === undefined ? alternativesOf(layer.regexp) : written.map((path) => candidates(path, layer));
  const texts = given === undefined ? textsOfAll(layer.regexp) : written.flatMap((path) => textsOfPath(path, layer));
  const matched = (texts: readonly string[]) =>
    texts.map((text) => text.replace(/^(?=[^/])/, "/")).filter((sample) => takenBy(layer, sample) !== undefined);
  const some = alternatives.flatMap((texts) => few(matched(texts)));
  samples = [...new Set([...some, ...matched(texts).slice(0, MOST_TEXTS)])];
  kept.set(layer, samples);
  return samples;
}

function candidates(path: unknown, { regexp }: Layer): string[] {
  if (path instanceof RegExp) return alternativesOf(path).flat();
  if (typeof path !== "string") return [];
  const examples = values.flatMap((value) => tryExamples(path, value));
  // Express 4 reads parts of a path as an expression.
  return examples.length > 0 || !regexp ? examples : alternativesOf(regexp).flat();
}

/** Examples of a pattern in the path language of tables; none of any other. */
export function tryExamples(pattern: string, value: string): string[] {
  try {
    return examplesOf(pattern, major, value);
  } catch {
    return [];
  }
}

/** One for each number of segments: each is a form of its own, and another value makes no other form. */
export function few(samples: readonly string[]): string[] {
  const forms = new Map<number, string>();
  for (const sample of samples) {
    const depth = sample.split("/").length;
    if (!forms.has(depth)) forms.set(depth, sample);
  }
  return [...forms.values()];
}

/**
 * Texts that an expression of usual form may match; each is then tried with the expression itself. What Express 4 makes of
 * several paths is one expression.
 */
function alternativesOf(expression: RegExp | undefined): string[][] {
  const alternatives = expression?.source.split(/\|(?=\^)/) ?? [];
  return alternatives.map((one) => values.map((value) => fill(one, value)));
}

function textsOfAll(expression: RegExp | undefined): string[] {
  return (expression?.source.split(/\|(?=\^)/) ?? []).flatMap(textsOf);
}

/** Those of a path that is an expression, or that Express 4 has made one of since it holds one. */
function textsOfPath(path: unknown, { regexp }: Layer): string[] {
  if (path instanceof RegExp) return textsOfAll(path);
  return typeof path === "string" && regexp && /[([?+]/.test(path) ? textsOfAll(regexp) : [];
}

function fill(source: string, value: string): string {
  return source
    .replace(/\(\?<?[=!](?:[^()\\]|\\.)*\)/g, "")
    .replace(/\\\//g, "/")
    .replace(/\/\?(?=\$?$)/, "")
    .replace(/(?:\\[dwS]|\[\^?(?:[^\]\\]|\\.)*\]|(?<!\\)\.)(?:[+*]|\{[\d,]*\})?\??/g, value)
    .replace(/(?<!\\)\((?:\?:|\?<\w+>)?/g, "")
    .replace(/\|[^)]*/g, "")
    .replace(/(?<!\\)\)[?*+]?/g, "")
    .replace(/(?<!\\)[$^]/g, "")
    .replace(/\\(.)/g, "$1");
}
