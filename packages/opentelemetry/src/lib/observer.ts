import { type Meter, metrics, type Tracer, trace } from "@opentelemetry/api";
import type { Observer, PaywallEvent } from "@turnpike/core";
import { createCounters } from "./metrics.js";
import { traceOperation } from "./spans.js";
import { createGauges, type Gauges, type WatchedPaywall } from "./watch.js";

export interface OpenTelemetryOptions {
  /** @default the global provider's */
  readonly tracer?: Tracer;
  /** @default the global provider's at the first event or watch */
  readonly meter?: Meter;
  /** Name of the instrumentation with the global providers. @default "@turnpike/opentelemetry" */
  readonly name?: string;
}

/** Turns the events of a paywall into spans and metrics; for its option `observe`. */
export interface OpenTelemetryObserver extends Required<Observer> {
  /**
   * Reports open payments of a paywall's store, and which facilitators are ready, whenever metrics are collected. Watch
   * one paywall for each store: values of several are added up. Returns a function that stops it.
   */
  watch(paywall: WatchedPaywall): () => void;
}

/** Start the SDK first: its meter is taken once, at the first event. */
export function openTelemetry(options: OpenTelemetryOptions = {}): OpenTelemetryObserver {
  const { name = "@turnpike/opentelemetry" } = options;
  const tracer = options.tracer ?? trace.getTracer(name);
  let made: { count: (event: PaywallEvent) => void; gauges: Gauges } | undefined;
  const instruments = () => {
    if (!made) {
      const meter = options.meter ?? metrics.getMeter(name);
      made = { count: createCounters(meter), gauges: createGauges(meter) };
    }
    return made;
  };
  return {
    event: (event) => {
      const { count, gauges } = instruments();
      if (event.type === "facilitator") gauges.tell(event.health);
      else count(event);
    },
    trace: (operation, run) => traceOperation(tracer, operation, run),
    watch: (paywall) => instruments().gauges.watch(paywall),
  };
}
