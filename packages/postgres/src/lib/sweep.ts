import type { Value } from "./queries.js";
import { type StatementName, SWEPT } from "./statements.js";

/** Insertions between two sweeps, and between two while there is more than one of them can drop. */
const EVERY = 64;
const SOON = 8;
/** Of the bytes that may be kept, the part after which a process counts again what all have kept. */
const PART = 64;

/** Drops what has expired, and the oldest responses beyond the limit, a few at a time and beside the operations. */
export interface Sweeper {
  inserted(): void;
  kept(bytes: number): void;
}

/**
 * @param run resolves to the rows of a statement
 * @param answerBytes that may be kept in all
 */
export function createSweeper(
  run: (statement: StatementName, values: readonly Value[]) => Promise<readonly unknown[]>,
  answerBytes: number,
): Sweeper {
  let due = EVERY;
  // Their number is not known yet.
  let uncounted = Number.POSITIVE_INFINITY;
  let sweeping = false;

  const sweep = async (): Promise<void> => {
    const drop = async (statement: StatementName, values: readonly Value[] = []) => {
      const isMore = (await run(statement, values)).length >= SWEPT;
      if (isMore) due = SOON;
      return isMore;
    };
    due = EVERY;
    await drop("adopt");
    await drop("sweepPayments");
    await drop("sweepLinks");
    await drop("sweepAnswers");
    if (uncounted <= answerBytes / PART) return;
    const before = uncounted;
    uncounted = 0;
    try {
      if (await drop("sweepBytes", [String(answerBytes)])) uncounted = Number.POSITIVE_INFINITY;
    } catch (error) {
      uncounted += before;
      throw error;
    }
  };

  const start = (): void => {
    if (sweeping) return;
    sweeping = true;
    // A sweep is not awaited, and the next one makes up for one that failed.
    void sweep()
      .catch(() => {})
      .finally(() => {
        sweeping = false;
      });
  };

  return {
    inserted: () => {
      if (--due <= 0) start();
    },
    kept: (bytes) => {
      uncounted += bytes;
      if (uncounted > answerBytes / PART) start();
    },
  };
}
