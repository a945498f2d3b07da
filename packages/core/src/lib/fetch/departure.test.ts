import { afterEach, describe, expect, it, vi } from "vitest";
import { feedResponse, issueTicket, settle, text } from "../../../test/ticket.js";
import type { Conclusion } from "../seam.js";
import { holdResponse } from "./hold.js";

const refused: Conclusion = { type: "replace", reply: { status: 402, headers: [], body: "pay" } };

describe("a server that tells what left", () => {
  /** A server that reports by hand. */
  function watched() {
    const responses: Response[] = [];
    let report: (left: boolean) => void = () => expect.unreachable();
    const watch = (response: Response, tell: (left: boolean) => void) => {
      responses.push(response);
      report = tell;
    };
    return { watch, responses, report: (left: boolean) => report(left) };
  }

  it("is asked about a whole answer, which is delivered only then", async () => {
    for (const left of [true, false]) {
      const server = watched();
      const { ticket, delivered } = issueTicket();
      const answer = await holdResponse(() => new Response("whole"), ticket, { watch: server.watch });
      expect(server.responses).toEqual([answer]);
      expect(await answer.text()).toBe("whole");
      expect(delivered).toEqual([]);
      server.report(left);
      expect(delivered).toEqual([left]);
    }
  });

  it("is asked about an answer without a body too", async () => {
    const server = watched();
    const { ticket, delivered } = issueTicket();
    const answer = await holdResponse(() => new Response("x"), ticket, { watch: server.watch, method: "HEAD" });
    expect([answer.body, delivered]).toEqual([null, []]);
    server.report(true);
    expect(delivered).toEqual([true]);
  });

  it("is believed about a stream once all of it was taken", async () => {
    const server = watched();
    const { ticket, delivered } = issueTicket({ hold: 0 });
    const { response, push, controller } = feedResponse();
    push("x");
    const answer = await holdResponse(() => response, ticket, { watch: server.watch });
    controller.close();
    expect(await answer.text()).toBe("x");
    expect(delivered).toEqual([]);
    server.report(true);
    expect(delivered).toEqual([true]);
  });

  it("is not believed about a stream that nobody read, or that broke", async () => {
    for (const broken of [false, true]) {
      const server = watched();
      const { ticket, delivered } = issueTicket({ hold: 0 });
      const { response, push, controller } = feedResponse();
      push("x");
      const answer = await holdResponse(() => response, ticket, { watch: server.watch });
      if (broken) {
        controller.error(new Error("broken"));
        await expect(answer.text()).rejects.toThrow("broken");
        expect(delivered).toEqual([false]);
      }
      server.report(true);
      expect(delivered).toEqual([false]);
    }
  });

  it("is not asked about an answer that was replaced", async () => {
    const { ticket, delivered } = issueTicket({ conclusion: refused });
    await holdResponse(() => new Response("x"), ticket, { watch: () => expect.unreachable() });
    expect(delivered).toEqual([false]);
  });
});

describe("a server that pipes every body", () => {
  it("has taken a whole answer when it asks for more", async () => {
    const { ticket, outcomes, delivered } = issueTicket();
    const { response, push, controller } = feedResponse();
    for (const part of ["wh", "ole"]) push(part);
    controller.close();
    const answer = await holdResponse(() => response, ticket, { piped: true });
    const reader = answer.body?.getReader();
    expect(text((await reader?.read())?.value)).toBe("whole");
    await settle();
    expect([text(outcomes[0]?.body), delivered]).toEqual(["whole", []]);
    expect((await reader?.read())?.done).toBe(true);
    expect(delivered).toEqual([true]);
  });

  it("has not delivered what it never read to its end", async () => {
    const { ticket, delivered } = issueTicket();
    const answer = await holdResponse(() => new Response("whole"), ticket, { piped: true });
    const reader = answer.body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(delivered).toEqual([false]);
  });

  it("has not delivered what its client left behind", async () => {
    const client = new AbortController();
    const { ticket, delivered } = issueTicket();
    await holdResponse(() => new Response("whole"), ticket, { piped: true, signal: client.signal });
    client.abort();
    expect(delivered).toEqual([false]);
  });
});

describe("a runtime with streams of a fixed length", () => {
  /** What workerd's stream does here: a write is done when its bytes were taken. */
  class FixedLengthStream extends TransformStream {
    static readonly lengths: number[] = [];
    constructor(length: number) {
      super({}, undefined, { highWaterMark: 0 });
      FixedLengthStream.lengths.push(length);
    }
  }
  afterEach(() => {
    vi.unstubAllGlobals();
    FixedLengthStream.lengths.length = 0;
  });

  it("has taken a whole answer when its bytes were read, under the length that they have", async () => {
    vi.stubGlobal("FixedLengthStream", FixedLengthStream);
    const { ticket, delivered } = issueTicket();
    const answer = await holdResponse(() => new Response("é"), ticket);
    await settle();
    expect([FixedLengthStream.lengths, answer.headers.has("content-length"), delivered]).toEqual([[2], false, []]);
    expect(await answer.text()).toBe("é");
    await settle();
    expect(delivered).toEqual([true]);
  });

  it("has not delivered what the client left behind", async () => {
    vi.stubGlobal("FixedLengthStream", FixedLengthStream);
    const { ticket, delivered } = issueTicket();
    const answer = await holdResponse(() => new Response("whole"), ticket);
    await answer.body?.cancel("left");
    await settle();
    expect(delivered).toEqual([false]);
  });

  it("sends an answer without bytes as ever", async () => {
    vi.stubGlobal("FixedLengthStream", FixedLengthStream);
    for (const body of [null, ""]) {
      const { ticket, delivered } = issueTicket();
      expect(await (await holdResponse(() => new Response(body), ticket)).text()).toBe("");
      expect([FixedLengthStream.lengths, delivered]).toEqual([[], [true]]);
    }
  });
});

describe("a runtime that stops with the answer", () => {
  /** What a runtime was asked to wait for, and how much of it is done. */
  function runtime() {
    const state = { asked: 0, done: 0 };
    const waitUntil = (promise: Promise<unknown>) => {
      state.asked++;
      void promise.then(() => state.done++);
    };
    return { state, waitUntil };
  }

  it("waits until all is written down about an answer that leaves later", async () => {
    const { state, waitUntil } = runtime();
    const { ticket } = issueTicket({ hold: 0 });
    let write = () => {};
    const delivered = () => new Promise<void>((resolve) => (write = resolve));
    const { response, push, controller } = feedResponse();
    push("x");
    const answer = await holdResponse(() => response, { ...ticket, delivered }, { waitUntil });
    await settle();
    expect(state).toEqual({ asked: 2, done: 1 });
    controller.close();
    await answer.text();
    await settle();
    expect(state).toEqual({ asked: 2, done: 1 });
    write();
    await settle();
    expect(state).toEqual({ asked: 2, done: 2 });
  });

  it("waits for a conclusion whose client has left", async () => {
    const { state, waitUntil } = runtime();
    const client = new AbortController();
    const { ticket } = issueTicket();
    const conclude = () => new Promise<Conclusion>(() => {});
    void holdResponse(() => new Response("x"), { ...ticket, conclude }, { waitUntil, signal: client.signal });
    await settle();
    client.abort();
    await settle();
    expect(state).toEqual({ asked: 1, done: 0 });
  });

  it.each<[string, () => unknown, Conclusion | undefined, AbortSignal | undefined]>([
    ["a whole answer", () => new Response("x"), undefined, undefined],
    ["a replaced answer", () => new Response("x"), refused, undefined],
    ["a handler that throws", () => Promise.reject(new Error("boom")), undefined, undefined],
    ["a client that left", () => new Response("x"), undefined, AbortSignal.abort()],
  ])("waits for %s", async (_, run, conclusion, signal) => {
    const { state, waitUntil } = runtime();
    const { ticket, delivered } = issueTicket(conclusion && { conclusion });
    await holdResponse(run, ticket, { waitUntil, ...(signal && { signal }) }).catch(() => undefined);
    await settle();
    expect(state).toEqual({ asked: 2, done: 2 });
    expect(delivered).toHaveLength(1);
  });
});

describe("fields that the framework adds to an answer", () => {
  it("are the engine's to keep with a whole one", async () => {
    const { ticket, outcomes } = issueTicket();
    const fields = (headers: Headers): [string, string][] => [...headers, ["set-cookie", "a=1"]];
    await holdResponse(() => Response.json({}), ticket, { fields: async (headers) => fields(headers) });
    expect(outcomes[0]?.headers()).toEqual([
      ["content-type", "application/json"],
      ["set-cookie", "a=1"],
    ]);
    expect(text(outcomes[0]?.body)).toBe("{}");
  });

  it("leave nothing to be kept if they are not to be known", async () => {
    const { ticket, outcomes } = issueTicket();
    const answer = await holdResponse(() => Response.json({}), ticket, { fields: () => undefined });
    expect(outcomes[0]).toMatchObject({ whole: true });
    expect(outcomes[0]).not.toHaveProperty("body");
    expect(await answer.text()).toBe("{}");
  });
});
