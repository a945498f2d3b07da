import type { BatchObservableCallback, Meter } from "@opentelemetry/api";
import type { Health } from "@turnpike/core";

/** The part of a paywall's health that is measured. */
export interface WatchedHealth extends Pick<Health, "open"> {
  readonly store: Pick<Health["store"], "ready">;
  readonly facilitators: readonly FacilitatorReadiness[];
}

type FacilitatorReadiness = Pick<Health["facilitators"][number], "id" | "ready">;

/** The part of a paywall that is watched. */
export interface WatchedPaywall {
  health(): Promise<WatchedHealth>;
}

/** Shows what is open now, read when the metrics are collected. */
export interface Gauges {
  /** Several paywalls are added up; returns how to stop. */
  watch(paywall: WatchedPaywall): () => void;
  /** A facilitator's readiness changed. */
  tell(facilitator: FacilitatorReadiness): void;
}

/** Milliseconds that a store may take to respond; the app's other metrics are collected in the same step. */
const TIME_LIMIT = 5_000;

export function createGauges(meter: Meter): Gauges {
  const gauge = (name: string, description: string, unit: string) =>
    meter.createObservableGauge(`turnpike.${name}`, { description, unit });
  const unknown = {
    open: gauge("unknown.open", "Payments with an unknown outcome.", "{payment}"),
    age: gauge("unknown.oldest_age", "Age of the oldest unknown payment.", "s"),
  };
  const owed = {
    open: gauge("owed.open", "Charged payments whose response did not arrive.", "{payment}"),
    age: gauge("owed.oldest_age", "Age of the oldest owed payment.", "s"),
  };
  const facilitatorReady = gauge("facilitator.ready", "Whether a facilitator takes payments: 1 or 0.", "1");

  const watched = new Set<() => Promise<WatchedHealth | undefined>>();
  const readiness = new Map<string, boolean>();

  const tell = ({ id, ready }: FacilitatorReadiness) => {
    readiness.set(id, ready);
  };

  const observe: BatchObservableCallback = async (result) => {
    const found = await Promise.all([...watched].map((ask) => ask()));
    const known = found.filter((health) => health !== undefined);
    for (const { facilitators } of known) facilitators.forEach(tell);
    for (const [id, isReady] of readiness)
      result.observe(facilitatorReady, isReady ? 1 : 0, { "turnpike.facilitator": id });
    // Nothing is shown where something is not known: a 0 would say that all is well.
    if (known.length < found.length || known.length === 0 || !known.every(({ store }) => store.ready)) return;
    for (const [instruments, kind] of [
      [unknown, "unknown"],
      [owed, "owed"],
    ] as const) {
      const open = known.map((health) => health.open[kind]);
      result.observe(
        instruments.open,
        open.reduce((sum, { count }) => sum + count, 0),
      );
      result.observe(instruments.age, Math.max(...open.map(({ oldestSeconds }) => oldestSeconds)));
    }
  };
  meter.addBatchObservableCallback(observe, [unknown.open, unknown.age, owed.open, owed.age, facilitatorReady]);

  return {
    watch: (paywall) => {
      const ask = askOnce(paywall);
      watched.add(ask);
      return () => watched.delete(ask);
    },
    tell,
  };
}

/** One question at a time, and nothing if it fails or takes too long. */
function askOnce(paywall: WatchedPaywall): () => Promise<WatchedHealth | undefined> {
  let pending: Promise<WatchedHealth | undefined> | undefined;
  return async () => {
    pending ??= Promise.resolve()
      .then(() => paywall.health())
      .catch(() => undefined)
      .finally(() => {
        pending = undefined;
      });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), TIME_LIMIT);
    });
    try {
      return await Promise.race([pending, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}
