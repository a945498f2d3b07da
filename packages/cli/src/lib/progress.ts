import type { Io } from "./io.js";
import { plain } from "./text.js";

/** Reports slow work on stderr: after one second, two, four and so on, and finally every minute. */
export interface Progress {
  /** What is being done from now on. */
  doing(what: string): void;
  /** To be called during work that blocks timers. */
  tick(): void;
  end(): void;
}

const FIRST = 1_000;
const LONGEST = 60_000;

export function startProgress({ err, now = Date.now }: Pick<Io, "err" | "now">, what: string): Progress {
  const start = now();
  let doing = what;
  let next = FIRST;
  const tick = () => {
    const passed = now() - start;
    if (passed < next) return;
    next = passed + Math.min(passed, LONGEST);
    err(`turnpike: ${plain(doing)} (${Math.round(passed / 1_000)} s)\n`);
  };
  const timer = setInterval(tick, FIRST);
  timer.unref();
  return {
    doing: (now) => {
      doing = now;
    },
    tick,
    end: () => clearInterval(timer),
  };
}
