import type { Segment } from "./path.js";

type Shape = readonly Segment[];

/**
 * Whether some path matches both patterns, as far as their segments tell; a parameter may hold anything.
 * @param exact letter case counts. @default false: routers differ, so patterns that differ in it alone are too close
 */
export function overlaps(a: readonly Shape[], b: readonly Shape[], exact = false): boolean {
  const same = exact
    ? (x: string, y: string) => x === y
    : (x: string, y: string) => x === y || x.toLowerCase() === y.toLowerCase();
  return a.some((one) => b.some((other) => meet(one, other, 0, 0, same)));
}

function meet(a: Shape, b: Shape, i: number, j: number, same: (x: string, y: string) => boolean): boolean {
  const x = a[i];
  const y = b[j];
  if (x?.type === "rest") return meet(a, b, i + 1, j, same) || (y !== undefined && meet(a, b, i, j + 1, same));
  if (y?.type === "rest") return meet(a, b, i, j + 1, same) || (x !== undefined && meet(a, b, i + 1, j, same));
  if (x === undefined || y === undefined) return x === y;
  if (x.type === "literal" && y.type === "literal" && !same(x.text, y.text)) return false;
  return meet(a, b, i + 1, j + 1, same);
}

/** Whether a pattern matches all that the other matches, and more. */
export function isWider(wide: readonly Shape[], narrow: readonly Shape[]): boolean {
  return coversAll(wide, narrow) && !coversAll(narrow, wide);
}

function coversAll(wide: readonly Shape[], narrow: readonly Shape[]): boolean {
  return narrow.every((shape) => wide.some((one) => covers(one, shape)));
}

function covers([first, ...rest]: Shape, [other, ...others]: Shape): boolean {
  if (first?.type === "rest" && rest.length === 0) return true;
  if (!first || !other) return first === other;
  if (other.type === "rest" || first.type === "rest") return false;
  if (first.type === "literal" && (other.type !== "literal" || first.text !== other.text)) return false;
  return covers(rest, others);
}
