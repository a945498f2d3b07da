import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  answer,
  broken,
  cut,
  failure,
  hang,
  holdClock,
  openPool,
  pass,
  requestFor,
  type Service,
  startService,
  stopServices,
  valid,
} from "../../../test/facilitators.js";
import { type Caller, UPKEEP } from "./caller.js";

let a: Service;
let b: Service;

beforeEach(async () => {
  holdClock();
  [a, b] = await Promise.all([startService(), startService()]);
});
afterEach(async () => {
  vi.useRealTimers();
  await stopServices();
});

type Pool = ReturnType<typeof openPool>;
const request = requestFor();
/** A buyer at an address of its own, or one of several there. */
const at = (client: string, buyer = client): Caller => ({ client, buyer });
const unavailable = { code: "facilitator_unavailable", sent: false };

async function fails(pool: Pool, caller: Caller, times = 1): Promise<void> {
  a.answers.verify = broken;
  for (let call = 0; call < times; call++) await failure(pool.verify(request, caller));
  a.answers.verify = valid;
}

/** Whether a caller's request is sent, and gets a response. */
async function isServed(pool: Pool, caller: Caller): Promise<boolean> {
  const { verify: before } = a.calls;
  const found = await pool.verify(request, caller).catch(() => undefined);
  return found?.facilitator === a.facilitator && a.calls.verify === before + 1;
}

describe("a client whose calls fail", () => {
  it("G33 is stopped after five in a row, and no other client is", async () => {
    const pool = openPool([a]);
    await fails(pool, at("mallory"), 5);
    expect(await failure(pool.verify(request, at("mallory")))).toMatchObject({ ...unavailable, retryAfter: 1 });
    expect(await failure(pool.select(request, at("mallory")))).toMatchObject(unavailable);
    expect(await isServed(pool, at("alice"))).toBe(true);
    expect((await pool.select(request, at("bob"))).id).toBe(a.facilitator.id);
    expect(pool.health()).toMatchObject([{ ready: true, open: [] }]);
  });

  it("G33 is let through again after its pause, and once it is answered", async () => {
    const pool = openPool([a]);
    await fails(pool, at("alice"), 5);
    pass(1_000);
    expect(await isServed(pool, at("alice"))).toBe(true);
    expect(await isServed(pool, at("alice"))).toBe(true);
  });

  it("G33 stops none of the other buyers at its address", async () => {
    const pool = openPool([a]);
    for (let i = 0; i < 40; i++) await fails(pool, at("office", `forged ${i}`));
    expect(await isServed(pool, at("office", "alice"))).toBe(true);
  });

  it("G33 stops no client where no address is known, whatever payer it names, once one of them is answered", async () => {
    const pool = openPool([a]);
    for (let i = 0; i < 40; i++) await fails(pool, at("", `forged ${i}`));
    await fails(pool, at("", "alice"), 5);
    expect(await isServed(pool, at("", "bob"))).toBe(true);
    expect(await isServed(pool, at("", "alice"))).toBe(true);
  });

  it("G33 has its calls sent to the next facilitator, as if the breaker were open", async () => {
    const pool = openPool([a, b]);
    a.answers.verify = broken;
    for (let call = 0; call < 5; call++) await pool.verify(request, at("alice"));
    expect([a.calls.verify, b.calls.verify]).toEqual([5, 5]);
    expect((await pool.verify(request, at("alice"))).facilitator).toBe(b.facilitator);
    expect(a.calls.verify).toBe(5);
  });

  it("G33 opens nothing by settlements either", async () => {
    const pool = openPool([a]);
    for (const fault of [broken, cut]) {
      a.answers.settle = fault;
      for (let call = 0; call < 10; call++)
        await failure(pool.settle(a.facilitator, request, { caller: at("mallory") }));
    }
    expect(await isServed(pool, at("alice"))).toBe(true);
    expect(await failure(pool.select(request, at("mallory")))).toMatchObject(unavailable);
  });
});

describe("the breaker of all clients", () => {
  it("opens when the calls of five clients fail in a row", async () => {
    const pool = openPool([a]);
    for (const client of ["alice", "bob", "carol", "dave"]) await fails(pool, at(client), 3);
    expect(await isServed(pool, at("erin"))).toBe(true);
    for (const client of ["f1", "f2", "f3", "f4", "f5"]) await fails(pool, at(client));
    expect(await failure(pool.verify(request, at("grace")))).toMatchObject({ ...unavailable, retryAfter: 1 });
    expect(pool.health()).toMatchObject([{ ready: false, open: ["eip155:1"] }]);
  });

  it("opens for one client if what it supports cannot be had either", async () => {
    const pool = openPool([a]);
    await pool.verify(request, at("alice"));
    pass(1_001);
    a.answers.supported = broken;
    await fails(pool, at("alice"), 5);
    await vi.waitFor(() => expect(pool.health()).toMatchObject([{ state: "open" }]));
    expect(await failure(pool.verify(request, at("bob")))).toMatchObject(unavailable);
    pass(1_000);
    expect(await isServed(pool, at("bob"))).toBe(true);
  });

  it("opens whoever calls, if nothing can be sent, or it wants to be left alone", async () => {
    const pool = openPool([a]);
    await pool.verify(request, at("alice"));
    a.answers.verify = answer(429, {});
    for (let call = 0; call < 5; call++) await failure(pool.verify(request, at("alice")));
    expect(await failure(pool.verify(request, at("bob")))).toMatchObject(unavailable);
    pass(1_000);
    a.answers.verify = valid;
    expect(await isServed(pool, at("bob"))).toBe(true);
    await a.stop();
    // Each is tried twice.
    for (let call = 0; call < 3; call++) await failure(pool.verify(request, at("alice")));
    expect(await failure(pool.verify(request, at("bob")))).toMatchObject(unavailable);
  });

  it("tries each client once that has not failed, and stops for nobody who fails a trial", async () => {
    const pool = openPool([a]);
    for (const client of ["f1", "f2", "f3", "f4", "f5"]) await fails(pool, at(client));
    expect(await failure(pool.verify(request, at("alice")))).toMatchObject(unavailable);
    pass(1_000);
    await fails(pool, at("m1"));
    await fails(pool, at("m2"));
    expect(await failure(pool.verify(request, at("m1")))).toMatchObject({ ...unavailable, retryAfter: 2 });
    expect(await isServed(pool, at("alice"))).toBe(true);
    expect(await isServed(pool, at("m1"))).toBe(true);
  });

  it("tries those beside the others who have failed", async () => {
    const pool = openPool([a]);
    const failed = ["f1", "f2", "f3", "f4", "f5"];
    for (const client of failed) await fails(pool, at(client));
    pass(1_000);
    a.answers.verify = hang;
    for (const client of failed) pool.verify(request, at(client)).catch(() => undefined);
    await vi.waitFor(() => expect(a.calls.verify).toBe(6));
    a.answers.verify = valid;
    expect(await isServed(pool, at("alice"))).toBe(true);
    expect(await isServed(pool, at("bob"))).toBe(true);
  });

  it("finds out by those who have failed, if nobody else comes", async () => {
    const pool = openPool([a]);
    const failed = ["f1", "f2", "f3", "f4", "f5"];
    for (const client of failed) await fails(pool, at(client));
    pass(1_000);
    await fails(pool, at("f1"));
    expect(await failure(pool.verify(request, at("f2")))).toMatchObject({ ...unavailable, retryAfter: 2 });
    pass(2_000);
    expect(await isServed(pool, at("f1"))).toBe(true);
  });

  it("does not believe for a minute whose calls failed while others were answered", async () => {
    const pool = openPool([a]);
    const liars = ["m1", "m2", "m3", "m4"].map((client) => at(client));
    for (const liar of liars) await fails(pool, liar);
    expect(await isServed(pool, at("alice"))).toBe(true);
    for (const liar of liars) await fails(pool, liar, 3);
    expect(await isServed(pool, at("bob"))).toBe(true);
    pass(60_000);
    for (const liar of [...liars, at("m5")]) await fails(pool, liar);
    expect(await failure(pool.verify(request, at("carol")))).toMatchObject(unavailable);
  });

  it("G33 is not opened by what nobody waits for, which takes no trial either", async () => {
    const pool = openPool([a]);
    await fails(pool, UPKEEP, 20);
    a.answers.settle = broken;
    for (let call = 0; call < 20; call++) await failure(pool.settle(a.facilitator, request, { caller: UPKEEP }));
    expect(await isServed(pool, at("alice"))).toBe(true);
    for (const client of ["f1", "f2", "f3", "f4", "f5"]) await fails(pool, at(client));
    pass(1_000);
    expect(await failure(pool.verify(request, UPKEEP))).toMatchObject(unavailable);
    expect(await isServed(pool, at("erin"))).toBe(true);
  });
});
