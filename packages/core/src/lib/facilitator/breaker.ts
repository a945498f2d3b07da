/** Clients in a row whose calls must fail to open it, since one client's calls may fail by its own fault. */
const MAX_FAILING = 5;
/** Calls that a share of failures without a client is taken of, at most and at least; half of them opens it. */
const WINDOW = 20;
const MIN_WINDOW = 10;
/** Milliseconds without a call after which earlier outcomes no longer count. */
const WINDOW_AGE = 10_000;
/** Milliseconds that it stays open: at first, and for those whose trial failed. */
const FIRST_PAUSE = 1_000;
const PAUSE = 2_000;
/** The same, of the wait that a facilitator asks for, at most. */
const MAX_PAUSE = 3_000;
/** Milliseconds after which another trial may go, though the last one has not ended. */
const TRIAL = 2_000;
/**
 * Milliseconds for which a client's failures are ignored after its calls failed while others succeeded; and how many
 * are kept.
 */
const DISBELIEF = 60_000;
const MAX_DISBELIEVED = 1_000;

/**
 * Stops calls to a failing service, and lets one at a time through as a trial. Decided by the clock when a call comes;
 * it has no timer. Recovery is noticed at most `TRIAL` or `MAX_PAUSE` later, if calls come.
 *
 * A call may name its client, since a client can cause a failure. One client alone opens nothing. It has one trial, and
 * other clients have theirs meanwhile; its next one comes after a pause. A failure without a client is certainly the
 * service's.
 */
export interface Breaker {
  readonly isOpen: boolean;
  /** Failures in a row, of any client. */
  readonly failures: number;
  /** When its pause ends, by `now`'s clock. */
  readonly until: number;
  /** Enough calls in a row have failed to open it, but by too few clients. */
  readonly isDoubtful: boolean;
  /** Whether a call may go. While it is open this takes a trial, if there is one. */
  enter(client?: string): boolean;
  /** Milliseconds until the next trial; 0 if a call may go. */
  wait(client?: string): number;
  succeeded(client?: string): void;
  /**
   * @param started when the call began: one from before the last recovery does not count
   * @param retryAfter seconds requested by the service
   */
  failed(started: number, retryAfter?: number, client?: string): void;
  /** Opens it if it is doubtful: the failure was confirmed in another way. */
  confirm(): void;
  /** The call was inconclusive: the next one may be the trial. */
  undecided(client?: string): void;
}

/** When trials may go: clients that have failed have separate trials. */
interface Gate {
  until: number;
  trialUntil: number;
}

/** Milliseconds on a monotonic clock. */
export function now(): number {
  return performance.now();
}

/** @param changed called when it opens or closes */
export function createBreaker(changed: () => void): Breaker {
  let isOpen = false;
  let failures = 0;
  let closedAt = 0;
  const others: Gate = { until: 0, trialUntil: 0 };
  const suspects: Gate = { until: 0, trialUntil: 0 };
  /** Clients whose calls have failed since the last success. */
  const failing = new Set<unknown>();
  /** Clients whose failures are ignored, and until when. */
  const disbelieved = new Map<unknown, number>();
  /** The last outcomes, one bit each; set for a failure without a client. */
  let outcomes = 0;
  let counted = 0;
  let countedAt = 0;

  const isBelieved = (client: unknown, at: number) => !((disbelieved.get(client) ?? 0) > at);
  const gateOf = (client: string | undefined): Gate =>
    client !== undefined && (failing.has(client) || !isBelieved(client, now())) ? suspects : others;

  const count = (failure: 0 | 1, at: number) => {
    if (at - countedAt > WINDOW_AGE) outcomes = counted = 0;
    outcomes = ((outcomes << 1) | failure) & ((1 << WINDOW) - 1);
    counted = Math.min(counted + 1, WINDOW);
    countedAt = at;
  };

  const close = (gate: Gate, until: number) => {
    gate.until = until;
    gate.trialUntil = 0;
  };

  const open = (at: number, retryAfter = 0) => {
    const until = at + pauseOf(FIRST_PAUSE, retryAfter);
    close(others, until);
    close(suspects, until);
    isOpen = true;
    changed();
  };

  return {
    get isOpen() {
      return isOpen;
    },
    get failures() {
      return failures;
    },
    get until() {
      return others.until;
    },
    get isDoubtful() {
      return !isOpen && failures >= MAX_FAILING;
    },
    enter: (client) => {
      if (!isOpen) return true;
      const gate = gateOf(client);
      const at = now();
      if (at < gate.until || at < gate.trialUntil) return false;
      gate.trialUntil = at + TRIAL;
      return true;
    },
    wait: (client) => {
      if (!isOpen) return 0;
      const { until, trialUntil } = gateOf(client);
      return Math.max(0, Math.max(until, trialUntil) - now());
    },
    succeeded: (client) => {
      const at = now();
      for (const one of failing) {
        if (one === client || typeof one !== "string") continue;
        disbelieved.delete(one);
        disbelieved.set(one, at + DISBELIEF);
        const [oldest] = disbelieved.keys();
        if (disbelieved.size > MAX_DISBELIEVED) disbelieved.delete(oldest);
      }
      failing.clear();
      failures = 0;
      count(0, at);
      if (!isOpen) return;
      isOpen = false;
      closedAt = at;
      outcomes = counted = 0;
      changed();
    },
    failed: (started, retryAfter, client) => {
      if (started < closedAt) return;
      const at = now();
      const gate = gateOf(client);
      failures++;
      if (client === undefined) count(1, at);
      if (isBelieved(client, at)) failing.add(client ?? {});
      if (!isOpen) {
        const many = counted >= MIN_WINDOW && ones(outcomes) * 2 >= counted;
        if (failing.size >= MAX_FAILING || many) open(at, retryAfter);
      } else if (started >= gate.until) {
        if (client !== undefined) gate.trialUntil = 0;
        close(client === undefined ? gate : suspects, at + pauseOf(PAUSE, retryAfter));
      }
    },
    confirm: () => {
      if (!isOpen && failures >= MAX_FAILING) open(now());
    },
    undecided: (client) => {
      gateOf(client).trialUntil = 0;
    },
  };
}

function pauseOf(pause: number, retryAfter = 0): number {
  return Math.max(pause, Math.min(retryAfter * 1_000, MAX_PAUSE));
}

function ones(bits: number): number {
  let found = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) found++;
  return found;
}
