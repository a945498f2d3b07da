import { type Breaker, createBreaker } from "./breaker.js";

/** For whom a facilitator is called. Without one a call counts as if each time another client had made it. */
export interface Caller {
  /** Where it comes from, or a payer who is proven; empty where neither is known. */
  readonly client: string;
  /** Whose calls are stopped together when they fail; empty where that cannot be told. */
  readonly buyer: string;
}

/** Nobody waits for the call: it stops no buyer, whatever comes of it. */
export const UPKEEP: Caller = { client: "", buyer: "" };

/** A breaker for each buyer whose calls have failed, so that a facilitator that fails for one is not asked over and over. */
export interface OwnBreakers {
  of(caller: Caller | undefined): Breaker | undefined;
  succeeded(caller: Caller | undefined): void;
  failed(started: number, retryAfter: number | undefined, caller: Caller): void;
}

/** Buyers that are remembered at most; those whose trouble began first are forgotten first. */
const MOST = 1_000;

export function createOwnBreakers(): OwnBreakers {
  const known = new Map<string, Breaker>();
  /** Of those without an address anybody may be anybody: one answer acquits them all. */
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
