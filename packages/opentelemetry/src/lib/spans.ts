import { type Attributes, type Span, SpanStatusCode, type Tracer } from "@opentelemetry/api";
import type { Operation } from "@turnpike/core";
import { errorType } from "./attributes.js";

/**
 * Runs a piece of work inside a span of its own and gives back the work's outcome. Whatever the tracer does, the work runs
 * exactly once: a payment is worth more than its trace.
 */
export function traceOperation<T>(tracer: Tracer, operation: Operation, run: () => Promise<T>): Promise<T> {
  let outcome: Promise<T> | undefined;
  const work = () => {
    outcome ??= start(run);
    return outcome;
  };
  try {
    tracer.startActiveSpan(`turnpike ${operation.name}`, { attributes: describe(operation) }, (span) => {
      if (outcome) return;
      work().then(
        () => end(span),
        (error: unknown) => end(span, errorType(error)),
      );
    });
  } catch {
    // The tracer's trouble is its own.
  }
  return work();
}

function start<T>(run: () => Promise<T>): Promise<T> {
  try {
    return run();
  } catch (error) {
    return Promise.reject(error);
  }
}

function describe({ route, scheme, network, facilitator }: Operation): Attributes {
  const attributes = {
    "turnpike.route": route,
    "turnpike.scheme": scheme,
    "turnpike.network": network,
    "turnpike.facilitator": facilitator,
  };
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value));
}

function end(span: Span, failure?: string): void {
  try {
    if (failure !== undefined) {
      span.setAttribute("error.type", failure);
      span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
    }
    span.end();
  } catch {
    // A rejection here would be unhandled, and end the process.
  }
}
