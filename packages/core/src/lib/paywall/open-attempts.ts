import type { Standing } from "../ledger/ledger.js";
import { isAttempt, type StoredPayment } from "../ledger/record.js";

/** Watches attempts with an unknown settlement: unproven payments, which keep their records until they are proven. */
export interface OpenAttempts {
  /** Whether so many are open that a payment must be proven before it may become another one. */
  crowded(): boolean;
  /** Called with every change to a record. */
  told(record: StoredPayment): void;
}

/** Attempts that may be open before it is crowded, and how many of them are watched at most. */
const MANY = 20;
const WATCHED = 100;
/** Milliseconds for which an attempt counts, and between two looks at whether those that count are still open. */
const COUNTS = 3_600_000;
const LOOK_AGAIN = 5_000;

/** @param read another process may have found out the outcome of an attempt */
export function createOpenAttempts(read: (id: string) => Promise<Standing | undefined>): OpenAttempts {
  /** When each was first seen, by id. */
  const open = new Map<string, number>();
  let lookedAt = Number.NEGATIVE_INFINITY;

  const look = async (): Promise<void> => {
    for (const id of [...open.keys()]) {
      const found = await read(id);
      if (!found || (found.record.state !== "unknown" && found.record.state !== "settling")) open.delete(id);
    }
  };

  return {
    crowded: () => {
      for (const [id, since] of open) if (Date.now() - since > COUNTS) open.delete(id);
      if (open.size < MANY) return false;
      if (performance.now() - lookedAt > LOOK_AGAIN) {
        lookedAt = performance.now();
        // A store that is away tells nothing, and they count on.
        void look().catch(() => undefined);
      }
      return true;
    },
    told: (record) => {
      const { id, state, createdAt } = record;
      // What is being looked at counts until that has ended.
      if (!isAttempt(record) || state === "settling") return;
      if (state !== "unknown") open.delete(id);
      else if (open.size < WATCHED && Date.now() - createdAt < COUNTS) open.set(id, createdAt);
    },
  };
}
