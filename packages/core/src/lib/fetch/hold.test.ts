import { describe, expect, it } from "vitest";
import { feedResponse, issueTicket, settle } from "../../../test/ticket.js";
import type { Conclusion, Reply } from "../seam.js";
import { holdResponse } from "./hold.js";

const refused: Reply = { status: 503, headers: [["retry-after", "1"]], body: "later" };

describe("a replaced answer", () => {
  it("leaks neither body nor headers, and stops what still comes", async () => {
    const { ticket, delivered } = issueTicket({ hold: 0, conclusion: { type: "replace", reply: refused } });
    const { response, push, cancelled } = feedResponse({ headers: { "x-secret": "1", "set-cookie": "a=1" } });
    push("secret");
    const answer = await holdResponse(() => response, ticket);
    expect([answer.status, await answer.text(), answer.headers.get("retry-after")]).toEqual([503, "later", "1"]);
    expect([answer.headers.get("x-secret"), answer.headers.getSetCookie()]).toEqual([null, []]);
    expect(cancelled).toHaveLength(1);
    expect(delivered).toEqual([false]);
  });

  it("is made by the adapter if it wants to", async () => {
    const { ticket } = issueTicket({ conclusion: { type: "replace", reply: refused } });
    const answer = await holdResponse(() => new Response("x"), ticket, {
      reply: ({ status }) => new Response("own", { status }),
    });
    expect(await answer.text()).toBe("own");
  });
});

describe("a handler that fails", () => {
  it.each([
    ["throws", () => Promise.reject(new Error("boom"))],
    [
      "throws at once",
      () => {
        throw new Error("boom");
      },
    ],
  ])("and %s is known to the engine before its error goes on", async (_, run) => {
    const { ticket, outcomes, delivered } = issueTicket();
    await expect(holdResponse(run, ticket)).rejects.toThrow("boom");
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({ status: 500, aborted: false, error: new Error("boom"), whole: false });
    expect(delivered).toEqual([false]);
  });

  it("gives way to the engine's reply", async () => {
    const { ticket } = issueTicket({ conclusion: { type: "replace", reply: refused } });
    expect((await holdResponse(() => Promise.reject(new Error("boom")), ticket)).status).toBe(503);
  });

  it("may be answered for by the adapter, with the engine's headers", async () => {
    const answer = await holdResponse(() => Promise.reject(new Error("boom")), issueTicket().ticket, {
      recover: (error, headers) => new Response(String(error), { status: 500, headers }),
    });
    expect([await answer.text(), answer.headers.get("payment-response")]).toEqual(["Error: boom", "receipt"]);
    const recover = () => undefined;
    await expect(
      holdResponse(() => Promise.reject(new Error("boom")), issueTicket().ticket, { recover }),
    ).rejects.toThrow("boom");
  });

  it("is a failure also where the framework has made an answer of it", async () => {
    const { ticket, outcomes } = issueTicket();
    const error = new Error("boom");
    const answer = await holdResponse(() => new Response("sorry", { status: 200 }), ticket, { failure: () => error });
    expect(await answer.text()).toBe("sorry");
    expect(outcomes[0]).toMatchObject({ status: 200, error, whole: true });
  });

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["text", "hello"],
    ["an object", { status: 200 }],
    ["a number", 200],
  ])("by returning %s is told so", async (_, value) => {
    const { ticket, outcomes } = issueTicket();
    await expect(holdResponse(() => value, ticket)).rejects.toThrow("did not return a Response");
    expect(outcomes[0]?.error).toBeInstanceOf(TypeError);
  });

  it("by returning an answer that cannot be sent is told so, uncharged", async () => {
    const used = new Response("x");
    await used.text();
    const locked = new Response("x");
    locked.body?.getReader();
    for (const response of [Response.error(), used, locked]) {
      const { ticket, outcomes } = issueTicket();
      await expect(holdResponse(() => response, ticket)).rejects.toThrow(TypeError);
      expect(outcomes[0]?.error).toBeInstanceOf(TypeError);
    }
  });
});

describe("a handler that nobody waits for", () => {
  const timeout: Conclusion = { type: "replace", reply: { status: 504, headers: [], body: "too slow" } };

  it("is answered for when its time is up, and what it makes later is dropped", async () => {
    const limit = new AbortController();
    const { ticket, outcomes, delivered } = issueTicket({ signal: limit.signal, conclusion: timeout });
    const { response, cancelled } = feedResponse();
    let answerLate!: (response: Response) => void;
    const answer = holdResponse(
      () =>
        new Promise<Response>((resolve) => {
          answerLate = resolve;
        }),
      ticket,
    );
    limit.abort();
    expect([(await answer).status, await (await answer).text()]).toEqual([504, "too slow"]);
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({ aborted: false, whole: false });
    answerLate(response);
    await settle();
    expect(cancelled).toHaveLength(1);
    expect(outcomes).toHaveLength(1);
    expect(delivered).toEqual([false]);
  });

  it("may fail later without anybody noticing", async () => {
    const limit = new AbortController();
    const { ticket } = issueTicket({ signal: limit.signal, conclusion: timeout });
    const answer = holdResponse(() => settle().then(() => Promise.reject(new Error("late"))), ticket);
    limit.abort();
    expect((await answer).status).toBe(504);
    await settle();
    await settle();
  });

  it("does not run if it is over before", async () => {
    for (const [plan, options, aborted] of [
      [{ signal: AbortSignal.abort(), conclusion: timeout }, {}, false],
      [{}, { signal: AbortSignal.abort() }, true],
    ] as const) {
      const { ticket, outcomes, delivered } = issueTicket(plan);
      await holdResponse(() => expect.unreachable(), ticket, options);
      expect(outcomes).toMatchObject([{ aborted, whole: false }]);
      expect(delivered).toEqual([false]);
    }
  });

  it("counts as unanswered while its stream has given no byte", async () => {
    const limit = new AbortController();
    const { ticket } = issueTicket({ signal: limit.signal, conclusion: timeout });
    const { response, cancelled } = feedResponse();
    const answer = holdResponse(() => response, ticket);
    await settle();
    limit.abort();
    expect((await answer).status).toBe(504);
    expect(cancelled).toHaveLength(1);
  });

  it("is reported as aborted when the client leaves first", async () => {
    for (const make of [() => new Promise<never>(() => {}), () => feedResponse().response]) {
      const client = new AbortController();
      const { ticket, outcomes, delivered } = issueTicket();
      const answer = holdResponse(make, ticket, { signal: client.signal });
      await settle();
      client.abort();
      await answer;
      expect(outcomes).toHaveLength(1);
      expect(outcomes[0]).toMatchObject({ aborted: true, whole: false });
      expect(delivered).toEqual([false]);
    }
  });
});
