import { metrics } from "@opentelemetry/api";
import { type DataPoint, DataPointType, type Histogram, MeterProvider, MetricReader } from "@opentelemetry/sdk-metrics";
import type { PaymentRecord, PaymentState, PaywallEvent } from "@turnpike/core";
import { afterEach, describe, expect, it, vi } from "vitest";
import { openTelemetry, type WatchedHealth } from "../src/index.js";

class MemoryReader extends MetricReader {
  protected override async onShutdown() {}
  protected override async onForceFlush() {}
}

const providers: MeterProvider[] = [];
afterEach(async () => {
  vi.useRealTimers();
  metrics.disable();
  await Promise.all(providers.splice(0).map((provider) => provider.shutdown()));
});

function startMeter() {
  const reader = new MemoryReader();
  const provider = new MeterProvider({ readers: [reader] });
  providers.push(provider);
  const collect = async () => {
    const { resourceMetrics, errors } = await reader.collect();
    expect(errors).toEqual([]);
    return resourceMetrics.scopeMetrics.flatMap((scope) => scope.metrics);
  };
  return {
    provider,
    meter: provider.getMeter("test"),
    collect,
    /** What a metric says, by its attributes. */
    read: async (name: string) => {
      const metric = (await collect()).find(({ descriptor }) => descriptor.name === name);
      const points = (metric?.dataPoints ?? []) as DataPoint<number | Histogram>[];
      return points.map(({ attributes, value }) => [attributes, value]);
    },
  };
}

const PAYER = "0x857b06519E91e3A54538791bDbb0E22373e36b66";
const ID = `eip155:84532:0x036cbd53842c5426634e7929541ec2318f3dcf7e:${PAYER.toLowerCase()}:0xf374`;

const payment = (more: Partial<PaymentRecord> = {}): PaymentRecord => ({
  id: ID,
  version: 1,
  state: "running",
  route: "GET /weather",
  request: "GET /weather?city=Graz",
  offer: {
    scheme: "exact",
    network: "eip155:84532",
    amount: "10000",
    asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
    payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
    maxTimeoutSeconds: 120,
  },
  payer: PAYER,
  facilitator: "https://facilitator.example",
  runs: 1,
  createdAt: 1_000_000,
  updatedAt: 1_000_000,
  times: {},
  ...more,
});

/** The events of a payment that goes through these states, at these milliseconds. */
function course(steps: readonly (readonly [PaymentState, number])[], more: Partial<PaymentRecord> = {}) {
  let times: PaymentRecord["times"] = {};
  let before: PaymentState | undefined;
  return steps.map(([state, at], index): PaywallEvent => {
    times = { ...times, [state]: at };
    const record = payment({ ...more, state, times, version: index + 1 });
    const event: PaywallEvent = { type: "payment", at: at + 3, state, ...(before ? { before } : {}), payment: record };
    before = state;
    return event;
  });
}

const tell = (observer: { event(event: PaywallEvent): void }, events: readonly PaywallEvent[]) => {
  for (const event of events) observer.event(event);
};

const whole: [PaymentState, number][] = [
  ["running", 1_000],
  ["settling", 2_000],
  ["settled", 2_750],
  ["delivered", 2_760],
];

describe("payments", () => {
  it("are counted by the state that they come to and by route", async () => {
    const { meter, read } = startMeter();
    const observer = openTelemetry({ meter });
    tell(observer, course(whole));
    tell(observer, course(whole));
    tell(
      observer,
      course(
        [
          ["running", 1_000],
          ["released", 1_200],
        ],
        { route: "GET /dear" },
      ),
    );
    expect(await read("turnpike.payments")).toEqual([
      [{ "turnpike.state": "running", "turnpike.route": "GET /weather" }, 2],
      [{ "turnpike.state": "settling", "turnpike.route": "GET /weather" }, 2],
      [{ "turnpike.state": "settled", "turnpike.route": "GET /weather" }, 2],
      [{ "turnpike.state": "delivered", "turnpike.route": "GET /weather" }, 2],
      [{ "turnpike.state": "running", "turnpike.route": "GET /dear" }, 1],
      [{ "turnpike.state": "released", "turnpike.route": "GET /dear" }, 1],
    ]);
  });

  it("whose settlement is sent once more come to `settling` once", async () => {
    const { meter, read } = startMeter();
    tell(
      openTelemetry({ meter }),
      course([
        ["running", 1_000],
        ["settling", 2_000],
        ["settling", 3_000],
      ]),
    );
    expect(await read("turnpike.payments")).toEqual([
      [{ "turnpike.state": "running", "turnpike.route": "GET /weather" }, 1],
      [{ "turnpike.state": "settling", "turnpike.route": "GET /weather" }, 1],
    ]);
  });

  it("tell 200 routes apart, and count the rest as one", async () => {
    const { meter, read } = startMeter();
    const observer = openTelemetry({ meter });
    for (let item = 0; item < 210; item++) {
      tell(observer, course([["running", 1_000]], { route: `GET /items/${item}` }));
    }
    tell(observer, course([["running", 1_000]], { route: "GET /items/0" }));
    const counts = await read("turnpike.payments");
    expect(counts).toHaveLength(201);
    expect(counts.at(0)).toEqual([{ "turnpike.state": "running", "turnpike.route": "GET /items/0" }, 2]);
    expect(counts.at(-1)).toEqual([{ "turnpike.state": "running", "turnpike.route": "_OTHER" }, 10]);
  });
});

describe("revenue", () => {
  const dollars = { "turnpike.network": "eip155:84532", "turnpike.asset": payment().offer.asset };

  it("is what was charged, in atomic units by network and asset, once for each payment", async () => {
    const { meter, read } = startMeter();
    const observer = openTelemetry({ meter });
    tell(observer, course(whole));
    // Charged, not delivered, and collected later.
    tell(observer, course([...whole.slice(0, 3), ["owed", 3_000], ["running", 4_000], ["delivered", 4_100]]));
    // Found on the chain.
    tell(
      observer,
      course([...whole.slice(0, 2), ["unknown", 3_000], ["settling", 9_000], ["settled", 9_100], ["owed", 9_200]]),
    );
    const other = { ...payment().offer, network: "eip155:8453", asset: "0xEUR", amount: "5" };
    tell(observer, course(whole, { offer: other }));
    expect(await read("turnpike.revenue")).toEqual([
      [dollars, 30_000],
      [{ "turnpike.network": "eip155:8453", "turnpike.asset": "0xEUR" }, 5],
    ]);
  });

  it("is the receipt's amount where that is less than what was offered", async () => {
    const { meter, read } = startMeter();
    const receipt = { success: true, transaction: "0x1", network: "eip155:84532", amount: "1234" };
    tell(openTelemetry({ meter }), course(whole, { receipt }));
    expect(await read("turnpike.revenue")).toEqual([[dollars, 1_234]]);
  });

  it("is nothing for payments that failed, were released or are unknown", async () => {
    const { meter, read } = startMeter();
    const observer = openTelemetry({ meter });
    for (const state of ["failed", "released", "unknown"] as const) {
      tell(observer, course([...whole.slice(0, 2), [state, 3_000]]));
    }
    expect(await read("turnpike.revenue")).toEqual([]);
  });

  it("stays right to fifteen digits beyond 2^53 atomic units", async () => {
    const { meter, read } = startMeter();
    const observer = openTelemetry({ meter });
    const offer = { ...payment().offer, amount: "1234567890123456789012" };
    tell(observer, course(whole, { offer }));
    tell(observer, course(whole, { offer }));
    const [found] = await read("turnpike.revenue");
    expect(Math.abs(Number(found?.[1]) / 2.469135780246914e21 - 1)).toBeLessThan(1e-15);
  });
});

describe("the duration of settlements", () => {
  const network = { "turnpike.network": "eip155:84532", "turnpike.facilitator": "https://facilitator.example" };

  it("runs from `settling` to the outcome, in seconds, by outcome, network and facilitator", async () => {
    const { meter, collect } = startMeter();
    const observer = openTelemetry({ meter });
    tell(observer, course(whole));
    tell(observer, course([...whole.slice(0, 2), ["failed", 2_250]], { reason: "insufficient_funds" }));
    tell(observer, course([...whole.slice(0, 2), ["unknown", 32_000], ["settling", 40_000], ["settled", 40_500]]));
    tell(observer, course([...whole.slice(0, 2), ["released", 2_100]]));
    const metric = (await collect()).find(({ descriptor }) => descriptor.name === "turnpike.settle.duration");
    expect(metric?.descriptor.unit).toBe("s");
    expect(metric?.dataPointType).toBe(DataPointType.HISTOGRAM);
    const points = (metric?.dataPoints ?? []) as DataPoint<Histogram>[];
    expect(points.map(({ attributes, value: { count, sum, min, max } }) => [attributes, count, sum, min, max])).toEqual(
      [
        [{ ...network, "turnpike.state": "settled" }, 2, 1.25, 0.5, 0.75],
        [{ ...network, "turnpike.state": "failed", "error.type": "insufficient_funds" }, 1, 0.25, 0.25, 0.25],
        [{ ...network, "turnpike.state": "unknown", "error.type": "_OTHER" }, 1, 30, 30, 30],
      ],
    );
  });
});

describe("refusals and alerts", () => {
  it("are counted by code", async () => {
    const { meter, read } = startMeter();
    const observer = openTelemetry({ meter });
    const refused = (code: string, route: string): PaywallEvent => ({ type: "refused", at: 1, route, code });
    tell(observer, [
      refused("payment_invalid", "GET /a"),
      refused("payment_invalid", "GET /b"),
      refused("offer_mismatch", "GET /a"),
      { type: "alert", at: 1, code: "settlement_contradicted", payment: payment() },
      { type: "alert", at: 2, code: "store_failed" },
      { type: "alert", at: 3, code: "store_failed" },
    ]);
    expect(await read("turnpike.refused")).toEqual([
      [{ "turnpike.code": "payment_invalid" }, 2],
      [{ "turnpike.code": "offer_mismatch" }, 1],
    ]);
    expect(await read("turnpike.alerts")).toEqual([
      [{ "turnpike.code": "settlement_contradicted" }, 1],
      [{ "turnpike.code": "store_failed" }, 2],
    ]);
  });
});

describe("what is open", () => {
  const facilitator = (id: string, ready: boolean) =>
    ({ id, ready, state: ready ? "ready" : "open", kinds: 1, open: [] }) as const;
  const health = (more: Partial<WatchedHealth> = {}): WatchedHealth => ({
    store: { ready: true },
    open: { unknown: { count: 3, oldestSeconds: 61.5 }, owed: { count: 1, oldestSeconds: 7_200 } },
    facilitators: [
      { id: "https://a.example", ready: true },
      { id: "https://b.example", ready: false },
    ],
    ...more,
  });
  const gauges = ["unknown.open", "unknown.oldest_age", "owed.open", "owed.oldest_age"].map(
    (name) => `turnpike.${name}`,
  );
  const readAll = async ({ collect }: ReturnType<typeof startMeter>) => {
    const found = await collect();
    return gauges.map(
      (name) => found.find((one) => one.descriptor.name === name)?.dataPoints.map(({ value }) => value) ?? [],
    );
  };

  it("is read from a watched paywall whenever metrics are collected", async () => {
    const meter = startMeter();
    const now = [
      health(),
      health({ open: { unknown: { count: 0, oldestSeconds: 0 }, owed: { count: 0, oldestSeconds: 0 } } }),
    ];
    openTelemetry(meter).watch({ health: async () => now.shift() ?? health() });
    expect(await readAll(meter)).toEqual([[3], [61.5], [1], [7_200]]);
    expect(await readAll(meter)).toEqual([[0], [0], [0], [0]]);
  });

  it("is added up over several paywalls, with the age of the oldest", async () => {
    const meter = startMeter();
    const observer = openTelemetry(meter);
    observer.watch({ health: async () => health() });
    observer.watch({
      health: async () =>
        health({ open: { unknown: { count: 2, oldestSeconds: 100 }, owed: { count: 5, oldestSeconds: 5 } } }),
    });
    expect(await readAll(meter)).toEqual([[5], [100], [6], [7_200]]);
  });

  it("is not shown while the store cannot be asked, and again once it can", async () => {
    const meter = startMeter();
    const observer = openTelemetry(meter);
    const answers = [
      () => Promise.reject(new Error("The store is down")),
      () => {
        throw new Error("The store is down at once");
      },
      async () => health(),
    ];
    observer.watch({ health: () => (answers.shift() as () => Promise<WatchedHealth>)() });
    tell(observer, course([["running", 1_000]]));
    expect(await readAll(meter)).toEqual([[], [], [], []]);
    expect(await readAll(meter)).toEqual([[], [], [], []]);
    expect(await readAll(meter)).toEqual([[3], [61.5], [1], [7_200]]);
  });

  it("is not shown in part, while one store of several cannot be asked", async () => {
    const meter = startMeter();
    const observer = openTelemetry(meter);
    observer.watch({ health: async () => health() });
    const stop = observer.watch({ health: () => Promise.reject(new Error("The store is down")) });
    expect(await readAll(meter)).toEqual([[], [], [], []]);
    stop();
    expect(await readAll(meter)).toEqual([[3], [61.5], [1], [7_200]]);
  });

  it("holds up the other metrics for five seconds at most where the store hangs", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const meter = startMeter();
    const observer = openTelemetry(meter);
    observer.watch({ health: () => new Promise(() => {}) });
    tell(observer, course([["running", 1_000]]));
    const found = meter.read("turnpike.payments");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(await found).toHaveLength(1);
  });

  it("is not shown as nothing where the store does not answer", async () => {
    const meter = startMeter();
    const none = { count: 0, oldestSeconds: 0 };
    openTelemetry(meter).watch({
      health: async () => health({ store: { ready: false }, open: { unknown: none, owed: none } }),
    });
    expect(await readAll(meter)).toEqual([[], [], [], []]);
    expect(await meter.read("turnpike.facilitator.ready")).toHaveLength(2);
  });

  it("is not asked again while an answer is awaited", async () => {
    const meter = startMeter();
    let asked = 0;
    let answer = (_health: WatchedHealth) => {};
    const answered = new Promise<WatchedHealth>((resolve) => {
      answer = resolve;
    });
    openTelemetry(meter).watch({
      health: () => {
        asked++;
        return answered;
      },
    });
    const both = [readAll(meter), readAll(meter)];
    answer(health());
    expect(await Promise.all(both)).toEqual([
      [[3], [61.5], [1], [7_200]],
      [[3], [61.5], [1], [7_200]],
    ]);
    expect(asked).toBe(1);
  });

  it("is not read any more once the watch has ended", async () => {
    const meter = startMeter();
    let asked = 0;
    const stop = openTelemetry(meter).watch({
      health: async () => {
        asked++;
        return health();
      },
    });
    stop();
    expect(await readAll(meter)).toEqual([[], [], [], []]);
    expect(asked).toBe(0);
  });

  it("has the readiness of each facilitator, by health and by events", async () => {
    const { meter, read } = startMeter();
    const observer = openTelemetry({ meter });
    const stop = observer.watch({ health: async () => health() });
    expect(await read("turnpike.facilitator.ready")).toEqual([
      [{ "turnpike.facilitator": "https://a.example" }, 1],
      [{ "turnpike.facilitator": "https://b.example" }, 0],
    ]);
    stop();
    tell(observer, [
      { type: "facilitator", at: 1, health: facilitator("https://a.example", false) },
      { type: "facilitator", at: 2, health: facilitator("https://b.example", true) },
    ]);
    expect(await read("turnpike.facilitator.ready")).toEqual([
      [{ "turnpike.facilitator": "https://a.example" }, 0],
      [{ "turnpike.facilitator": "https://b.example" }, 1],
    ]);
  });
});

describe("metrics as a whole", () => {
  it("name no payer and no payment", async () => {
    const { meter, collect } = startMeter();
    const observer = openTelemetry({ meter });
    tell(observer, course(whole, { transaction: "0xabcdef", identifier: "9f8e7d", proof: "1a2b3c" }));
    tell(observer, [
      { type: "alert", at: 1, code: "answered_unpaid", payment: payment() },
      { type: "refused", at: 1, route: `GET /orders/${PAYER}`, code: "payment_used" },
    ]);
    const all = JSON.stringify(await collect());
    expect(all).toContain("turnpike.alerts");
    for (const secret of [PAYER, PAYER.toLowerCase(), ID, "0xf374", "0xabcdef", "9f8e7d", "1a2b3c", "Graz"]) {
      expect(all).not.toContain(secret);
    }
  });

  it("come from the global provider by default, under the name that was given", async () => {
    const { provider, collect } = startMeter();
    const observer = openTelemetry({ name: "shop" });
    metrics.setGlobalMeterProvider(provider);
    tell(observer, course([["running", 1_000]]));
    expect((await collect()).map(({ descriptor }) => descriptor.name)).toContain("turnpike.payments");
  });
});
