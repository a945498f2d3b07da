import type { Payment } from "@turnpike/core";

/** A handler that is counted when it runs. */
export type Counted = <Arguments extends unknown[], Result>(
  row: string,
  handler: (...parameters: Arguments) => Result,
) => (...parameters: Arguments) => Result;

/** What a shop remembers while it runs. */
export interface Memory {
  readonly counted: Counted;
  /** How often each handler ran, by its row in the shop's table. */
  runs(): Record<string, number>;
  /** Throws the first time that a payment comes here. */
  failFirst(payment: Payment | undefined): void;
}

const key = Symbol.for("turnpike.shop");
const place = globalThis as { [key]?: Memory };

/** One for the process: bundlers may load this module more than once. */
export const memory: Memory = place[key] ?? createMemory();
place[key] = memory;

function createMemory(): Memory {
  const runs: Record<string, number> = {};
  const seen = new Set<string>();
  return {
    counted:
      (row, handler) =>
      (...parameters) => {
        runs[row] = (runs[row] ?? 0) + 1;
        return handler(...parameters);
      },
    runs: () => ({ ...runs }),
    failFirst(payment) {
      // Its settlement comes before the handler, and each has a transaction of its own.
      const transaction = payment?.receipt?.transaction ?? "";
      if (seen.has(transaction)) return;
      seen.add(transaction);
      throw new Error("The first time fails, as this route is meant to.");
    },
  };
}
