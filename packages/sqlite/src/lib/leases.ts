/**
 * Leases live in memory only: the file has one process, and what an earlier one held has run out. They are measured by
 * the monotonic clock, and go back with a transaction that fails.
 */
export interface Leases {
  isHeld(id: string): boolean;
  /** How many there may be at most. */
  count(): number;
  /** @param lease milliseconds from now; 0: none */
  set(id: string, lease: number): void;
  keep(): void;
  takeBack(): void;
}

export function createLeases(): Leases {
  const until = new Map<string, number>();
  let before: (readonly [id: string, until: number | undefined])[] = [];

  const put = (id: string, end: number | undefined): void => {
    if (end === undefined) until.delete(id);
    else until.set(id, end);
  };

  return {
    isHeld: (id) => (until.get(id) ?? 0) > performance.now(),
    count: () => until.size,
    set: (id, lease) => {
      before.push([id, until.get(id)]);
      put(id, lease > 0 ? performance.now() + lease : undefined);
    },
    keep: () => {
      before = [];
    },
    takeBack: () => {
      for (const [id, end] of before.reverse()) put(id, end);
      before = [];
    },
  };
}
