import type { FacilitatorHealth } from "../facilitator/member.js";
import type { PaymentRecord, PaymentState } from "../ledger/record.js";
import { quietly } from "../quietly.js";
import type { Fault } from "../seam.js";
import { createFaultLog } from "./fault-log.js";
import type { Log } from "./log.js";

/** An event that an engine sends to its observers. `at` is in Unix milliseconds. */
export type PaywallEvent =
  /** A payment's record was written in a new state. */
  | {
      readonly type: "payment";
      readonly at: number;
      readonly state: PaymentState;
      /** The previous state; absent for a new record. */
      readonly before?: PaymentState;
      readonly payment: PaymentRecord;
    }
  /** A payment was refused; nothing is on record. */
  | { readonly type: "refused"; readonly at: number; readonly route: string; readonly code: string }
  /** A facilitator's readiness changed. */
  | { readonly type: "facilitator"; readonly at: number; readonly health: FacilitatorHealth }
  /** Something that an operator should check. */
  | { readonly type: "alert"; readonly at: number; readonly code: AlertCode; readonly payment?: PaymentRecord };

export type AlertCode =
  /** A facilitator's response contradicts the payment: it is faulty, or an impostor. */
  | "settlement_contradicted"
  /** The settlement was refused after the response was sent: the seller bears the loss. */
  | "answered_unpaid"
  /** The store could not be read or written. */
  | "store_failed"
  /** The chain does not confirm a settlement that the facilitator reported. */
  | "settlement_unconfirmed";

/** An operation that can be traced. */
export interface Operation {
  readonly name: "verify" | "settle" | "reconcile";
  readonly route?: string;
  readonly scheme?: string;
  readonly network?: string;
  readonly facilitator?: string;
}

/** Observes an engine; `@turnpike/opentelemetry` provides one. */
export interface Observer {
  /** Called after the event, outside of any request. */
  event?(event: PaywallEvent): void;
  /**
   * Runs an operation at once, and may wait for its outcome. The operation runs once, no matter how often `run` is
   * called; the return value is ignored.
   */
  trace?<T>(operation: Operation, run: () => Promise<T>): Promise<T>;
}

/** Calls all observers, none of which can delay or break a payment. */
export interface Reporter {
  warn(message: string, facts: Readonly<Record<string, unknown>>): void;
  /** `false` if no logger is configured. */
  error(message: string, facts: Readonly<Record<string, unknown>>): boolean;
  /** A request got a response of 5xx because something of the seller's failed. @param route its label */
  fault(route: string, fault: Fault): void;
  /** Something of the seller's failed beside a request. @param message what failed, in a sentence */
  failed(message: string, facts: Readonly<Record<string, unknown>>, fault: Fault): void;
  emit(event: PaywallEvent): void;
  alert(code: AlertCode, payment?: PaymentRecord): void;
  trace<T>(operation: Operation, run: () => Promise<T>): Promise<T>;
}

const ALERTS: Readonly<Record<AlertCode, string>> = {
  settlement_contradicted: "A facilitator's response contradicts the payment it was asked to settle",
  answered_unpaid: "A response was sent before its settlement, and the settlement was refused",
  store_failed: "The payment store failed",
  settlement_unconfirmed: "The chain does not confirm a settlement that a facilitator reported",
};

export function createReporter(observers: readonly Observer[], { own, all }: Log): Reporter {
  const faults = createFaultLog(all);
  const listeners = observers.filter(({ event }) => event);
  const tracers = observers.filter(({ trace }) => trace);
  const queue: PaywallEvent[] = [];

  const deliver = () => {
    for (const event of queue.splice(0)) {
      for (const listener of listeners) quietly(() => listener.event?.(event), faults.observer);
    }
  };
  const emit = (event: PaywallEvent) => {
    if (listeners.length === 0) return;
    if (queue.push(event) === 1) setTimeout(deliver, 0);
  };

  return {
    warn: (message, facts) => quietly(() => all.warn(message, facts)),
    error: (message, facts) => {
      quietly(() => own?.error(message, facts));
      return own !== undefined;
    },
    fault: faults.request,
    failed: faults.work,
    emit,
    alert: (code, payment) => {
      emit({ type: "alert", at: Date.now(), code, ...(payment ? { payment } : {}) });
      quietly(() => all.error(ALERTS[code], { code, ...(payment ? { payment: payment.id } : {}) }));
    },
    trace: (operation, run) =>
      tracers.reduce((inner, tracer) => traceOnce(tracer, operation, inner, faults.observer), run)(),
  };
}

/** The work within a tracer. Its outcome is the work's own, whatever the tracer makes of it. */
function traceOnce<T>(
  tracer: Observer,
  operation: Operation,
  run: () => Promise<T>,
  failed: (error: unknown) => void,
): () => Promise<T> {
  return () => {
    let outcome: Promise<T> | undefined;
    const work = () => {
      outcome ??= new Promise((resolve) => resolve(run()));
      return outcome;
    };
    // A tracer hands the work's own failure on; that is none of the tracer's.
    const hears = (error: unknown) =>
      void outcome?.then(
        () => failed(error),
        (own) => own === error || failed(error),
      );
    quietly(
      () => tracer.trace?.(operation, work),
      (error) => (outcome ? hears(error) : failed(error)),
    );
    return work();
  };
}
