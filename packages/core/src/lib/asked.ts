import type { Awaitable } from "./seam.js";
import { within } from "./within.js";

/** Milliseconds that a function of the seller's may take to give a setting. */
const TIME_LIMIT = 5_000;

/** A setting that is asked for once it is needed: at the same time by one, and never again once it is known. */
export interface Asked<T> {
  value(): Promise<T>;
  /** What was given is of no use: the next one asks again. */
  forget(): void;
}

export function askOnce<T>(ask: () => Awaitable<T>): Asked<T> {
  let known: Promise<T> | undefined;
  return {
    value: () => {
      if (known) return known;
      const late = () => Promise.reject(new Error("The function for a setting took too long"));
      const asked = within(new Promise<T>((resolve) => resolve(ask())), TIME_LIMIT, late);
      asked.catch(() => {
        if (known === asked) known = undefined;
      });
      known = asked;
      return asked;
    },
    forget: () => {
      known = undefined;
    },
  };
}
