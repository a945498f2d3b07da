import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { feedResponse, issueTicket, released, text } from "../../../test/ticket.js";
import { holdResponse } from "./hold.js";

describe("a whole answer", () => {
  it("goes out as the handler made it, but for the engine's changes", async () => {
    const { ticket, outcomes, delivered } = issueTicket({
      conclusion: {
        type: "release",
        remove: ["x-secret"],
        set: [
          ["vary", "PAYMENT-SIGNATURE"],
          ["cache-control", "private"],
        ],
      },
    });
    const headers: [string, string][] = [
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["vary", "Accept"],
      ["x-secret", "1"],
      ["content-type", "text/plain"],
    ];
    const response = await holdResponse(
      () => new Response("hello", { status: 203, statusText: "Almost", headers }),
      ticket,
    );
    expect([response.status, response.statusText]).toEqual([203, "Almost"]);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(response.headers.get("vary")).toBe("Accept, PAYMENT-SIGNATURE");
    expect(response.headers.get("cache-control")).toBe("private");
    expect(response.headers.get("x-secret")).toBeNull();
    expect(await response.text()).toBe("hello");
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({ status: 203, aborted: false, whole: true });
    expect(outcomes[0]).not.toHaveProperty("error");
    expect(text(outcomes[0]?.body)).toBe("hello");
    expect(delivered).toEqual([true]);
  });

  it("shows the engine the handler's own headers", async () => {
    const { ticket, outcomes } = issueTicket();
    await holdResponse(() => Response.json({ a: 1 }, { headers: { etag: '"x"' } }), ticket);
    expect(Object.fromEntries(outcomes[0]?.headers() ?? [])).toMatchObject({
      "content-type": "application/json",
      etag: '"x"',
    });
  });

  it("joins the chunks of a stream that ends in time", async () => {
    const { ticket, outcomes } = issueTicket();
    const { response, push, controller } = feedResponse();
    for (const part of ["a", "", "b", "c"]) push(part);
    controller.close();
    expect(await (await holdResponse(() => response, ticket)).text()).toBe("abc");
    expect(outcomes[0]?.whole).toBe(true);
    expect(text(outcomes[0]?.body)).toBe("abc");
  });

  it("may be as long as the hold, and not a byte longer", async () => {
    for (const [size, whole] of [
      [16, true],
      [17, false],
    ] as const) {
      const { ticket, outcomes } = issueTicket({ hold: 16 });
      const response = await holdResponse(() => new Response("x".repeat(size)), ticket);
      expect(await response.text()).toHaveLength(size);
      expect(outcomes[0]?.whole).toBe(whole);
    }
  });

  it.each([204, 205, 304])("keeps status %i without a body", async (status) => {
    const { ticket, outcomes } = issueTicket();
    const response = await holdResponse(() => new Response(null, { status, headers: { etag: '"x"' } }), ticket);
    expect([response.status, response.body, response.headers.get("etag")]).toEqual([status, null, '"x"']);
    expect(outcomes[0]).toMatchObject({ status, whole: true });
  });

  it("counts as undelivered if the client left while it was settled", async () => {
    const client = new AbortController();
    const { ticket, delivered } = issueTicket();
    const leave = async () => {
      client.abort();
      return released;
    };
    const leaving = { ...ticket, conclude: leave };
    await holdResponse(() => new Response("hello"), leaving, { signal: client.signal });
    expect(delivered).toEqual([false]);
  });

  it("takes headers that cannot be changed in place", async () => {
    const { ticket } = issueTicket();
    const response = await holdResponse(() => Response.redirect("http://shop.example/free", 302), ticket);
    expect([response.status, response.headers.get("location")]).toEqual([302, "http://shop.example/free"]);
    expect(response.headers.get("payment-response")).toBe("receipt");
  });

  it("has no body in answer to HEAD", async () => {
    const { ticket, outcomes, delivered } = issueTicket();
    const response = await holdResponse(() => new Response("hello", { headers: { "content-length": "5" } }), ticket, {
      method: "HEAD",
    });
    expect([response.body, response.headers.get("content-length")]).toEqual([null, "5"]);
    expect(outcomes[0]?.whole).toBe(true);
    expect(delivered).toEqual([true]);
  });
});

describe("a response of another make", () => {
  const headers = new Map([["content-type", "text/plain"]]);

  it("with a Node stream for a body is sent like any other", async () => {
    const { ticket, outcomes } = issueTicket();
    const foreign = { status: 201, headers, body: Readable.from([Buffer.from("node "), "fetch"]) };
    const response = await holdResponse(() => foreign, ticket);
    expect([response.status, await response.text(), response.headers.get("content-type")]).toEqual([
      201,
      "node fetch",
      "text/plain",
    ]);
    expect(text(outcomes[0]?.body)).toBe("node fetch");
  });

  it("keeps several cookies that its headers would join", async () => {
    const joined = {
      *[Symbol.iterator]() {
        yield ["Set-Cookie", "a=1, b=2"];
      },
      raw: () => ({ "set-cookie": ["a=1", "b=2"] }),
    };
    const response = await holdResponse(() => ({ status: 200, headers: joined, body: null }), issueTicket().ticket);
    expect(response.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
  });

  it("with arrayBuffer() alone is read by that", async () => {
    const arrayBuffer = async () => new TextEncoder().encode("buffer").buffer;
    const response = await holdResponse(() => ({ status: 200, headers, arrayBuffer }), issueTicket().ticket);
    expect(await response.text()).toBe("buffer");
  });

  it("may stream text chunks, as Node servers allow", async () => {
    const body = new ReadableStream({
      start: (controller) => {
        controller.enqueue("text");
        controller.close();
      },
    });
    const response = await holdResponse(() => new Response(body), issueTicket().ticket);
    expect(await response.text()).toBe("text");
  });

  it("with a body of something else is the handler's failure", async () => {
    const body = new ReadableStream({ start: (controller) => controller.enqueue(42) });
    await expect(holdResponse(() => new Response(body), issueTicket().ticket)).rejects.toThrow("other than bytes");
  });
});
