import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  answer,
  failure,
  hang,
  held,
  holdClock,
  inTurn,
  openPool,
  pass,
  requestFor,
  type Service,
  serves,
  startService,
  stopServices,
} from "../../../test/facilitators.js";

let a: Service;
let b: Service;

beforeEach(async () => {
  [a, b] = await Promise.all([startService(), startService(serves(["eip155:2"]))]);
});
afterEach(async () => {
  vi.useRealTimers();
  await stopServices();
});

/** Longer than a test may take: waiting for it fails the test. */
const FOR_EVER = 600_000;
const request = requestFor();
const other = requestFor("eip155:2");

describe("a facilitator that does not say what it supports", () => {
  it("delays nobody for long whom another one serves, and later ones not at all", async () => {
    a.answers.supported = hang;
    const pool = openPool([a, b], { supported: FOR_EVER });
    expect((await pool.verify(other)).facilitator).toBe(b.facilitator);
    expect(pool.peek("exact", "eip155:2")?.facilitator).toBe(b.facilitator);
    // With a stopped clock, waiting would not end.
    holdClock();
    expect((await pool.verify(other)).facilitator).toBe(b.facilitator);
  });

  it("is preferred again once it answers", async () => {
    b.answers.supported = serves();
    const gate = held();
    a.answers.supported = gate.answer;
    const pool = openPool([a, b], { supported: FOR_EVER });
    expect((await pool.verify(request)).facilitator).toBe(b.facilitator);
    const { version } = pool;
    gate.release(serves());
    await vi.waitFor(() => expect(pool.peek("exact", "eip155:1")?.facilitator).toBe(a.facilitator));
    expect(pool.version).toBeGreaterThan(version);
    expect((await pool.verify(request)).facilitator).toBe(a.facilitator);
  });

  it("is waited for where it may be preferred and answers soon", async () => {
    b.answers.supported = serves();
    const gate = held();
    a.answers.supported = gate.answer;
    const pool = openPool([a, b]);
    const verified = pool.verify(request);
    await vi.waitFor(() => expect(b.calls.supported).toBe(1));
    gate.release(serves());
    expect((await verified).facilitator).toBe(a.facilitator);
  });

  it("F19 is asked again by those who wait, so that it may come back while a question hangs", async () => {
    const gate = held();
    a.answers.supported = inTurn(gate.answer, serves());
    const pool = openPool([a], { supported: FOR_EVER });
    expect((await pool.find("exact", "eip155:1")).facilitator).toBe(a.facilitator);
    expect(a.calls.supported).toBe(2);
    const { version } = pool;
    const old = gate.waiting.map((response) => new Promise((resolve) => response.once("close", resolve)));
    gate.release(serves([]));
    await Promise.all(old);
    expect((await pool.verify(request)).facilitator).toBe(a.facilitator);
    expect(pool.version).toBe(version);
  });

  it("F19 fails those whom nobody else serves after the time limit", async () => {
    a.answers.supported = hang;
    const pool = openPool([a, b], { supported: 1_000 });
    expect(await failure(pool.verify(request))).toMatchObject({ code: "facilitator_timeout" });
    await vi.waitFor(() =>
      expect(pool.health()).toMatchObject([
        { state: "failing", ready: false, kinds: 0 },
        { state: "ready", ready: true },
      ]),
    );
  });

  it("F16 keeps no more than 1,000 requests waiting, and none of another network", async () => {
    const gate = held();
    a.answers.supported = gate.answer;
    a.answers.verify = answer(400, { isValid: false });
    const pool = openPool([a, b], { supported: FOR_EVER });
    const found = Promise.allSettled(Array.from({ length: 1_001 }, () => pool.find("exact", "eip155:1")));
    expect((await pool.verify(other)).facilitator).toBe(b.facilitator);
    expect(await failure(pool.verify(request))).toMatchObject({ code: "facilitator_busy", sent: false, retryAfter: 1 });
    gate.release(serves());
    expect((await found).filter(({ status }) => status === "fulfilled")).toHaveLength(1_000);
    expect((await pool.verify(request)).facilitator).toBe(a.facilitator);
  });

  it("does not stop the app, in whatever way it fails", async () => {
    a.facilitator = {
      ...a.facilitator,
      supported: () => {
        throw new TypeError("no promise yet");
      },
    };
    expect(await failure(openPool([a]).verify(request))).toMatchObject({ code: "facilitator_unreadable" });
    a.facilitator = { ...a.facilitator, supported: async () => ({ kinds: "all" }) as never };
    expect(await failure(openPool([a]).verify(request))).toMatchObject({ code: "facilitator_unreadable" });
  });
});

describe("what is supported", () => {
  it("is asked of all facilitators at once, and of each one once for all who wait", async () => {
    const gates = [held(), held()] as const;
    a.answers.supported = gates[0].answer;
    b.answers.supported = gates[1].answer;
    const pool = openPool([a, b]);
    const found = Promise.all(Array.from({ length: 20 }, () => pool.find("exact", "eip155:2")));
    await vi.waitFor(() => expect(gates.map(({ waiting }) => waiting.length)).toEqual([1, 1]));
    gates[0].release(serves());
    gates[1].release(serves(["eip155:2"]));
    expect((await found).every(({ facilitator }) => facilitator === b.facilitator)).toBe(true);
  });

  it("is not asked before somebody needs it", async () => {
    const pool = openPool([a, b]);
    expect(pool.peek("exact", "eip155:1")).toBeUndefined();
    pool.health();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([a.calls.supported, b.calls.supported]).toEqual([0, 0]);
  });

  it("decides that nobody serves only when all have answered", async () => {
    const pool = openPool([a, b]);
    expect(await failure(pool.verify(requestFor("eip155:3")))).toMatchObject({ code: "facilitator_unsupported" });
    expect(pool.peek("exact", "eip155:3")).toBeNull();
    await b.stop();
    const halved = openPool([a, b]);
    expect(await failure(halved.verify(requestFor("eip155:3")))).toMatchObject({ code: "facilitator_unreachable" });
    expect(halved.peek("exact", "eip155:3")).toBeUndefined();
  });

  it("brings in a facilitator that answered too late for a first payment, when the preferred one fails", async () => {
    const gate = held();
    b.answers.supported = gate.answer;
    a.answers.verify = (response) => {
      gate.release(serves());
      answer(500, {})(response);
    };
    expect((await openPool([a, b]).verify(request)).facilitator).toBe(b.facilitator);
  });
});

describe("recovery", () => {
  it("F19 from a wait of an hour at the first question takes three seconds", async () => {
    holdClock();
    a.answers.supported = answer(429, {}, { "retry-after": "3600" });
    const pool = openPool([a]);
    expect(await failure(pool.verify(request))).toMatchObject({
      code: "facilitator_status",
      status: 429,
      retryAfter: 5,
    });
    a.answers.supported = serves();
    pass(2_900);
    expect(await failure(pool.verify(request))).toMatchObject({ code: "facilitator_status" });
    expect(a.calls.supported).toBe(1);
    pass(100);
    expect((await pool.verify(request)).answer).toEqual({ isValid: true });
  });

  it.each([
    ["an error", answer(500, {})],
    ["an empty list", answer(200, { kinds: [] })],
    ["a list that lacks the kind", serves(["eip155:9"])],
    ["nonsense", answer(200, [])],
  ])("F19 from %s takes a second", async (_, fault) => {
    holdClock();
    a.answers.supported = fault;
    const pool = openPool([a]);
    await failure(pool.verify(request));
    a.answers.supported = serves();
    pass(1_001);
    expect((await pool.verify(request)).answer).toEqual({ isValid: true });
  });

  it.each([
    ["an error", answer(500, {})],
    ["an empty list", serves([])],
  ])("F19 from %s is noticed by payments that others serve in the meantime", async (_, fault) => {
    holdClock();
    a.answers.supported = fault;
    b.answers.supported = serves();
    const pool = openPool([a, b]);
    expect((await pool.verify(request)).facilitator).toBe(b.facilitator);
    a.answers.supported = serves();
    pass(1_001);
    await pool.verify(request);
    await vi.waitFor(() => expect(pool.peek("exact", "eip155:1")?.facilitator).toBe(a.facilitator));
  });

  it("keeps what is known while a later question fails", async () => {
    holdClock();
    const pool = openPool([a]);
    await pool.verify(request);
    a.answers.supported = answer(500, {});
    pass(300_001);
    expect((await pool.verify(request)).answer).toEqual({ isValid: true });
    await vi.waitFor(() => expect(a.calls.supported).toBe(2));
    expect((await pool.verify(request)).answer).toEqual({ isValid: true });
    expect(pool.health()).toMatchObject([{ state: "ready", ready: true }]);
  });
});
