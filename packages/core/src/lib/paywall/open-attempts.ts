import { FORGED, isAttempt, type StoredPayment } from "../ledger/record.js";
import type { Reply } from "../seam.js";
import { unavailable } from "./problem.js";

/**
 * Counts the attempts of this process whose settlement nobody knows: payments that nobody has proven, which keep their
 * records until somebody does. Junk must not pile up there without end.
 */
export interface OpenAttempts {
  /** The refusal of another attempt from this client; `undefined` while there is room. */
  blocked(client: string | undefined): Reply | undefined;
  /** Told of every change to a record, and who brought it. */
  told(record: StoredPayment, client: string | undefined): void;
}

/** Attempts that may be open in all, of which those of one client at most, and those without a known one. */
const MOST = 1_000;
const MOST_OF_ONE = 100;
const MOST_OF_UNKNOWN = 750;
/** Those whose signature a facilitator has called invalid count no more, up to so many within so many milliseconds. */
const MOST_FORGED = 1_000;
const FORGED_WINDOW = 3_600_000;

export function createOpenAttempts(): OpenAttempts {
  /** Clients of the attempts that are in doubt, by id. */
  const doubtful = new Map<string, string>();
  const counts = new Map<string, number>();
  /** When attempts that count no more were set aside, by id, the oldest first. */
  const aside = new Map<string, number>();

  const count = (client: string, by: 1 | -1): void => {
    const now = (counts.get(client) ?? 0) + by;
    if (now > 0) counts.set(client, now);
    else counts.delete(client);
  };

  const setAside = (id: string): boolean => {
    for (const [old, at] of aside) {
      if (Date.now() - at < FORGED_WINDOW) break;
      aside.delete(old);
    }
    if (aside.size < MOST_FORGED && !aside.has(id)) aside.set(id, Date.now());
    return aside.has(id);
  };

  return {
    blocked: (client = "") => {
      const own = counts.get(client) ?? 0;
      if (doubtful.size < MOST && own < (client === "" ? MOST_OF_UNKNOWN : MOST_OF_ONE)) return undefined;
      const problem = {
        code: "too_many_open_attempts",
        detail: "Too many payments from here are open, and nobody has proven their signatures yet.",
        help: "Wait, then send the same request with the same payment again.",
      };
      return unavailable(problem, 10);
    },
    told: (record, client = "") => {
      const { id, state, reason } = record;
      // What is being looked at counts until that has ended.
      if (!isAttempt(record) || state === "settling") return;
      const known = doubtful.get(id);
      if (state === "unknown" && !(reason === FORGED && setAside(id))) {
        if (known !== undefined) return;
        doubtful.set(id, client);
        count(client, 1);
      } else if (known !== undefined) {
        doubtful.delete(id);
        count(known, -1);
      }
    },
  };
}
