import { spansSegments } from "@turnpike/core/adapter";
import { unknownPieces } from "./samples.js";

const kept = new Map<string, string>();
const KEPT = 5_000;

/**
 * A pattern as the check reads it. An expression that examples do not stand for may take any value, and whatever follows
 * where it may match a slash: what cannot be told is neither approved nor taken for a fault.
 */
export function loosen(pattern: string): string {
  if (!pattern.includes("{")) return pattern;
  let loose = kept.get(pattern);
  if (loose === undefined) {
    loose = makeLoose(pattern);
    if (kept.size >= KEPT) kept.clear();
    kept.set(pattern, loose);
  }
  return loose;
}

/** Whether examples of a pattern can be made, so that a router shows what it matches. */
export function isKnown(pattern: string): boolean {
  return loosen(pattern) === pattern;
}

function makeLoose(pattern: string): string {
  const pieces = unknownPieces(pattern);
  const wide = pieces.find(({ source }) => spansSegments(source));
  if (wide) return `${loosen(pattern.slice(0, wide.at))}*`;
  return pieces.reduceRight((loose, { text, at }) => {
    const name = text.slice(0, text.indexOf("{"));
    return loose.slice(0, at) + name + loose.slice(at + text.length);
  }, pattern);
}
