import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { feedResponse, issueTicket, text } from "../../../test/ticket.js";
import { holdResponse } from "./hold.js";

describe("an answer that may not be held, but kept", () => {
  const concluded = async (make: () => unknown, keep = 10) => {
    const { ticket, outcomes, delivered } = issueTicket({ hold: 0, keep });
    const sent = await (await holdResponse(make, ticket)).text();
    expect(delivered).toEqual([true]);
    const [outcome] = outcomes;
    return [outcome?.whole, outcome?.body && text(outcome.body), sent];
  };
  const several = (...parts: string[]) =>
    new Response(new Blob(parts).stream().pipeThrough(new TransformStream()) as ReadableStream<Uint8Array>);

  it.each<[string, () => unknown, string]>([
    ["text", () => new Response("text"), "text"],
    ["bytes", () => new Response(new TextEncoder().encode("bytes")), "bytes"],
    ["JSON", () => Response.json({ a: 1 }), '{"a":1}'],
    ["fields", () => new Response(new URLSearchParams("a=1")), "a=1"],
    ["a file", () => new Response(new Blob(["file"])), "file"],
    ["nothing", () => new Response(null), ""],
    ["no bytes", () => new Response(""), ""],
    ["a stream that has ended", () => several("ended"), "ended"],
    ["a Node stream that has ended", () => ({ status: 200, headers: new Map(), body: Readable.from(["a"]) }), "a"],
  ])("is whole if it is complete at once: %s", async (_, make, body) => {
    expect(await concluded(make)).toEqual([true, body, body]);
  });

  it("is whole up to that many bytes", async () => {
    expect(await concluded(() => new Response("0123456789"))).toEqual([true, "0123456789", "0123456789"]);
    expect(await concluded(() => new Response("0123456789a"))).toEqual([false, undefined, "0123456789a"]);
    expect(await concluded(() => several("01234", "56789a"))).toEqual([false, undefined, "0123456789a"]);
    expect(await concluded(() => new Response("x"), 0)).toEqual([false, undefined, "x"]);
  });

  it("is a stream if its end is not there yet", async () => {
    const { ticket, outcomes } = issueTicket({ hold: 0, keep: 10 });
    const { response, push, controller } = feedResponse();
    push("a");
    const answer = await holdResponse(() => response, ticket);
    expect(outcomes).toMatchObject([{ whole: false }]);
    controller.close();
    expect(await answer.text()).toBe("a");
  });

  it("is not read further than that, however much is at hand", async () => {
    let made = 0;
    const body = new ReadableStream(
      { pull: (controller) => controller.enqueue(new Uint8Array(4).fill(++made)) },
      { highWaterMark: 0 },
    );
    const { ticket, outcomes } = issueTicket({ hold: 0, keep: 10 });
    const reader = (await holdResponse(() => new Response(body), ticket)).body?.getReader();
    expect([made, outcomes[0]?.whole]).toEqual([3, false]);
    for (let at = 1; at < 6; at++) expect((await reader?.read())?.value?.[0]).toBe(at);
  });
});

it("an answer that may be held is whole up to the hold, whatever may be kept", async () => {
  for (const [size, whole] of [
    [10, true],
    [11, false],
  ] as const) {
    const { ticket, outcomes } = issueTicket({ hold: 10, keep: 1000 });
    expect(await (await holdResponse(() => new Response("x".repeat(size)), ticket)).text()).toHaveLength(size);
    expect(outcomes[0]?.whole).toBe(whole);
  }
});
