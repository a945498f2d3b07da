import type { Segment } from "./path.js";

/** Whether some path matches both patterns, as far as their segments tell; a parameter may hold anything. */
export function overlaps(a: readonly (readonly Segment[])[], b: readonly (readonly Segment[])[]): boolean {
  return a.some((one) => b.some((other) => meet(one, other, 0, 0)));
}

function meet(a: readonly Segment[], b: readonly Segment[], i: number, j: number): boolean {
  const x = a[i];
  const y = b[j];
  if (x?.type === "rest") return meet(a, b, i + 1, j) || (y !== undefined && meet(a, b, i, j + 1));
  if (y?.type === "rest") return meet(a, b, i, j + 1) || (x !== undefined && meet(a, b, i + 1, j));
  if (x === undefined || y === undefined) return x === y;
  // Routers differ in whether letter case counts, so patterns that differ in it alone are too close to tell apart.
  if (x.type === "literal" && y.type === "literal" && x.text.toLowerCase() !== y.text.toLowerCase()) return false;
  return meet(a, b, i + 1, j + 1);
}
