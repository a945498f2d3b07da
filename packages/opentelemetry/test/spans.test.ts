import { context, type Span, type SpanOptions, type Tracer, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { FacilitatorError } from "@turnpike/core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openTelemetry } from "../src/index.js";

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracer = provider.getTracer("test");

beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterEach(() => exporter.reset());
afterAll(async () => {
  context.disable();
  trace.disable();
  await provider.shutdown();
});

const tick = () => new Promise((resolve) => setImmediate(resolve));
const finished = () => exporter.getFinishedSpans();
const only = () => {
  expect(finished()).toHaveLength(1);
  return finished()[0] as (typeof spans)[number];
};
const spans = exporter.getFinishedSpans();

describe("a span of an operation", () => {
  it("is named by the operation and says route, scheme, network and facilitator", async () => {
    await openTelemetry({ tracer }).trace(
      {
        name: "settle",
        route: "GET /weather",
        scheme: "exact",
        network: "eip155:84532",
        facilitator: "https://facilitator.example",
      },
      async () => "done",
    );
    const { name, attributes, status } = only();
    expect(name).toBe("turnpike settle");
    expect(attributes).toEqual({
      "turnpike.route": "GET /weather",
      "turnpike.scheme": "exact",
      "turnpike.network": "eip155:84532",
      "turnpike.facilitator": "https://facilitator.example",
    });
    expect(status).toEqual({ code: 0 });
  });

  it("has no attributes for what the operation does not say", async () => {
    await openTelemetry({ tracer }).trace({ name: "reconcile", route: "" }, async () => undefined);
    expect(only().attributes).toEqual({});
  });

  it("nests under the span that is active, and holds the spans of its work, across awaits", async () => {
    const { trace: observe } = openTelemetry({ tracer });
    await tracer.startActiveSpan("request", async (request: Span) => {
      await tick();
      await observe({ name: "reconcile" }, async () => {
        await tick();
        await observe({ name: "settle" }, async () => {
          await tick();
          tracer.startSpan("http").end();
        });
      });
      await tick();
      await observe({ name: "verify" }, tick);
      request.end();
    });
    const parents = finished().map(({ name, parentSpanContext }) => [
      name,
      finished().find((span) => span.spanContext().spanId === parentSpanContext?.spanId)?.name,
    ]);
    expect(Object.fromEntries(parents)).toEqual({
      http: "turnpike settle",
      "turnpike settle": "turnpike reconcile",
      "turnpike reconcile": "request",
      "turnpike verify": "request",
      request: undefined,
    });
  });

  it("keeps operations that run at the same time apart", async () => {
    const { trace: observe } = openTelemetry({ tracer });
    const work = (name: "verify" | "settle", inner: string) =>
      observe({ name }, async () => {
        await tick();
        tracer.startSpan(inner).end();
      });
    await Promise.all([work("verify", "a"), work("settle", "b")]);
    const nameOf = (id: string | undefined) => finished().find((span) => span.spanContext().spanId === id)?.name;
    const inner = finished().filter(({ name }) => name === "a" || name === "b");
    expect(inner.map(({ name, parentSpanContext }) => [name, nameOf(parentSpanContext?.spanId)])).toEqual([
      ["a", "turnpike verify"],
      ["b", "turnpike settle"],
    ]);
  });

  it("ends once, when the work has ended", async () => {
    let ends = 0;
    const counted = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).getTracer(
      "counted",
    );
    const counting = {
      startActiveSpan: (name: string, options: SpanOptions, work: (span: Span) => unknown) =>
        counted.startActiveSpan(name, options, (span) => {
          const end = span.end.bind(span);
          span.end = (time) => {
            ends++;
            end(time);
          };
          return work(span);
        }),
    } as unknown as Tracer;
    let release = () => {};
    const work = openTelemetry({ tracer: counting }).trace(
      { name: "verify" },
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    await tick();
    expect([ends, finished().length]).toEqual([0, 0]);
    release();
    await work;
    await tick();
    expect([ends, finished().length]).toEqual([1, 1]);
  });

  it("takes the tracer of the global provider by default, also one that is registered later", async () => {
    const { trace: observe } = openTelemetry({ name: "shop" });
    trace.setGlobalTracerProvider(provider);
    await observe({ name: "verify" }, tick);
    expect(only().instrumentationScope.name).toBe("shop");
  });
});

describe("an operation that fails", () => {
  it("rejects with the same error, and marks its span with the error's code and nothing of its message", async () => {
    const error = new FacilitatorError("facilitator_timeout", "secret words", {
      sent: true,
      cause: new Error("more secret words"),
    });
    const outcome = openTelemetry({ tracer }).trace({ name: "settle" }, async () => {
      await tick();
      throw error;
    });
    await expect(outcome).rejects.toBe(error);
    const span = only();
    expect(span.status).toEqual({ code: 2, message: "facilitator_timeout" });
    expect(span.attributes).toEqual({ "error.type": "facilitator_timeout" });
    expect(span.events).toEqual([]);
    expect(JSON.stringify([span.status, span.attributes, span.events])).not.toContain("secret");
  });

  it("is of another type where its error has no code, or text in the code's place", async () => {
    const { trace: observe } = openTelemetry({ tracer });
    const failures = [
      new Error("secret"),
      "secret",
      null,
      { code: 42 },
      { code: "secret words of a facilitator" },
      { code: `a${"b".repeat(64)}` },
    ];
    for (const failure of failures) {
      const outcome = observe({ name: "reconcile" }, () => Promise.reject(failure));
      await expect(outcome).rejects.toBe(failure);
    }
    expect(finished().map(({ status }) => status.message)).toEqual(failures.map(() => "_OTHER"));
  });

  it("rejects where the work throws before there is a promise", async () => {
    const error = new Error("early");
    const outcome = openTelemetry({ tracer }).trace({ name: "reconcile" }, () => {
      throw error;
    });
    await expect(outcome).rejects.toBe(error);
    expect(only().status.code).toBe(2);
  });
});

describe("a tracer in trouble", () => {
  const broken = (startActiveSpan: (...args: never[]) => unknown) => ({ startActiveSpan }) as unknown as Tracer;
  const count = (faulty: Tracer) => {
    let runs = 0;
    const outcome = openTelemetry({ tracer: faulty }).trace({ name: "settle" }, async () => {
      runs++;
      await tick();
      return "paid";
    });
    return outcome.then((value) => ({ value, runs }));
  };

  it("that throws before the work leaves it to run once", async () => {
    const faulty = broken(() => {
      throw new Error("no tracer");
    });
    expect(await count(faulty)).toEqual({ value: "paid", runs: 1 });
  });

  it("that throws after the work has begun does not make it run again", async () => {
    const faulty = broken((_name, _options, work: (span: Span) => void) => {
      work(tracer.startSpan("span"));
      throw new Error("late");
    });
    expect(await count(faulty)).toEqual({ value: "paid", runs: 1 });
  });

  it("that never calls the work leaves it to run once", async () => {
    expect(await count(broken(() => undefined))).toEqual({ value: "paid", runs: 1 });
  });

  it("that calls the work twice runs it once", async () => {
    const faulty = broken((_name, _options, work: (span: Span) => void) => {
      work(tracer.startSpan("span"));
      work(tracer.startSpan("span"));
    });
    expect(await count(faulty)).toEqual({ value: "paid", runs: 1 });
  });

  it("whose spans throw changes neither an outcome nor an error", async () => {
    const fail = () => {
      throw new Error("broken span");
    };
    const span = { setAttribute: fail, setStatus: fail, end: fail } as unknown as Span;
    const faulty = broken((_name, _options, work: (span: Span) => void) => work(span));
    expect(await count(faulty)).toEqual({ value: "paid", runs: 1 });
    const error = new Error("refused");
    await expect(openTelemetry({ tracer: faulty }).trace({ name: "settle" }, () => Promise.reject(error))).rejects.toBe(
      error,
    );
  });
});
