import { isConflict, StoreError } from "../errors.js";

/** Milliseconds until a write that failed is tried again: at first, and at most. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 2_000;

/**
 * Tries a write again while the store fails, so that a pause of the store costs no sale. A record that another holder has by
 * now ends it at once.
 * @param milliseconds how long; after that it rejects with the last failure
 * @param failing called with the first failure
 */
export async function insist<T>(write: () => Promise<T>, milliseconds: number, failing?: () => void): Promise<T> {
  const deadline = performance.now() + milliseconds;
  for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    try {
      return await write();
    } catch (error) {
      if (!(error instanceof StoreError) || isConflict(error) || performance.now() + wait > deadline) throw error;
      if (wait === FIRST_WAIT) failing?.();
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, wait);
      (timer as { unref?: () => void }).unref?.();
    });
  }
}

/** Milliseconds for which a buyer waits for a write that the store does not take. */
export const PATIENCE = 3_000;
/** Milliseconds for which a charge is tried to be written down that the store does not take, with no buyer waiting. */
export const PERSISTENCE = 60_000;
