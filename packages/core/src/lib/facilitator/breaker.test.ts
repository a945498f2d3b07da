import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  answer,
  broken,
  failure,
  hang,
  held,
  holdClock,
  openPool,
  pass,
  requestFor,
  type Service,
  serves,
  startService,
  stopServices,
  valid,
} from "../../../test/facilitators.js";
import { FacilitatorError } from "../errors.js";

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
const verify = (pool: Pool) => pool.verify(request);
const verifyMany = (pool: Pool, count: number) =>
  Promise.allSettled(Array.from({ length: count }, () => pool.verify(request)));

/** Five failures at the preferred facilitator. */
async function trip(pool: Pool): Promise<void> {
  a.answers.verify = broken;
  for (let call = 0; call < 5; call++) await verify(pool).catch(() => undefined);
  a.answers.verify = valid;
}

describe("a breaker", () => {
  it("opens after five failures in a row: then nothing is sent, and that is told at once", async () => {
    const pool = openPool([a]);
    a.answers.verify = broken;
    for (let call = 0; call < 4; call++) await failure(verify(pool));
    a.answers.verify = valid;
    await verify(pool);
    await trip(pool);
    const { verify: before } = a.calls;
    expect(await failure(verify(pool))).toMatchObject({ code: "facilitator_unavailable", sent: false, retryAfter: 1 });
    expect(await failure(pool.select(request))).toMatchObject({ code: "facilitator_unavailable", sent: false });
    expect(a.calls.verify).toBe(before);
  });

  it("lets one of fifty calls through after its pause, and all of them once that one is answered", async () => {
    const pool = openPool([a]);
    await trip(pool);
    const { verify: before } = a.calls;
    const gate = held();
    a.answers.verify = gate.answer;
    pass(1_000);
    const fifty = verifyMany(pool, 50);
    await vi.waitFor(() => expect(gate.waiting).toHaveLength(1));
    const also = await failure(verify(pool));
    expect(also).toMatchObject({ code: "facilitator_unavailable", sent: false });
    gate.release(valid);
    const outcomes = await fifty;
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(a.calls.verify).toBe(before + 1);
    a.answers.verify = valid;
    const all = await verifyMany(pool, 50);
    expect(all.every(({ status }) => status === "fulfilled")).toBe(true);
  });

  it("stays open for two seconds when the trial fails, and tells how long", async () => {
    const pool = openPool([a]);
    await trip(pool);
    pass(1_000);
    a.answers.verify = broken;
    expect(await failure(verify(pool))).toMatchObject({ code: "facilitator_status" });
    a.answers.verify = valid;
    expect(await failure(verify(pool))).toMatchObject({ code: "facilitator_unavailable", retryAfter: 2 });
    pass(2_000);
    expect((await verify(pool)).answer).toEqual({ isValid: true });
  });

  it("counts its pause from the end of the trial", async () => {
    const pool = openPool([a]);
    await trip(pool);
    pass(1_000);
    const gate = held();
    a.answers.verify = gate.answer;
    const trial = verify(pool);
    await vi.waitFor(() => expect(gate.waiting).toHaveLength(1));
    pass(1_500);
    gate.release(broken);
    await failure(trial);
    a.answers.verify = valid;
    pass(1_900);
    expect(await failure(verify(pool))).toMatchObject({ code: "facilitator_unavailable" });
    pass(100);
    expect((await verify(pool)).answer).toEqual({ isValid: true });
  });

  it("lets the next call through where the trial could not be sent for reasons of our own", async () => {
    const { verify: send } = a.facilitator;
    const mending = vi.fn(send);
    a.facilitator = { ...a.facilitator, verify: mending };
    const pool = openPool([a]);
    await trip(pool);
    pass(1_000);
    mending.mockRejectedValueOnce(new FacilitatorError("facilitator_credentials", "no key", { sent: false }));
    expect(await failure(verify(pool))).toMatchObject({ code: "facilitator_credentials" });
    expect((await verify(pool)).answer).toEqual({ isValid: true });
  });

  it("F20 opens when half of the last calls failed, and starts to count anew when it closes", async () => {
    const pool = openPool([a]);
    for (let call = 0; call < 5; call++) {
      a.answers.verify = valid;
      await verify(pool);
      a.answers.verify = broken;
      await failure(verify(pool));
    }
    expect(await failure(verify(pool))).toMatchObject({ code: "facilitator_unavailable" });
    a.answers.verify = valid;
    pass(1_000);
    await verify(pool);
    a.answers.verify = broken;
    for (let call = 0; call < 4; call++) expect((await failure(verify(pool))).code).toBe("facilitator_status");
  });

  it("F20 forgets failures of another time", async () => {
    const pool = openPool([a]);
    for (let call = 0; call < 5; call++) {
      a.answers.verify = valid;
      await verify(pool);
      pass(11_000);
      a.answers.verify = broken;
      await failure(verify(pool));
    }
    expect(await failure(verify(pool))).toMatchObject({ code: "facilitator_status" });
  });

  it("heeds a wait of an hour for three seconds", async () => {
    const pool = openPool([a]);
    a.answers.verify = answer(429, {}, { "retry-after": "3600" });
    for (let call = 0; call < 5; call++) await failure(verify(pool));
    a.answers.verify = valid;
    pass(2_900);
    expect(await failure(verify(pool))).toMatchObject({ code: "facilitator_unavailable", retryAfter: 1 });
    pass(100);
    expect((await verify(pool)).answer).toEqual({ isValid: true });
  });

  it("finds that the facilitator is back though the trial still hangs", async () => {
    const pool = openPool([a]);
    await trip(pool);
    pass(1_000);
    a.answers.verify = hang;
    const hanging = verify(pool);
    hanging.catch(() => undefined);
    await vi.waitFor(() => expect(a.calls.verify).toBe(6));
    a.answers.verify = valid;
    expect(await failure(verify(pool))).toMatchObject({ code: "facilitator_unavailable", retryAfter: 2 });
    pass(2_000);
    expect((await verify(pool)).answer).toEqual({ isValid: true });
  });

  it("does not open again for calls that began before the recovery", async () => {
    const pool = openPool([a]);
    const gate = held();
    a.answers.verify = gate.answer;
    const old = verifyMany(pool, 20);
    await vi.waitFor(() => expect(gate.waiting).toHaveLength(20));
    await trip(pool);
    pass(1_000);
    await verify(pool);
    gate.release(broken);
    expect((await old).every(({ status }) => status === "rejected")).toBe(true);
    expect((await verify(pool)).answer).toEqual({ isValid: true });
  });

  it("is not opened by refusals, readable or not: whoever sends junk stops nobody", async () => {
    const pool = openPool([a, b]);
    for (const refusal of [answer(400, { isValid: false }), answer(400, {}), answer(422, "no"), answer(404, null)]) {
      a.answers.verify = refusal;
      for (let call = 0; call < 12; call++) await verify(pool);
    }
    a.answers.verify = valid;
    expect((await verify(pool)).facilitator).toBe(a.facilitator);
  });

  it("counts settlements that fail", async () => {
    const pool = openPool([a]);
    await verify(pool);
    a.answers.settle = broken;
    for (let call = 0; call < 5; call++) await failure(pool.settle(a.facilitator, request));
    expect(await failure(verify(pool))).toMatchObject({ code: "facilitator_unavailable" });
  });

  it("is kept open by trials only, not by settlements that fail on their own account", async () => {
    const pool = openPool([a]);
    await trip(pool);
    a.answers.settle = broken;
    pass(900);
    await failure(pool.settle(a.facilitator, request));
    pass(100);
    await failure(pool.settle(a.facilitator, request));
    expect((await verify(pool)).answer).toEqual({ isValid: true });
  });

  it("stops one network of a facilitator, and not the others", async () => {
    a.answers.supported = serves(["eip155:1", "eip155:2"]);
    const pool = openPool([a]);
    await trip(pool);
    expect(await failure(verify(pool))).toMatchObject({ code: "facilitator_unavailable" });
    expect((await pool.verify(requestFor("eip155:2"))).answer).toEqual({ isValid: true });
    expect(pool.health()).toMatchObject([{ state: "failing", ready: true, open: ["eip155:1"] }]);
  });
});

describe("a breaker beside another facilitator", () => {
  it("sends calls there at once, for verifying and for settling", async () => {
    const pool = openPool([a, b]);
    await trip(pool);
    const { verify: before } = a.calls;
    expect((await verify(pool)).facilitator).toBe(b.facilitator);
    expect(await pool.select(request)).toBe(b.facilitator);
    expect(await pool.instead(b.facilitator, request)).toBeUndefined();
    expect(a.calls.verify).toBe(before);
  });

  it("tries the preferred one with a copy, for which no buyer waits, and then goes back to it", async () => {
    const pool = openPool([a, b]);
    await trip(pool);
    const { verify: before } = a.calls;
    const gate = held();
    a.answers.verify = gate.answer;
    pass(1_000);
    const bought = await Promise.all(Array.from({ length: 50 }, () => verify(pool)));
    expect(bought.every(({ facilitator }) => facilitator === b.facilitator)).toBe(true);
    await vi.waitFor(() => expect(gate.waiting).toHaveLength(1));
    gate.release(valid);
    a.answers.verify = valid;
    await vi.waitFor(() => expect(pool.health()[0]?.state).toBe("ready"));
    expect(a.calls.verify).toBe(before + 1);
    expect((await verify(pool)).facilitator).toBe(a.facilitator);
  });

  it("tries the preferred one also where payments are settled first", async () => {
    const pool = openPool([a, b]);
    await trip(pool);
    pass(1_000);
    expect(await pool.select(request)).toBe(b.facilitator);
    await vi.waitFor(() => expect(pool.health()[0]?.state).toBe("ready"));
    expect(await pool.select(request)).toBe(a.facilitator);
  });

  it("takes the answer to the copy where the other one fails", async () => {
    const pool = openPool([a, b]);
    await trip(pool);
    pass(1_000);
    const gate = held();
    a.answers.verify = gate.answer;
    b.answers.verify = broken;
    const verified = verify(pool);
    await vi.waitFor(() => expect(pool.health()[1]?.state).toBe("failing"));
    gate.release(valid);
    expect((await verified).facilitator).toBe(a.facilitator);
  });

  it("leaves unpaid offers alone where the terms are the same", async () => {
    const pool = openPool([a, b]);
    await verify(pool);
    const { version } = pool;
    await trip(pool);
    expect(pool.version).toBe(version);
    expect(pool.peek("exact", "eip155:1")?.facilitator).toBe(a.facilitator);
  });

  it("moves unpaid offers to terms that can be met, and back", async () => {
    a.answers.supported = serves(["eip155:1"], { feePayer: "A" });
    b.answers.supported = serves(["eip155:1"], { feePayer: "B" });
    const pool = openPool([a, b]);
    const terms = () => pool.peek("exact", "eip155:1")?.kind.extra?.feePayer;
    await pool.find("exact", "eip155:1");
    await vi.waitFor(() => expect(pool.serving("exact", "eip155:1")).toHaveLength(2));
    expect(terms()).toBe("A");
    const offered = requestFor("eip155:1", { feePayer: "A" });
    const { version } = pool;
    a.answers.verify = broken;
    for (let call = 0; call < 5; call++) await failure(pool.verify(offered));
    expect(terms()).toBe("B");
    expect(pool.version).toBeGreaterThan(version);
    const stopped = pool.version;
    a.answers.verify = valid;
    pass(1_000);
    await pool.verify(offered);
    expect(terms()).toBe("A");
    expect(pool.version).toBeGreaterThan(stopped);
  });

  it("keeps its terms in unpaid offers where nobody else serves", async () => {
    const pool = openPool([a]);
    await trip(pool);
    expect(pool.peek("exact", "eip155:1")?.facilitator).toBe(a.facilitator);
  });
});
