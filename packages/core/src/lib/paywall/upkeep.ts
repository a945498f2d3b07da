import type { Engine } from "./engine.js";
import type { Reconciliation } from "./reconcile.js";

/** Looks after open payments in the background, one pass at a time. */
export interface Upkeep {
  /** A pass now, or the one that is under way. */
  pass(): Promise<Reconciliation>;
  /** The pass that is under way. */
  running(): Promise<unknown> | undefined;
  stop(): void;
}

/** Milliseconds after the start at which the first pass comes. */
const FIRST = 1_000;

/** @param seconds between two passes; 0: none but those asked for */
export function startUpkeep(engine: Engine, seconds: number): Upkeep {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<Reconciliation> | undefined;
  let stopped = seconds === 0;

  const pass = (): Promise<Reconciliation> => {
    running ??= engine.reporter
      .trace({ name: "reconcile" }, async () => (await import("./reconcile.js")).reconcile(engine))
      .finally(() => {
        running = undefined;
      });
    return running;
  };

  const schedule = (wait: number): void => {
    if (stopped) return;
    timer = setTimeout(async () => {
      await pass().catch((error: unknown) => {
        engine.reporter.alert("store_failed");
        engine.reporter.failed("Checking open payments failed", {}, { code: "store_unavailable", error });
      });
      schedule(seconds * 1000);
    }, wait);
    (timer as { unref?: () => void }).unref?.();
  };

  try {
    schedule(FIRST);
  } catch {
    // Edge runtimes refuse timers outside of a request: there, `reconcile` is for a scheduled job to call.
  }
  return {
    pass,
    running: () => running,
    stop: () => {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
