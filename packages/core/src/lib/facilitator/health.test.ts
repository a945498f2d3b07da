import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  answer,
  broken,
  failure,
  hang,
  holdClock,
  openPool,
  pass,
  requestFor,
  type Service,
  serves,
  startService,
  stopServices,
  TIMEOUTS,
  valid,
} from "../../../test/facilitators.js";
import { createPool } from "./pool.js";

let a: Service;

beforeEach(async () => {
  holdClock();
  a = await startService();
});
afterEach(async () => {
  vi.useRealTimers();
  await stopServices();
});

const request = requestFor();

describe("health", () => {
  it("tells of each facilitator what is known, and what it came to", async () => {
    const pool = openPool([a]);
    const { id } = a.facilitator;
    const began = Date.now();
    expect(pool.health()).toEqual([{ id, state: "unknown", ready: false, kinds: 0, open: [] }]);
    await pool.verify(request);
    const since = expect.any(Number);
    expect(pool.health()).toEqual([{ id, state: "ready", ready: true, since, kinds: 1, open: [] }]);
    expect(pool.health()[0]?.since).toBeGreaterThanOrEqual(began);

    a.answers.verify = answer(500, { error: "SECRET" });
    const failing = { id, since, kinds: 1, error: "facilitator_status" };
    await failure(pool.verify(request));
    expect(pool.health()).toEqual([{ ...failing, state: "failing", ready: true, open: [] }]);
    for (let call = 0; call < 4; call++) await failure(pool.verify(request));
    expect(pool.health()).toEqual([{ ...failing, state: "open", ready: false, open: ["eip155:1"] }]);

    a.answers.verify = valid;
    pass(1_000);
    await pool.verify(request);
    expect(pool.health()).toEqual([{ id, state: "ready", ready: true, since, kinds: 1, open: [] }]);
    expect(pool.told.map(({ state }) => state)).toEqual(["ready", "failing", "open", "ready"]);
    expect(pool.told.every((told) => told.id === id)).toBe(true);
  });

  it("does not mind an observer that throws", async () => {
    const onChange = vi.fn(() => {
      throw new Error("observer");
    });
    const pool = createPool([a.facilitator], TIMEOUTS, { takenOver: () => [], onChange });
    expect((await pool.verify(request)).answer).toEqual({ isValid: true });
    expect(onChange).toHaveBeenCalled();
  });

  it("counts only what is listed for version 2, and is not ready with nothing", async () => {
    a.answers.supported = answer(200, { kinds: [{ x402Version: 1, scheme: "exact", network: "base" }] });
    const pool = openPool([a]);
    expect(await pool.check()).toMatchObject([{ state: "ready", ready: false, kinds: 0 }]);
  });
});

describe("a check of health", () => {
  it("F19 finds out at start, and again after a failure, without any payment", async () => {
    const b = await startService(answer(429, {}, { "retry-after": "3600" }));
    const pool = openPool([a, b]);
    const error = "facilitator_status";
    expect(await pool.check()).toMatchObject([{ ready: true }, { ready: false, state: "failing", error }]);
    b.answers.supported = serves();
    expect(await pool.check()).toMatchObject([{ ready: true }, { ready: false }]);
    pass(3_000);
    expect(await pool.check()).toMatchObject([{ ready: true }, { ready: true }]);
    expect([a.calls.supported, b.calls.supported]).toEqual([1, 2]);
  });

  it("finds an open breaker's facilitator back after its pause, so that traffic that waits for it comes again", async () => {
    const pool = openPool([a]);
    a.answers.verify = broken;
    for (let call = 0; call < 5; call++) await failure(pool.verify(request));
    expect(await pool.check()).toMatchObject([{ ready: false, state: "open" }]);
    a.answers.verify = valid;
    pass(1_001);
    expect(await pool.check()).toMatchObject([{ ready: true, state: "failing" }]);
    expect(a.calls.verify).toBe(5);
    await pool.verify(request);
    expect(await pool.check()).toMatchObject([{ ready: true, state: "ready" }]);
  });

  it("F16 does not wait for one that hangs, nor ask it over and over", async () => {
    a.answers.supported = hang;
    const pool = openPool([a], { supported: 600_000 });
    const checks = await Promise.all(Array.from({ length: 20 }, () => pool.check()));
    expect(checks.flat().every(({ ready }) => !ready)).toBe(true);
    expect(a.calls.supported).toBe(1);
  });
});
