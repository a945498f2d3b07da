/** Failures in a row that open it. */
const MAX_FAILURES = 5;
/** Calls that a share of failures is taken of, at most and at least; half of them opens it. */
const WINDOW = 20;
const MIN_WINDOW = 10;
/** Milliseconds without a call after which what came before says nothing about now. */
const WINDOW_AGE = 10_000;
/** Milliseconds that it stays open: at first, and after each trial that failed. */
const FIRST_PAUSE = 1_000;
const PAUSE = 2_000;
/** The same, of the wait that a facilitator asks for, at most. */
const MAX_PAUSE = 3_000;
/** Milliseconds after which another trial may go, though the last one has not ended. */
const TRIAL = 2_000;

/**
 * Stops calls to somebody who fails, and lets one at a time through to see whether that is over. Decided by the clock
 * when a call comes; it has no timer. An end of the trouble is found at most `TRIAL` or `MAX_PAUSE` after it, if calls come.
 */
export interface Breaker {
  readonly isOpen: boolean;
  /** Failures in a row. */
  readonly failures: number;
  /** When its pause ends, by `now`'s clock. */
  readonly until: number;
  /** Whether a call may go. While it is open this takes the one trial, if there is one. */
  enter(): boolean;
  /** Milliseconds until the next trial; 0 if a call may go. */
  wait(): number;
  succeeded(): void;
  /**
   * @param started when the call began: one from before the last recovery says nothing about now
   * @param retryAfter seconds that were asked for
   */
  failed(started: number, retryAfter?: number): void;
  /** The call told nothing: the next one may be the trial. */
  undecided(): void;
}

/** Milliseconds on a clock that nobody sets. */
export function now(): number {
  return performance.now();
}

/** @param changed called when it opens or closes */
export function createBreaker(changed: () => void): Breaker {
  let isOpen = false;
  let failures = 0;
  let until = 0;
  let trialUntil = 0;
  let closedAt = 0;
  /** The last outcomes, one bit each; set for a failure. */
  let outcomes = 0;
  let counted = 0;
  let countedAt = 0;

  const count = (failure: 0 | 1, at: number) => {
    if (at - countedAt > WINDOW_AGE) outcomes = counted = 0;
    outcomes = ((outcomes << 1) | failure) & ((1 << WINDOW) - 1);
    counted = Math.min(counted + 1, WINDOW);
    countedAt = at;
  };

  const open = (at: number, pause: number, retryAfter = 0) => {
    until = at + Math.max(pause, Math.min(retryAfter * 1_000, MAX_PAUSE));
    trialUntil = 0;
    if (isOpen) return;
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
      return until;
    },
    enter: () => {
      if (!isOpen) return true;
      const at = now();
      if (at < until || at < trialUntil) return false;
      trialUntil = at + TRIAL;
      return true;
    },
    wait: () => (isOpen ? Math.max(0, Math.max(until, trialUntil) - now()) : 0),
    succeeded: () => {
      failures = 0;
      count(0, now());
      if (!isOpen) return;
      isOpen = false;
      closedAt = countedAt;
      outcomes = counted = 0;
      changed();
    },
    failed: (started, retryAfter) => {
      if (started < closedAt) return;
      const at = now();
      failures++;
      count(1, at);
      if (!isOpen) {
        const many = counted >= MIN_WINDOW && ones(outcomes) * 2 >= counted;
        if (failures >= MAX_FAILURES || many) open(at, FIRST_PAUSE, retryAfter);
      } else if (started >= until) open(at, PAUSE, retryAfter);
    },
    undecided: () => {
      trialUntil = 0;
    },
  };
}

function ones(bits: number): number {
  let found = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) found++;
  return found;
}
