import { describe, expect, it } from "vitest";
import { feedResponse, issueTicket, settle, text } from "../../../test/ticket.js";
import { holdResponse } from "./hold.js";

describe("a stream", () => {
  it("is settled when it outgrows the hold, then goes on where it stood", async () => {
    const { ticket, outcomes, delivered } = issueTicket({ hold: 4 });
    const { response, push, controller } = feedResponse();
    push("abc");
    push("def");
    const reader = (await holdResponse(() => response, ticket)).body?.getReader();
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({ whole: false });
    expect(outcomes[0]).not.toHaveProperty("body");
    expect(text((await reader?.read())?.value)).toBe("abc");
    expect(text((await reader?.read())?.value)).toBe("def");
    push("ghi");
    expect(text((await reader?.read())?.value)).toBe("ghi");
    expect(delivered).toEqual([]);
    controller.close();
    expect((await reader?.read())?.done).toBe(true);
    expect(delivered).toEqual([true]);
  });

  it("is settled when no byte follows the last one in time, and loses none to the wait", async () => {
    const { ticket, outcomes } = issueTicket({ idle: 10 });
    const { response, push, controller } = feedResponse();
    push("first");
    const answer = await holdResponse(() => response, ticket);
    expect(outcomes[0]?.whole).toBe(false);
    push(" second");
    controller.close();
    expect(await answer.text()).toBe("first second");
  });

  it("may take longer than that for its first byte", async () => {
    const { ticket, outcomes } = issueTicket({ idle: 1 });
    const { response, push, controller } = feedResponse();
    const answer = holdResponse(() => response, ticket);
    await settle();
    expect(outcomes).toEqual([]);
    push("late");
    controller.close();
    expect(await (await answer).text()).toBe("late");
    expect(outcomes[0]?.whole).toBe(true);
  });

  it("of events is settled before its first event", async () => {
    const { ticket, outcomes } = issueTicket();
    const { response, push, controller } = feedResponse({
      headers: { "content-type": "text/event-stream; charset=utf-8" },
    });
    const answer = await holdResponse(() => response, ticket);
    expect(outcomes[0]?.whole).toBe(false);
    push("data: 1\n\n");
    controller.close();
    expect(await answer.text()).toBe("data: 1\n\n");
  });

  it("is settled at its first byte if nothing may be held", async () => {
    const { ticket, outcomes } = issueTicket({ hold: 0 });
    const { response, push } = feedResponse();
    push("x");
    const answer = await holdResponse(() => response, ticket);
    expect(outcomes[0]).toMatchObject({ whole: false });
    push("y");
    const reader = answer.body?.getReader();
    expect([text((await reader?.read())?.value), text((await reader?.read())?.value)]).toEqual(["x", "y"]);
  });

  it("is pulled only as far as the client has read", async () => {
    let pulled = 0;
    const body = new ReadableStream(
      { pull: (controller) => controller.enqueue(new Uint8Array(10).fill(++pulled)) },
      { highWaterMark: 0 },
    );
    const { ticket } = issueTicket({ hold: 25 });
    const reader = (await holdResponse(() => new Response(body), ticket)).body?.getReader();
    expect(pulled).toBe(3);
    for (let i = 1; i <= 10; i++) expect((await reader?.read())?.value?.[0]).toBe(i);
    await settle();
    expect(pulled).toBe(10);
  });

  it("ends at its source when the client cancels, and is then undelivered", async () => {
    const { ticket, delivered } = issueTicket({ hold: 0 });
    const { response, push, cancelled } = feedResponse();
    push("x");
    const answer = await holdResponse(() => response, ticket);
    await answer.body?.cancel("gone");
    expect(cancelled).toEqual(["gone"]);
    expect(delivered).toEqual([false]);
  });

  it("ends at its source when the client leaves a server that does not cancel bodies", async () => {
    const client = new AbortController();
    const { ticket, delivered } = issueTicket({ hold: 0 });
    const { response, push, cancelled } = feedResponse();
    push("x");
    const answer = await holdResponse(() => response, ticket, { signal: client.signal });
    client.abort("gone");
    expect(await answer.text()).toBe("");
    expect(cancelled).toEqual(["gone"]);
    expect(delivered).toEqual([false]);
  });

  it("is undelivered when it breaks after the settlement", async () => {
    const { ticket, outcomes, delivered } = issueTicket({ hold: 0 });
    const { response, push, controller } = feedResponse();
    push("x");
    const answer = await holdResponse(() => response, ticket);
    controller.error(new Error("broken"));
    await expect(answer.text()).rejects.toThrow("broken");
    expect(outcomes).toHaveLength(1);
    expect(delivered).toEqual([false]);
  });

  it("that breaks before the settlement is the handler's failure", async () => {
    const { ticket, outcomes } = issueTicket();
    const { response, push, controller } = feedResponse();
    push("x");
    controller.error(new Error("broken"));
    await expect(holdResponse(() => response, ticket)).rejects.toThrow("broken");
    expect(outcomes[0]).toMatchObject({ error: new Error("broken"), whole: false });
  });

  it("is stopped at its source in answer to HEAD", async () => {
    const { ticket, delivered } = issueTicket({ hold: 0 });
    const { response, push, cancelled } = feedResponse();
    push("x");
    expect((await holdResponse(() => response, ticket, { method: "HEAD" })).body).toBeNull();
    expect(cancelled).toHaveLength(1);
    expect(delivered).toEqual([true]);
  });
});
