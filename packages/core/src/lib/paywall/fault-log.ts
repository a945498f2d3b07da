import type { Logger } from "../config.js";
import { quietly } from "../quietly.js";
import type { Fault } from "../seam.js";

/** Milliseconds in which what fails again and again is written once. */
const PAUSE = 10_000;
/** Faults that are remembered for that. */
const KEPT = 1_000;

/** Codes of what passes by itself: while a store or a facilitator is away, every request meets it. */
const passing = /^(?:facilitator_(?!unsupported)|store_|settlement_|too_many_)/;

/** Writes down what fails on the seller's side, as an error of the log, with the exception. */
export interface FaultLog {
  /** A request got a response of 5xx. @param route its label */
  request(route: string, fault: Fault): void;
  /** Work that no request waits for, or whose response does not tell of it, failed. @param message what failed, in a sentence */
  work(message: string, facts: Readonly<Record<string, unknown>>, fault: Fault): void;
  /** An observer threw or rejected. */
  observer(error: unknown): void;
}

export function createFaultLog(logger: Logger): FaultLog {
  const written = new Map<string, { readonly at: number; withheld: number }>();
  const write = (
    message: string,
    facts: Readonly<Record<string, unknown>>,
    { code, error }: Fault,
    repeats: boolean,
  ) => {
    const key = `${code} ${message}`;
    const last = written.get(key);
    const now = Date.now();
    if (repeats && last && now - last.at < PAUSE) {
      last.withheld++;
      return;
    }
    if (written.size >= KEPT) written.clear();
    written.set(key, { at: now, withheld: 0 });
    const times = last?.withheld ? { times: last.withheld + 1 } : {};
    quietly(() => logger.error(message, { code, ...facts, ...times, ...(error === undefined ? {} : { error }) }));
  };
  return {
    request: (route, fault) => {
      const name = route === "" ? "a priced route" : route;
      write(`A request for ${name} failed on the server's side`, { route }, fault, passing.test(fault.code));
    },
    work: (message, facts, fault) => write(message, facts, fault, true),
    observer: (error) => write("An observer of the paywall failed", {}, { code: "observer_failed", error }, true),
  };
}
