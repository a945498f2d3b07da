/** Paths beside one, that differ in one segment, above and below: a check asks what else the same handler serves. */
export function neighboursOf(path: string): string[] {
  const parts = path.replace(/\/$/, "").split("/");
  const swapped = parts.flatMap((_, at) =>
    at === 0
      ? []
      : ["another", "1"].map((value) => parts.map((part, index) => (index === at ? value : part)).join("/")),
  );
  const whole = parts.join("/");
  return [`${whole}/x/y`, `${whole}/x`, ...swapped, parts.slice(0, -1).join("/") || "/"];
}
