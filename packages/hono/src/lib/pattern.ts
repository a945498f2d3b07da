/**
 * The full pattern of what a gate prices.
 * @param place the path that the gate is registered with
 * @param own the path of a table's key: a full one, or relative to the place
 */
export function patternAt(place: string, own: string | undefined): string {
  if (own === undefined) return place;
  const base = place.replace(/\/?\*$/, "");
  if (base === "" || own === base || own.startsWith(`${base}/`)) return own;
  return own === "/" ? base : base + own;
}
