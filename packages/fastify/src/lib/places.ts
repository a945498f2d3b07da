import { readings } from "@turnpike/core/adapter";

/** Paths whose readings are kept, and the longest that is. */
const KEPT = 2_000;
const KEPT_LENGTH = 256;

/** What each reading of a path leads to, kept for the next request of the path. */
export class Places<T> {
  readonly #at: (reading: string) => readonly T[];
  readonly #kept = new Map<string, readonly (readonly T[])[]>();

  constructor(at: (reading: string) => readonly T[]) {
    this.#at = at;
  }

  /** The path as sent comes first. */
  of(path: string): readonly (readonly T[])[] {
    let places = this.#kept.get(path);
    if (!places) {
      places = readingsOf(path).map(this.#at);
      if (this.#kept.size >= KEPT) this.#kept.clear();
      if (path.length <= KEPT_LENGTH) this.#kept.set(path, places);
    }
    return places;
  }
}

/**
 * The readings of a path. Routers end it at a `#`, and may take a semicolon for the start of the query; what they hand it to
 * may do neither.
 */
function readingsOf(path: string): string[] {
  const ends = [/#.*$/s, /[#;].*$/s, /$/];
  const paths = new Set(ends.map((end) => path.replace(end, "") || "/"));
  return [...new Set([...paths].flatMap(readings))];
}
