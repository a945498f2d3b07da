import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  answer,
  broken,
  cut,
  failure,
  hang,
  holdClock,
  inTurn,
  openPool,
  pass,
  requestFor,
  type Service,
  serves,
  startService,
  stopServices,
  valid,
} from "../../../test/facilitators.js";

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

const request = requestFor();

describe("verifying", () => {
  it.each([502, 503, 504])("asks once more after a %d, and tells who answered", async (status) => {
    a.answers.verify = inTurn(answer(status, {}), valid);
    expect(await openPool([a, b]).verify(request)).toEqual({ facilitator: a.facilitator, answer: { isValid: true } });
    expect([a.calls.verify, b.calls.verify]).toEqual([2, 0]);
  });

  it("F21 goes to the next facilitator after the second 503, and tells who answered", async () => {
    a.answers.verify = answer(503, {});
    expect((await openPool([a, b]).verify(request)).facilitator).toBe(b.facilitator);
    expect([a.calls.verify, b.calls.verify]).toEqual([2, 1]);
  });

  it.each([
    ["an error that is no passing one", broken],
    ["too many calls", answer(429, {})],
    ["a wait that is asked for", answer(503, {}, { "retry-after": "1" })],
    ["an answer that nobody can read", answer(200, { isValid: "true" })],
    ["a connection that is cut", cut],
    ["a refusal that nobody can read", answer(401, {})],
  ])("does not ask the same one again after %s, but the next", async (_, fault) => {
    a.answers.verify = fault;
    expect((await openPool([a, b]).verify(request)).facilitator).toBe(b.facilitator);
    expect([a.calls.verify, b.calls.verify]).toEqual([1, 1]);
  });

  it("does not ask a facilitator again that took too long, but the next", async () => {
    a.answers.verify = hang;
    expect((await openPool([a, b], { verify: 1_000 }).verify(request)).facilitator).toBe(b.facilitator);
    expect([a.calls.verify, b.calls.verify]).toEqual([1, 1]);
  });

  it("takes twice the time limit of one facilitator at most, however many hang", async () => {
    vi.useRealTimers();
    const c = await startService();
    a.answers.verify = hang;
    b.answers.verify = hang;
    const error = await failure(openPool([a, b, c], { verify: 1_000 }).verify(request));
    expect(error).toMatchObject({ code: "facilitator_timeout" });
    expect([a.calls.verify, b.calls.verify, c.calls.verify]).toEqual([1, 1, 0]);
  });

  it("finds a facilitator again that could not be reached for a moment", async () => {
    const { verify } = a.facilitator;
    const back = async (error: unknown) => {
      expect(error).toMatchObject({ code: "facilitator_unreachable" });
      await a.start();
      throw error;
    };
    a.facilitator = { ...a.facilitator, verify: (...call) => verify(...call).catch(back) };
    const pool = openPool([a]);
    await pool.find("exact", "eip155:1");
    await a.stop();
    expect((await pool.verify(request)).answer).toEqual({ isValid: true });
    expect(a.calls.verify).toBe(1);
  });

  it("takes a refusal for an answer, which is nobody else's to give", async () => {
    const refusal = { isValid: false, invalidReason: "insufficient_funds" };
    const pool = openPool([a, b]);
    for (const status of [200, 400, 402, 412]) {
      a.answers.verify = answer(status, refusal);
      expect(await pool.verify(request)).toEqual({ facilitator: a.facilitator, answer: refusal });
    }
    expect(b.calls.verify).toBe(0);
  });

  it("F13 tells what the preferred facilitator came to when all fail", async () => {
    a.answers.verify = broken;
    b.answers.verify = cut;
    expect(await failure(openPool([a, b]).verify(request))).toMatchObject({ code: "facilitator_status", status: 500 });
  });

  it("passes over facilitators that do not serve the network, the scheme or the version", async () => {
    a.answers.supported = answer(200, {
      kinds: [
        { x402Version: 2, scheme: "exact", network: "eip155:2" },
        { x402Version: 2, scheme: "upto", network: "eip155:1" },
        { x402Version: 1, scheme: "exact", network: "eip155:1" },
      ],
    });
    b.answers.supported = serves(["eip155:*"]);
    expect((await openPool([a, b]).verify(request)).facilitator).toBe(b.facilitator);
    expect(a.calls.verify).toBe(0);
  });

  it("asks only the facilitator on whose terms the payment was offered", async () => {
    a.answers.supported = serves(["solana:1"], { feePayer: "A" });
    b.answers.supported = serves(["solana:1"], { feePayer: "B" });
    const pool = openPool([a, b]);
    const offered = requestFor("solana:1", { feePayer: "B", memo: "x" });
    expect((await pool.verify(offered)).facilitator).toBe(b.facilitator);
    expect((await pool.select(offered)).id).toBe(b.facilitator.id);
    expect(await pool.instead(b.facilitator, offered)).toBeUndefined();
    b.answers.verify = broken;
    expect(await failure(pool.verify(offered))).toMatchObject({ code: "facilitator_status" });
    expect(a.calls.verify).toBe(0);
    expect(pool.serving("exact", "solana:1").map(({ kind }) => kind.extra?.feePayer)).toEqual(["A", "B"]);
  });
});

describe("settling", () => {
  it.each([
    ["the answer is lost", cut, "facilitator_disconnected"],
    ["the answer is a 503", answer(503, {}), "facilitator_status"],
    ["the answer makes no sense", answer(200, []), "facilitator_unreadable"],
    ["there is no answer", hang, "facilitator_timeout"],
  ])("F22 calls one facilitator, once, when %s", async (_, fault, code) => {
    a.answers.settle = fault;
    const pool = openPool([a, b], { settle: 1_000 });
    const { facilitator } = await pool.verify(request);
    expect(await failure(pool.settle(facilitator, request))).toMatchObject({ code, sent: true });
    expect([a.calls.settle, b.calls.settle]).toEqual([1, 0]);
  });

  it("F06 calls nobody else when nothing could be sent, and names another one on request", async () => {
    const pool = openPool([a, b]);
    await pool.verify(request);
    await a.stop();
    const error = await failure(pool.settle(a.facilitator, request));
    expect(error).toMatchObject({ code: "facilitator_unreachable", sent: false });
    expect(b.calls.settle).toBe(0);
    expect(await pool.instead(a.facilitator, request)).toBe(b.facilitator);
    expect(await openPool([a]).instead(a.facilitator, request)).toBeUndefined();
  });

  it("goes by the offer's own time limit where that is shorter", async () => {
    a.answers.settle = hang;
    const offer = { ...request.paymentRequirements, maxTimeoutSeconds: 0.1 };
    const hurried = openPool([a]).settle(a.facilitator, { ...request, paymentRequirements: offer });
    expect(await failure(hurried)).toMatchObject({ code: "facilitator_timeout" });
  });

  it("is tried where the breaker is open, and closes it", async () => {
    a.answers.verify = broken;
    const pool = openPool([a]);
    for (let call = 0; call < 5; call++) await failure(pool.verify(request));
    expect(await failure(pool.verify(request))).toMatchObject({ code: "facilitator_unavailable" });
    expect(await pool.settle(a.facilitator, request)).toMatchObject({ success: true });
    a.answers.verify = valid;
    expect((await pool.verify(request)).answer).toEqual({ isValid: true });
  });

  it("is not tried where the breaker is open and the facilitator could not be reached a moment ago", async () => {
    const pool = openPool([a]);
    await pool.verify(request);
    await a.stop();
    for (let call = 0; call < 5; call++) await failure(pool.settle(a.facilitator, request));
    await a.start();
    expect(await failure(pool.settle(a.facilitator, request))).toMatchObject({
      code: "facilitator_unavailable",
      sent: false,
      retryAfter: 1,
    });
    expect(a.calls.settle).toBe(0);
    pass(1_000);
    expect(await pool.settle(a.facilitator, request)).toMatchObject({ success: true });
  });

  it("finds the facilitator of a payment by name, asking nobody", async () => {
    const pool = openPool([a, b]);
    expect(pool.named(b.facilitator.id)).toBe(b.facilitator);
    expect(pool.named("https://gone.example")).toBeUndefined();
    expect(await pool.settle(b.facilitator, request)).toMatchObject({ success: true });
    expect(await pool.settle({ ...b.facilitator }, request)).toMatchObject({ success: true });
    expect(b.calls).toEqual({ verify: 0, settle: 2, supported: 0 });
    const stranger = { ...b.facilitator, id: "https://gone.example" };
    expect(await failure(pool.settle(stranger, request))).toMatchObject({
      code: "facilitator_unsupported",
      sent: false,
    });
  });
});
