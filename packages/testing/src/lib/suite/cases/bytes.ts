import { Readable } from "node:stream";
import { expect } from "vitest";
import type { RawAnswer } from "../../client/raw-request.js";
import type { Casebook, Open } from "../casebook.js";
import { paid } from "../shop.js";
import type { RoutePlan } from "../stage.js";

/** Fields that a sale adds or changes, or that differ from response to response. */
const ours = new Set([
  "date",
  "payment-response",
  "access-control-expose-headers",
  "cache-control",
  "vary",
  "connection",
  "keep-alive",
]);
/** How a body is framed is Node's choice where a framework hands over a whole `Response`. */
const framing = new Set(["content-length", "transfer-encoding"]);

/** Paid responses against the same app without a paywall, on the wire (D05, D07). */
export function testBytes({ check, harness }: Casebook): void {
  async function expectSame(
    open: Open,
    route: RoutePlan,
    plan: { config?: object; method?: string } = {},
  ): Promise<void> {
    const method = plan.method ?? "GET";
    const shop = await open({ routes: [route], ...(plan.config ? { config: plan.config } : {}) });
    const header = await shop.header();
    const bought = await shop.raw([`${method} /paid HTTP/1.1`, `PAYMENT-SIGNATURE: ${header}`]);
    shop.counted({ h: 1, v: 1, s: 1, c: 1 });
    // One after the other: a framework's harness may have one server for all stages.
    const twin = await open({ routes: [route], unprotected: true });
    const bare = await twin.raw([`${method} /paid HTTP/1.1`]);
    const fields = (answer: RawAnswer): string[] =>
      answer.headers
        .filter(
          ([name]) =>
            !ours.has(name.toLowerCase()) && !(harness.answers === "fetch" && framing.has(name.toLowerCase())),
        )
        .map(([name, value]) => `${name.toLowerCase()}: ${value}`)
        .sort();
    expect([bought.status, bought.reason]).toEqual([bare.status, bare.reason]);
    expect(fields(bought)).toEqual(fields(bare));
    expect(bought.body.equals(bare.body)).toBe(true);
    expect(bought.trailers).toEqual(bare.trailers);
  }

  check("D05 sends the bytes of the framework's usual answers unchanged", async (open) => {
    const fields = [
      ["content-type", "text/plain; charset=utf-8"],
      ["set-cookie", "a=1; Path=/"],
      ["set-cookie", "b=2"],
      ["x-custom", "ü".normalize() === "ü" ? "yes" : "no"],
    ] as const;
    await expectSame(open, { ...paid, handle: () => ({ headers: fields, body: "Zürich ✓" }) });
    await expectSame(open, { ...paid, handle: () => ({ status: 201, body: new Uint8Array([0, 255, 128, 10, 13]) }) });
    await expectSame(open, { ...paid, handle: () => ({ status: 204, headers: [] }) });
  });

  check("D05b sends the bytes of a stream unchanged", async (open) => {
    const chunks = ["first ", "second ✓ ", "third"];
    const body = (): AsyncIterable<Uint8Array> => Readable.from(chunks.map((chunk) => Buffer.from(chunk)));
    await expectSame(open, { ...paid, handle: () => ({ headers: [["content-type", "text/plain"]], body: body() }) });
  });

  check("D05c sends the head of a HEAD request unchanged", async (open) => {
    await expectSame(
      open,
      { ...paid, handle: () => ({ headers: [["content-type", "text/plain"]], body: "paid" }) },
      { method: "HEAD" },
    );
  });

  check("D05d passes end(text, callback) and write(text, encoding, callback) through, and calls back", async (open) => {
    let called = 0;
    const done = (): void => {
      called++;
    };
    await expectSame(open, {
      ...paid,
      node: (_, response) => {
        response.setHeader("Content-Type", "text/plain");
        response.setHeader("X-List", ["a", "b"]);
        response.write("c8e9", "hex", done);
        response.write("text ", done);
        response.write(new Uint8Array([1, 2, 3]));
        response.end("é", "latin1", done);
      },
      fetch: () => new Response(new Uint8Array([1, 2, 3]), { headers: { "content-type": "text/plain" } }),
    });
    if (harness.answers === "node") expect(called).toBe(6);
  });

  check("D05e passes writeHead with a reason and a list of fields through", async (open) => {
    await expectSame(open, {
      ...paid,
      node: (_, response) => {
        response.writeHead(203, "Quite Right", [
          "X-One",
          "1",
          "Set-Cookie",
          "a=1",
          "Set-Cookie",
          "b=2",
          "Content-Length",
          "4",
        ]);
        response.end("good");
      },
      fetch: () =>
        new Response("good", {
          status: 203,
          headers: [
            ["x-one", "1"],
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
          ],
        }),
    });
  });

  check("D05f passes writeHead over earlier fields, and end without a body, through", async (open) => {
    await expectSame(open, {
      ...paid,
      node: (_, response) => {
        response.setHeader("X-One", "old");
        response.statusCode = 404;
        response.writeHead(202, { "X-One": "new", "X-Two": "2" }).end();
      },
      fetch: () => new Response(null, { status: 202, headers: { "x-one": "new", "x-two": "2" } }),
    });
  });

  check("D05g passes a pipe through", async (open) => {
    const bytes = Buffer.alloc(200_000, "0123456789");
    await expectSame(open, {
      ...paid,
      node: (_, response) => Readable.from([bytes.subarray(0, 70_000), bytes.subarray(70_000)]).pipe(response),
      fetch: () => new Response(new Blob([bytes]).stream(), { headers: { "content-type": "text/plain" } }),
    });
  });

  check("D05h passes flushed heads and trailers through", async (open) => {
    await expectSame(open, {
      ...paid,
      node: (_, response) => {
        response.setHeader("Trailer", "X-Sum");
        response.setHeader("Content-Type", "text/plain");
        response.flushHeaders();
        response.write("one ");
        response.write("two");
        response.addTrailers({ "X-Sum": "abc" });
        response.end();
      },
      fetch: () => new Response("one two", { headers: { "content-type": "text/plain" } }),
    });
  });

  check("D07 settles once and streams an answer that outgrows what is held back", async (open) => {
    const block = Buffer.alloc(64 * 1024, "x");
    async function* blocks(): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 48; index++) yield block;
    }
    const route: RoutePlan = { ...paid, handle: () => ({ headers: [["content-type", "text/plain"]], body: blocks() }) };
    await expectSame(open, route, { config: { holdBytes: 256 * 1024 } });
  });

  check("D08 settles once and then streams events as they come", async (open) => {
    const shop = await open({
      routes: [{ ...paid, handle: () => ({ headers: [["content-type", "text/event-stream"]], body: events() }) }],
    });
    const settledAt: number[] = [];
    let proceed: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      proceed = resolve;
    });
    async function* events(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("data: 0\n\n");
      await gate;
      yield Buffer.from("data: 1\n\n");
    }
    const { response, receipt } = await shop.buy();
    const reader = response.body?.getReader();
    const first = await reader?.read();
    settledAt.push(shop.facilitator.settles);
    expect(Buffer.from(first?.value ?? []).toString()).toContain("data: 0");
    proceed();
    const second = await reader?.read();
    expect(Buffer.from(second?.value ?? []).toString()).toContain("data: 1");
    await reader?.read();
    expect(receipt?.success).toBe(true);
    expect(settledAt).toEqual([1]);
    shop.counted({ h: 1, v: 1, s: 1, c: 1 });
  });
}
