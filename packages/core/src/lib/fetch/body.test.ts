import { describe, expect, it } from "vitest";
import { settle, text } from "../../../test/ticket.js";
import { drainRequest, fetchRequest } from "./request.js";

const url = "http://shop.example/a";
const post = (body: BodyInit | null, init: RequestInit = {}) => new Request(url, { method: "POST", body, ...init });
const look = async (request: Request, limit: number) => {
  const seen = await fetchRequest(request, undefined).body?.(limit);
  return seen && text(seen);
};

/** A body that is fed from outside. */
function feed() {
  let controller!: ReadableStreamDefaultController<Uint8Array>;
  let pulls = 0;
  const cancelled: unknown[] = [];
  const body = new ReadableStream<Uint8Array>(
    {
      start: (started) => {
        controller = started;
      },
      pull: () => void pulls++,
      cancel: (reason) => void cancelled.push(reason),
    },
    { highWaterMark: 0 },
  );
  const push = (part: string) => controller.enqueue(new TextEncoder().encode(part));
  return { request: post(body, { duplex: "half" } as RequestInit), push, cancelled, pulls: () => pulls, controller };
}

describe("the beginning of a request's body", () => {
  it("is seen, and the handler reads all of it, by every reader", async () => {
    const form = new FormData();
    form.append("a", "1");
    const readers: [BodyInit, (request: Request) => Promise<unknown>, unknown][] = [
      ["0123456789", (request) => request.text(), "0123456789"],
      ['{"a":"long enough"}', (request) => request.json(), { a: "long enough" }],
      ["0123456789", async (request) => (await request.arrayBuffer()).byteLength, 10],
      ["0123456789", async (request) => (await request.blob()).size, 10],
      [form, async (request) => (await request.formData()).get("a"), "1"],
      ["0123456789", (request) => new Response(request.body).text(), "0123456789"],
      ["0123456789", (request) => new Request(request).text(), "0123456789"],
      ["0123456789", (request) => request.clone().text(), "0123456789"],
    ];
    for (const [body, read, expected] of readers) {
      const request = post(body);
      expect(await look(request, 4)).toHaveLength(4);
      expect(request.bodyUsed).toBe(false);
      expect(await read(request)).toEqual(expected);
    }
  });

  it("is the same however it arrives", async () => {
    for (const parts of [["abcdefgh"], ["a", "bcd", "e", "fgh"], ["abcd", "efgh"]]) {
      const { request, push, controller } = feed();
      const seen = look(request, 4);
      for (const part of parts) {
        await settle();
        push(part);
      }
      controller.close();
      expect([await seen, await request.text()]).toEqual(["abcd", "abcdefgh"]);
    }
    expect(await look(post("abc"), 4)).toBe("abc");
  });

  it("is none for a request without one, and nothing is read of GET and HEAD", async () => {
    for (const request of [post(null), post(""), post("", { headers: { "content-length": "0" } })]) {
      expect(await look(request, 4)).toBeUndefined();
      expect(await request.text()).toBe("");
    }
    const get = { method: "GET", clone: () => expect.unreachable() } as unknown as Request;
    expect(await look(get, 4)).toBeUndefined();
    expect(await look({ ...get, method: "HEAD" }, 4)).toBeUndefined();
  });

  it("is all that is read until the handler reads on", async () => {
    const { request, push, pulls, cancelled } = feed();
    push("abcd");
    push("efgh");
    expect(await look(request, 4)).toBe("abcd");
    await settle();
    const before = pulls();
    await settle();
    expect([pulls(), cancelled]).toEqual([before, []]);
    const reader = request.body?.getReader();
    expect(text((await reader?.read())?.value)).toBe("abcd");
    expect(text((await reader?.read())?.value)).toBe("efgh");
    await reader?.cancel("enough");
    expect(cancelled).toHaveLength(1);
  });

  it("fails if the client leaves before it has come", async () => {
    const { request, push, controller } = feed();
    push("ab");
    const seen = look(request, 4);
    await settle();
    controller.error(new Error("left"));
    await expect(seen).rejects.toThrow("left");
  });
});

describe("what is left of a body that was looked at", () => {
  it("is taken when nobody will read it", async () => {
    const { request, push, pulls } = feed();
    push("abcd");
    await look(request, 4);
    drainRequest(request);
    const before = pulls();
    for (const part of ["efgh", "ijkl"]) {
      push(part);
      await settle();
    }
    expect(pulls()).toBeGreaterThan(before + 1);
  });

  it("is left to whoever reads it, and to the server if nobody looked", async () => {
    const read = post("0123456789");
    await look(read, 4);
    const text = read.text();
    drainRequest(read);
    expect(await text).toBe("0123456789");
    const untouched = post("body");
    drainRequest(untouched);
    expect(await untouched.text()).toBe("body");
  });
});

describe("a body that was read ahead of the paywall", () => {
  it("is what the framework kept of it", async () => {
    const request = post("body");
    await request.text();
    const asked: number[] = [];
    const body = async (limit: number) => {
      asked.push(limit);
      return new TextEncoder().encode("kept");
    };
    expect(text(await fetchRequest(request, undefined, { body }).body?.(9))).toBe("kept");
    expect(asked).toEqual([9]);
  });

  it("is none if the framework says so", async () => {
    const request = { method: "POST", clone: () => expect.unreachable() } as unknown as Request;
    expect(await fetchRequest(request, undefined, { body: async () => undefined }).body?.(9)).toBeUndefined();
  });

  it("is refused otherwise, as is one that somebody is reading, or that was announced and does not come", async () => {
    const read = post("body");
    await read.text();
    const locked = post("body");
    locked.body?.getReader();
    const announced = post(null, { headers: { "content-length": "4" } });
    for (const request of [read, locked, announced]) {
      await expect(look(request, 4)).rejects.toThrow(/read ahead|did not arrive/);
      const facts = { body: async () => null };
      await expect(fetchRequest(request, undefined, facts).body?.(4)).rejects.toThrow(/read ahead|did not arrive/);
    }
  });
});
