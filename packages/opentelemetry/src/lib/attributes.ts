/** What stands for every value beyond those that are told apart; the semantic conventions' own word. */
export const OTHER = "_OTHER";

/**
 * Tells at most so many values apart. A route without a label of its own is named by its path, which the client writes: as
 * it is, each path would be a time series, and stay in memory.
 */
export function createLabels(limit: number): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= limit) return OTHER;
    known.add(value);
    return value;
  };
}

/** An error's code, if it looks like one. Never its message, which may hold another's text. */
export function errorType(error: unknown): string {
  const code: unknown = typeof error === "object" && error !== null ? Reflect.get(error, "code") : undefined;
  return typeof code === "string" && /^[A-Za-z][A-Za-z0-9_]{0,47}$/.test(code) ? code : OTHER;
}
