import { type Breaker, createBreaker } from "./breaker.js";

/** On whose behalf a facilitator is called. Without one, each call counts as another client's. */
export interface Caller {
  /** The client's address, or a proven payer; empty if neither is known. */
  readonly client: string;
  /** Identifies calls that are stopped together when they fail; empty if unknown. */
  readonly buyer: string;
}

/** No buyer waits for the call: it blocks no buyer, whatever its outcome. */
export const UPKEEP: Caller = { client: "", buyer: "" };

/**
 * A breaker for each buyer whose calls have failed, so that a facilitator that fails for one is not called over and
 * over.
 */
export interface OwnBreakers {
  of(caller: Caller | undefined): Breaker | undefined;
  succeeded(caller: Caller | undefined): void;
  failed(started: number, retryAfter: number | undefined, caller: Caller): void;
}

/** Most buyers that are kept; those that failed first are dropped first. */
const MOST = 1_000;

export function createOwnBreakers(): OwnBreakers {
  const known = new Map<string, Breaker>();
  /** Buyers without an address cannot be told apart: one success clears them all. */
  const strangers = new Map<string, Breaker>();
  const mapOf = ({ client }: Caller) => (client === "" ? strangers : known);

  return {
    of: (caller) => caller && mapOf(caller).get(caller.buyer),
    succeeded: (caller) => {
      strangers.clear();
      if (caller) known.delete(caller.buyer);
    },
    failed: (started, retryAfter, caller) => {
      if (caller.buyer === "") return;
      const map = mapOf(caller);
      const own = map.get(caller.buyer) ?? createBreaker(() => undefined);
      map.set(caller.buyer, own);
      own.failed(started, retryAfter);
      const [oldest] = map.keys();
      if (map.size > MOST && oldest !== undefined) map.delete(oldest);
    },
  };
}
