/**
 * The candidate that was probably meant: the same but for case and punctuation, a longer or shorter form, or a typo.
 * @example nearest("payto", ["payTo", "network"]) // "payTo"
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = plain(word);
  if (wanted === "" || wanted.length > 64) return undefined;
  let best: string | undefined;
  let least = Math.max(1, Math.min(2, Math.floor(wanted.length / 3))) + 1;
  for (const candidate of candidates) {
    const known = plain(candidate);
    const longer = known.length > 3 && wanted.startsWith(known);
    const distance = known === wanted ? 0 : Math.min(editsBetween(wanted, known), longer ? 2 : least);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** `; did you mean "base"?`, or nothing. */
export function suggestion(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === undefined ? "" : `; did you mean "${found}"?`;
}

/**
 * What the app serves in place of an entry of a table that no route serves, as far as that is likely to be meant.
 * @param served method and path of each route, for example `GET /weather`
 */
export function servedHint(entry: string, served: readonly string[]): string {
  const [, path = ""] = entry.split(" ", 2);
  const others = served.filter((route) => route.split(" ", 2)[1] === path && route !== entry);
  if (others.length > 0) return `; the app serves ${[...new Set(others)].join(", ")}`;
  return suggestion(
    entry,
    served.filter((route) => route !== entry),
  );
}

/** What to ask about a value that an unset environment variable leaves, or nothing. */
export function emptyHint(value: unknown): string {
  const empty = value === undefined || (typeof value === "string" && /^(?:\s*|undefined|null)$/.test(value));
  return empty ? ". If the value comes from an environment variable, check that the variable is set" : "";
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** How many letters have to be added, left out, changed or swapped with their neighbour. */
function editsBetween(one: string, other: string): number {
  let before: number[] = [];
  let row = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1];
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const least = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + (same ? 0 : 1));
      next.push(swapped ? Math.min(least, (before[j - 2] ?? 0) + 1) : least);
    }
    [before, row] = [row, next];
  }
  return row[other.length] ?? 0;
}
