import { context } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { type DataPoint, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { createPaywall, memoryStore } from "@turnpike/core";
import type { PaymentRequired } from "@turnpike/core/protocol";
import { decodeHeader, encodeHeader, faults, payer, startFacilitator, type TestFacilitator } from "@turnpike/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openTelemetry } from "../src/index.js";

class MemoryReader extends MetricReader {
  protected override async onShutdown() {}
  protected override async onForceFlush() {}
}

const exporter = new InMemorySpanExporter();
const tracer = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).getTracer("test");
beforeAll(() => context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()));
afterAll(() => context.disable());

let facilitator: TestFacilitator;
beforeEach(async () => {
  facilitator = await startFacilitator();
});
afterEach(async () => {
  exporter.reset();
  await facilitator.close();
});

/** A paywall that is observed, and what a buyer does at its one route. */
function openShop() {
  const reader = new MemoryReader();
  const meter = new MeterProvider({ readers: [reader] }).getMeter("test");
  const telemetry = openTelemetry({ tracer, meter });
  const tolls = createPaywall({
    payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
    network: "base-sepolia",
    facilitator: facilitator.url,
    store: memoryStore(),
    reconcileSeconds: 0,
    observe: telemetry,
  });
  telemetry.watch(tolls);
  const route = tolls.price({ price: "$0.01" }, "GET /weather");
  const ask = (signature?: string) =>
    route.admit({
      method: "GET",
      raw: {},
      header: (name) => (name === "payment-signature" ? signature : undefined),
      url: () => "https://shop.test/weather",
      params: () => ({}),
      address: () => undefined,
    });
  const sign = async () => {
    const unpaid = await ask();
    if (unpaid.type !== "reply") throw new Error("The route asks no payment");
    const header = unpaid.reply.headers.find(([name]) => name.toLowerCase() === "payment-required");
    return encodeHeader(await payer().sign(decodeHeader(header?.[1] ?? "") as PaymentRequired));
  };
  return {
    tolls,
    /** Pays and gets the answer, in a span of the request's own. */
    buy: async () => {
      const signature = await sign();
      await tracer.startActiveSpan("request", async (span) => {
        const decision = await ask(signature);
        if (decision.type === "admit") {
          const body = new TextEncoder().encode("sunny");
          await decision.ticket.conclude({ status: 200, aborted: false, whole: true, headers: () => [], body });
          await decision.ticket.delivered(true);
        }
        span.end();
      });
    },
    /** What each metric says, by name; events come after the fact. */
    read: async () => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      const { resourceMetrics } = await reader.collect();
      const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
      return Object.fromEntries(
        all.map(({ descriptor, dataPoints }) => [
          descriptor.name,
          (dataPoints as DataPoint<unknown>[]).map(({ attributes, value }) => [
            Object.values(attributes).join(" "),
            value,
          ]),
        ]),
      );
    },
  };
}

const dollar = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";

describe("a paywall that is observed", () => {
  it("shows a purchase in spans below its request, and in metrics", async () => {
    const shop = openShop();
    await shop.buy();
    const spans = exporter.getFinishedSpans();
    const request = spans.find(({ name }) => name === "request");
    for (const name of ["turnpike verify", "turnpike settle"]) {
      const span = spans.find((one) => one.name === name);
      expect(span?.parentSpanContext?.spanId).toBe(request?.spanContext().spanId);
      expect(span?.attributes).toMatchObject({ "turnpike.scheme": "exact", "turnpike.network": "eip155:84532" });
    }
    const metrics = await shop.read();
    expect(metrics["turnpike.payments"]).toEqual(
      ["running", "settling", "settled", "delivered"].map((state) => [`${state} GET /weather`, 1]),
    );
    expect(metrics["turnpike.revenue"]).toEqual([[`eip155:84532 ${dollar}`, 10_000]]);
    expect(metrics["turnpike.settle.duration"]).toEqual([
      [`settled eip155:84532 ${facilitator.url}`, expect.objectContaining({ count: 1 })],
    ]);
    expect(metrics["turnpike.unknown.open"]).toEqual([["", 0]]);
    expect(metrics["turnpike.facilitator.ready"]).toEqual([[facilitator.url, 1]]);
  });

  it("shows a settlement that nobody knows about as open, until it is resolved", async () => {
    const shop = openShop();
    facilitator.always("settle", faults.resetAfterAccept());
    await shop.buy();
    const before = await shop.read();
    expect(before["turnpike.unknown.open"]).toEqual([["", 1]]);
    expect(before["turnpike.revenue"]).toBeUndefined();
    const failed = exporter.getFinishedSpans().find(({ name }) => name === "turnpike settle");
    expect(failed?.status).toEqual({ code: 2, message: "facilitator_disconnected" });

    const [unknown] = (await shop.tolls.payments({ states: ["unknown"] })).payments;
    const { transaction = "" } = facilitator.charges.at(-1) ?? {};
    await shop.tolls.resolve(unknown?.id ?? "", "settled", { transaction });
    const after = await shop.read();
    expect(after["turnpike.unknown.open"]).toEqual([["", 0]]);
    expect(after["turnpike.owed.open"]).toEqual([["", 1]]);
    expect(after["turnpike.revenue"]).toEqual([[`eip155:84532 ${dollar}`, 10_000]]);
  });

  it("shows a payment that the facilitator refuses", async () => {
    const shop = openShop();
    facilitator.always("verify", faults.invalid("insufficient_funds"));
    await shop.buy();
    const metrics = await shop.read();
    expect(metrics["turnpike.payments"]).toBeUndefined();
    expect(metrics["turnpike.refused"]).toEqual([["insufficient_funds", 1]]);
  });
});
