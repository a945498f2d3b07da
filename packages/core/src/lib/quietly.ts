/**
 * Calls a function of the seller's that is only told something. What it throws, or rejects with later, goes no further: an
 * unhandled rejection ends the process, with every payment under way.
 * @param failed gets it
 */
export function quietly(tell: () => unknown, failed: (error: unknown) => void = () => {}): void {
  try {
    const told = tell();
    if (typeof told === "object" && told !== null) Promise.resolve(told).catch(failed);
  } catch (error) {
    failed(error);
  }
}
