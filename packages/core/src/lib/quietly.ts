/**
 * Calls a function of the seller's that is only told something. What it throws, or rejects with later, is dropped: a
 * rejection that nobody hears ends the process, with every payment under way.
 */
export function quietly(tell: () => unknown): void {
  try {
    const told = tell();
    if (typeof told === "object" && told !== null) Promise.resolve(told).catch(() => undefined);
  } catch {
    // Its trouble is its own.
  }
}
