import { textsOf } from "@turnpike/core/adapter";
import { type Layer, takenBy } from "./layers.js";
import { major } from "./lookup.js";
import { examplesOf } from "./path.js";

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

/** What can be told by examples of a layer. */
interface Samples {
  /** Paths that it matches by its own matcher; none if its expression gives none away. */
  readonly paths: readonly string[];
  /** Whether its expression was read in full. */
  readonly whole: boolean;
}

const kept = new WeakMap<Layer, Samples>();

export function samplesOf(layer: Layer): Samples {
  let samples = kept.get(layer);
  if (samples) return samples;
  const given = layer.route ? layer.route.path : layer.rawPath;
  const written = Array.isArray(given) ? given.flat(Infinity) : [given];
  const matched = (texts: readonly string[]) =>
    texts.map((text) => text.replace(/^(?=[^/])/, "/")).filter((sample) => takenBy(layer, sample) !== undefined);
  const each = written.map((path): Samples => {
    const examples = typeof path === "string" ? few(matched(values.flatMap((value) => tryExamples(path, value)))) : [];
    if (examples.length > 0) return { paths: examples, whole: true };
    // Express 4 reads parts of a path as an expression, and keeps nothing else of the path of a mount.
    const expression = path instanceof RegExp ? path : layer.regexp;
    if (!expression) return { paths: [], whole: true };
    const { texts, whole } = textsIn(expression);
    return { paths: matched(texts), whole };
  });
  samples = { paths: each.flatMap(({ paths }) => paths), whole: each.every(({ whole }) => whole) };
  kept.set(layer, samples);
  return samples;
}

function textsIn(expression: RegExp): ReturnType<typeof textsOf> {
  // A slash at the end that may be left out makes no other form.
  const source = expression.source.replace(/\\\/\?(?=\(\?=|\$|\||\)|$)/g, "");
  // Where it goes on from its last match, what it matches depends on the requests before.
  const goesOn = expression.global || expression.sticky;
  const own = new RegExp(expression.source, expression.flags.replace(/[gy]/g, ""));
  const { texts, whole } = textsOf(source, values, (text) => own.test(text));
  return { texts, whole: whole && !goesOn };
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
