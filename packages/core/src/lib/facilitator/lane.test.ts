import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  failure,
  held,
  openPool,
  requestFor,
  type Service,
  serves,
  settled,
  startService,
  stopServices,
  valid,
} from "../../../test/facilitators.js";

let a: Service;
let b: Service;

beforeEach(async () => {
  [a, b] = await Promise.all([startService(), startService()]);
});
afterEach(stopServices);

const request = requestFor();
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);

/** As many calls of one kind as it takes until a facilitator holds so many. */
async function fill(count: number, waiting: unknown[], make: () => Promise<unknown>): Promise<Promise<unknown>[]> {
  const calls = times(count, make);
  await vi.waitFor(() => expect(waiting).toHaveLength(count), { timeout: 10_000 });
  return calls;
}

describe("the room of a facilitator", () => {
  it("has place for 64 verifications and 64 settlements at once", async () => {
    const gate = held();
    a.answers.verify = gate.answer;
    const pool = openPool([a]);
    const verifying = await fill(64, gate.waiting, () => pool.verify(request));
    gate.release(valid);
    await Promise.all(verifying);
    a.answers.settle = gate.answer;
    const settling = await fill(64, gate.waiting, () => pool.settle(a.facilitator, request));
    gate.release(settled);
    await Promise.all(settling);
  });

  it("F16 is 256 calls, of which settlements are left 64: more are refused at once", async () => {
    const gate = held();
    a.answers.verify = gate.answer;
    a.answers.settle = gate.answer;
    const pool = openPool([a], { verify: 600_000, settle: 600_000 });
    const verifying = await fill(192, gate.waiting, () => pool.verify(request));
    const busy = { code: "facilitator_busy", sent: false, retryAfter: 1 };
    expect(await failure(pool.verify(request))).toMatchObject(busy);
    const settling = times(64, () => pool.settle(a.facilitator, request));
    await vi.waitFor(() => expect(gate.waiting).toHaveLength(256));
    expect(await failure(pool.settle(a.facilitator, request))).toMatchObject(busy);
    expect(a.calls).toMatchObject({ verify: 192, settle: 64 });
    for (const response of gate.waiting.splice(0, 192)) valid(response);
    gate.release(settled);
    await Promise.all([...verifying, ...settling]);
    a.answers.verify = valid;
    expect((await pool.verify(request)).answer).toEqual({ isValid: true });
    expect(pool.health()).toMatchObject([{ state: "ready" }]);
  });

  it("F16 that is full leaves the next facilitator and other networks alone", async () => {
    a.answers.supported = serves(["eip155:1", "eip155:2"]);
    const gate = held();
    a.answers.verify = gate.answer;
    const pool = openPool([a, b], { verify: 600_000 });
    const verifying = await fill(192, gate.waiting, () => pool.verify(request));
    expect((await pool.verify(request)).facilitator).toBe(b.facilitator);
    a.answers.verify = valid;
    expect((await pool.verify(requestFor("eip155:2"))).facilitator).toBe(a.facilitator);
    gate.release(valid);
    await Promise.all(verifying);
  });

  it("F16 is as large for a facilitator in this process that heeds no signal, and empties by the time limit", async () => {
    const hanging = vi.fn(() => new Promise<never>(() => undefined));
    const { verify } = a.facilitator;
    a.facilitator = { ...a.facilitator, verify: hanging };
    const pool = openPool([a], { verify: 100 });
    await pool.find("exact", "eip155:1");
    const codes = await Promise.all(times(200, async () => (await failure(pool.verify(request))).code));
    expect(codes.filter((code) => code === "facilitator_timeout")).toHaveLength(192);
    expect(codes.filter((code) => code === "facilitator_busy")).toHaveLength(8);
    expect(hanging).toHaveBeenCalledTimes(192);
    hanging.mockImplementation(verify as never);
    await vi.waitFor(() => pool.verify(request), { timeout: 10_000 });
  });
});

describe("a pool at rest", () => {
  it("leaves no timer behind", async () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
    const before = timers();
    const pool = openPool([a, b]);
    await Promise.all(times(8, () => pool.verify(request)));
    await pool.settle(a.facilitator, request);
    await pool.check();
    await vi.waitFor(() => expect(timers()).toBeLessThanOrEqual(before));
  });
});
