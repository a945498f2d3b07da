import type { ServerResponse } from "node:http";
import { PassThrough } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import {
  exchange,
  get,
  HandTicket,
  listen,
  open,
  protect,
  refused,
  released,
  stopServers,
} from "../../../test/raw-http.js";

afterEach(stopServers);

const turn = () => new Promise(setImmediate);
const never = new Promise<never>(() => {});

/** Runs one request against a held handler and gives back what came out. */
async function run(ticket: HandTicket, handler: (res: ServerResponse) => void, request = get()): Promise<string> {
  return exchange(await listen(protect(ticket, (_, res) => handler(res))), request);
}

describe("a handler sees its response as if nothing were held", () => {
  it("has sent its headers after the first write, and has ended after end", async () => {
    const seen: unknown[] = [];
    await run(new HandTicket(), (res) => {
      const look = () => seen.push([res.headersSent, res.writableEnded, res.finished, res.writableFinished]);
      look();
      res.write("x");
      look();
      res.end();
      look();
      res.once("close", look);
    });
    expect(seen).toEqual([
      [false, false, false, false],
      [true, false, false, false],
      [true, true, true, false],
      [true, true, true, true],
    ]);
  });

  it("may not change headers after the first byte", async () => {
    const codes: unknown[] = [];
    await run(new HandTicket(), (res) => {
      res.setHeader("X-Early", "1");
      res.write("x");
      for (const change of [
        () => res.setHeader("X-Late", "1"),
        () => res.appendHeader("X-Late", "1"),
        () => res.setHeaders(new Map([["x-late", "1"]])),
        () => res.removeHeader("X-Early"),
        () => res.writeHead(500),
      ]) {
        try {
          change();
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
      }
      res.end();
    });
    expect(codes).toEqual(Array(5).fill("ERR_HTTP_HEADERS_SENT"));
  });

  it("gets Node's errors for misuse, at the same call, and can still answer", async () => {
    const codes: unknown[] = [];
    const answer = await run(new HandTicket(), (res) => {
      for (const misuse of [
        () => res.writeHead(99),
        () => res.writeHead(200, "a\nb"),
        () => res.writeHead(200, { "X-Bad": "a\nb" }),
        () => res.writeHead(200, ["odd"] as never),
        () => res.write(null as never),
        () => res.write(5 as never),
        () => res.write("x", "no-such" as never),
        () => res.addTrailers({ "bad name": "1" }),
      ]) {
        try {
          misuse();
        } catch (error) {
          codes.push((error as { code: string }).code);
        }
      }
      res.statusMessage = "";
      res.writeHead(200).end("fine");
    });
    expect(codes).toEqual([
      "ERR_HTTP_INVALID_STATUS_CODE",
      "ERR_INVALID_CHAR",
      "ERR_INVALID_CHAR",
      "ERR_INVALID_ARG_VALUE",
      "ERR_STREAM_NULL_VALUES",
      "ERR_INVALID_ARG_TYPE",
      "ERR_UNKNOWN_ENCODING",
      "ERR_INVALID_HTTP_TOKEN",
    ]);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/);
  });

  it("is called back in order, before anything is settled", async () => {
    const order: string[] = [];
    const ticket = new HandTicket({
      decide: () => {
        order.push("settled");
        return released;
      },
    });
    await run(ticket, (res) => {
      res.write("a", () => order.push("a"));
      res.write("b", () => {
        order.push("b");
        res.end(() => order.push("end"));
      });
    });
    expect(order).toEqual(["a", "b", "settled", "end"]);
  });

  it("meets an error when it writes after its end", async () => {
    const seen: unknown[] = [];
    await run(new HandTicket(), (res) => {
      res.on("error", (error: { code?: string }) => seen.push(error.code));
      res.end("x");
      seen.push(res.write("late", (error) => seen.push((error as { code?: string } | undefined)?.code)));
    });
    expect(seen).toEqual([false, "ERR_STREAM_WRITE_AFTER_END", "ERR_STREAM_WRITE_AFTER_END"]);
  });

  it("still hears that strictContentLength was not kept", async () => {
    let code: unknown;
    await run(new HandTicket(), (res) => {
      res.strictContentLength = true;
      res.setHeader("Content-Length", 3);
      try {
        res.end("four");
      } catch (error) {
        code = (error as { code: string }).code;
        res.end("333");
      }
    });
    expect(code).toBe("ERR_HTTP_CONTENT_LENGTH_MISMATCH");
  });
});

describe("an answer is concluded", () => {
  it("at its first byte if it is an event stream, and then flows event by event", async () => {
    const ticket = new HandTicket();
    const source = new PassThrough();
    const port = await listen(
      protect(ticket, (_, res) => {
        res.writeHead(200, { "Content-Type": "text/event-stream" });
        source.pipe(res);
      }),
    );
    const socket = await open(port);
    socket.write(get());
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
      source.write(event);
      while (!text.includes(event)) await turn();
    }
    expect(ticket.outcomes).toMatchObject([{ whole: false, aborted: false, status: 200 }]);
    expect(ticket.deliveries).toEqual([]);
    source.end();
    expect(await ticket.delivered_).toBe(true);
  });

  it("when its handler flushes the headers", async () => {
    const ticket = new HandTicket();
    const port = await listen(protect(ticket, (_, res) => res.flushHeaders()));
    const socket = await open(port);
    socket.write(get());
    const first = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    expect(first.toString()).toContain("X-Receipt: 1");
    expect(ticket.outcomes).toMatchObject([{ whole: false }]);
    socket.destroy();
    expect(await ticket.delivered_).toBe(false);
  });

  it("when no further byte came for a while", async () => {
    const ticket = new HandTicket({ idle: 5 });
    const port = await listen(protect(ticket, (_, res) => void res.write("begun")));
    const socket = await open(port);
    socket.write(get());
    const first = await new Promise<Buffer>((resolve) => socket.once("data", resolve));
    expect(first.toString()).toContain("begun");
    expect(ticket.outcomes).toMatchObject([{ whole: false }]);
    socket.destroy();
    expect(await ticket.delivered_).toBe(false);
  });

  it("not while only the head is written, since Node would not send it either", async () => {
    const ticket = new HandTicket({ idle: 1 });
    const answer = await run(ticket, async (res) => {
      res.writeHead(200);
      await new Promise((resolve) => setTimeout(resolve, 20));
      res.end("whole");
    });
    expect(ticket.outcomes).toMatchObject([{ whole: true }]);
    expect(answer).toContain("whole");
  });

  it("once, when the handler ends while a stream is being settled", async () => {
    const ticket = new HandTicket({ hold: 4 });
    const answer = await run(ticket, (res) => {
      res.write("12345");
      res.end("6");
    });
    expect(answer.endsWith("\r\n5\r\n12345\r\n1\r\n6\r\n0\r\n\r\n")).toBe(true);
    expect(ticket.outcomes).toMatchObject([{ whole: false }]);
    expect(ticket.deliveries).toEqual([true]);
  });
});

describe("an answer that outgrows the hold", () => {
  it("makes its writer wait until it is settled, and then flows under the connection's own back-pressure", async () => {
    const total = 64 * 1024 * 1024;
    const piece = Buffer.alloc(64 * 1024, "x");
    const ticket = new HandTicket({ hold: 256 * 1024 });
    let written = 0;
    let refusals = 0;
    let peak = 0;
    const port = await listen(
      protect(ticket, async (_, res) => {
        while (written < total) {
          written += piece.length;
          if (res.write(piece)) continue;
          refusals++;
          peak = Math.max(peak, written - received);
          expect(res.writableNeedDrain).toBe(true);
          await new Promise((resolve) => res.once("drain", resolve));
        }
        res.end();
      }),
    );
    const socket = await open(port);
    let received = 0;
    socket.pause();
    socket.write(get());
    while (ticket.outcomes.length === 0) await turn();
    expect(written).toBe(256 * 1024 + piece.length);
    // A slow reader: the writer gets no further than the buffers of the connection reach.
    let before = -1;
    while (before !== written) {
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    expect(written).toBeLessThan(total / 2);
    socket.on("data", (chunk) => {
      received += chunk.length;
    });
    socket.resume();
    expect(await ticket.delivered_).toBe(true);
    expect(written).toBe(total);
    expect(refusals).toBeGreaterThan(1);
    expect(peak).toBeLessThan(total / 2);
  });

  it("lets a writer that waits for drain go on when the connection takes all that was held", async () => {
    const ticket = new HandTicket({ hold: 3 });
    const answer = await run(ticket, (res) => {
      expect(res.write("four")).toBe(false);
      res.once("drain", () => res.end("."));
    });
    expect(answer).toContain("four");
    expect(ticket.deliveries).toEqual([true]);
  });

  it("calls a writer back only once its bytes went on", async () => {
    const order: string[] = [];
    const ticket = new HandTicket({
      hold: 3,
      decide: () => {
        order.push("settled");
        return released;
      },
    });
    await run(ticket, (res) => {
      res.write("four", () => {
        order.push("written");
        res.end();
      });
    });
    expect(order).toEqual(["settled", "written"]);
  });
});

describe("a replaced answer", () => {
  const replace = () => refused;

  it("leaks nothing of the handler's: no header, message, trailer or byte", async () => {
    let ended = false;
    const ticket = new HandTicket({ decide: replace });
    const port = await listen((message, response) => {
      response.setHeader("X-App", "kept");
      response.setHeader("Vary", "Origin");
      protect(ticket, (_, res) => {
        res.statusMessage = "Secret";
        res.setHeader("Set-Cookie", ["a=1", "b=2"]).setHeader("X-App", "changed").setHeader("Trailer", "X-Sum");
        res.removeHeader("Date");
        res.removeHeader("Vary");
        res.writeHead(200, { "X-Secret": "1", Connection: "close" });
        res.write("secret");
        res.addTrailers({ "X-Sum": "secret" });
        res.end("secret", () => {
          ended = true;
        });
      })(message, response);
    });
    const answer = await exchange(port, get());
    expect(answer.replace(/^Date: .*$/m, "Date: (now)")).toBe(
      [
        "HTTP/1.1 402 Payment Required",
        "X-App: kept",
        "Vary: Origin",
        "Content-Type: application/problem+json",
        "Content-Length: 18",
        "Date: (now)",
        "Connection: close",
        "",
        '{"code":"refused"}',
      ].join("\r\n"),
    );
    expect(ended).toBe(true);
    expect(ticket.deliveries).toEqual([true]);
  });

  it("swallows what a streaming handler still does", async () => {
    const ticket = new HandTicket({ hold: 3, decide: replace });
    const errors: unknown[] = [];
    const answer = await run(ticket, async (res) => {
      res.on("error", (error) => errors.push(error));
      res.write("four");
      await ticket.delivered_;
      res.setHeader("X-Late", "1");
      res.writeHead(200);
      res.flushHeaders();
      errors.push(
        await new Promise((resolve) =>
          res.write("late", (error) => resolve((error as { code?: string } | undefined)?.code)),
        ),
      );
      res.end("late");
    });
    expect(answer).toContain('{"code":"refused"}');
    expect(answer).not.toMatch(/four|late/i);
    expect(errors).toEqual(["ERR_STREAM_WRITE_AFTER_END"]);
  });

  it("does not ask middleware that wrapped the response for headers again", async () => {
    const ticket = new HandTicket({ decide: replace });
    const answer = await run(ticket, (res) => {
      const { writeHead } = res;
      res.writeHead = function (this: ServerResponse, ...args: unknown[]) {
        this.setHeader("X-Session", "secret");
        return Reflect.apply(writeHead, this, args);
      } as never;
      res.end("secret");
    });
    expect(answer).toContain("402 Payment Required");
    expect(answer).not.toContain("secret");
  });

  it("keeps the length of a HEAD answer and sends no body", async () => {
    const answer = await run(new HandTicket({ decide: replace }), (res) => res.end("x"), get("/", { method: "HEAD" }));
    expect(answer).toContain("Content-Length: 18");
    expect(answer.endsWith("\r\n\r\n")).toBe(true);
  });
});

describe("a client that leaves", () => {
  it("before the answer: the engine hears of it and nothing is sent", async () => {
    const ticket = new HandTicket();
    let closed = () => {};
    const close = new Promise<void>((resolve) => {
      closed = resolve;
    });
    let response: ServerResponse | undefined;
    const port = await listen(
      protect(ticket, (_, res) => {
        response = res;
        res.write("partly");
        res.once("close", closed);
      }),
    );
    const socket = await open(port);
    socket.write(get());
    while (!response) await turn();
    socket.destroy();
    await close;
    expect(await ticket.delivered_).toBe(false);
    expect(ticket.outcomes).toMatchObject([{ aborted: true, whole: false }]);
    expect(response.headersSent).toBe(true);
    expect(response.write("more")).toBe(false);
  });

  it("while the engine settles: concluded once, and not delivered", async () => {
    let settle = () => {};
    const ticket = new HandTicket({ decide: () => new Promise((resolve) => (settle = () => resolve(released))) });
    let response: ServerResponse | undefined;
    const port = await listen(
      protect(ticket, (_, res) => {
        response = res;
        res.end("whole");
      }),
    );
    const socket = await open(port);
    socket.write(get());
    while (ticket.outcomes.length === 0) await turn();
    await turn();
    const closed = new Promise((resolve) => response?.once("close", resolve));
    socket.destroy();
    await closed;
    settle();
    expect(await ticket.delivered_).toBe(false);
    expect(ticket.outcomes).toMatchObject([{ whole: true, aborted: false }]);
    expect(ticket.deliveries).toEqual([false]);
  });

  it("counts as gone when the handler itself destroys the response, even if it then ends", async () => {
    const ticket = new HandTicket();
    await run(ticket, (res) => {
      res.write("half");
      res.destroy();
      res.end("whole");
    });
    expect(await ticket.delivered_).toBe(false);
    expect(ticket.outcomes).toMatchObject([{ aborted: true }]);
  });

  it("before the handler could run: it does not run", async () => {
    const ticket = new HandTicket();
    let ran = false;
    const held = protect(ticket, () => {
      ran = true;
    });
    await exchange(
      await listen((message, response) => {
        message.socket.destroy();
        held(message, response);
      }),
      get(),
    );
    expect(ran).toBe(false);
    expect(ticket.outcomes).toMatchObject([{ aborted: true }]);
    expect(await ticket.delivered_).toBe(false);
  });

  it("while its request waits behind another on the same connection", async () => {
    const first = new HandTicket();
    const second = new HandTicket();
    let reached = 0;
    const port = await listen((message, response) => {
      reached++;
      protect(message.url === "/1" ? first : second, () => never)(message, response);
    });
    const socket = await open(port);
    socket.write("GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n");
    while (reached < 2) await turn();
    socket.destroy();
    expect(await Promise.all([first.delivered_, second.delivered_])).toEqual([false, false]);
    expect(second.outcomes).toMatchObject([{ aborted: true }]);
  });
});

it("pipelined answers leave in order, each whole", async () => {
  const port = await listen((message, response) => {
    protect(new HandTicket(), async (_, res) => {
      if (message.url === "/1") for (let at = 0; at < 20; at++) await turn();
      res.end(`answer ${message.url}`);
    })(message, response);
  });
  const answer = await exchange(
    port,
    "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
  );
  expect(answer.match(/answer ..|X-Receipt/g)).toEqual(["X-Receipt", "answer /1", "X-Receipt", "answer /2"]);
});

describe("when time runs out", () => {
  it("the engine decides, and its answer goes out in the handler's place", async () => {
    const ticket = new HandTicket({ decide: () => refused });
    let late: unknown;
    const answer = await run(ticket, async (res) => {
      setImmediate(() => ticket.controller.abort(new Error("too slow")));
      await ticket.delivered_;
      late = [res.headersSent, res.writableEnded];
      res.setHeader("X-Late", "1");
      res.end("late");
    });
    expect(answer).toContain("402 Payment Required");
    expect(answer).not.toMatch(/late/i);
    expect(late).toEqual([true, true]);
    expect(ticket.outcomes).toMatchObject([
      { status: 504, whole: false, aborted: false, error: { message: "too slow" } },
    ]);
  });

  it("nothing changes for an answer that was let go before", async () => {
    const ticket = new HandTicket({ hold: 0 });
    const answer = await run(ticket, (res) => {
      res.write("a");
      res.once("drain", () => {
        ticket.controller.abort();
        res.end("b");
      });
    });
    expect(answer).toContain("0\r\n\r\n");
    expect(ticket.outcomes).toHaveLength(1);
  });
});

it("a handler that fails halfway and destroys the connection is not paid for", async () => {
  const ticket = new HandTicket();
  const answer = await run(ticket, (res) => {
    res.write("half an answer");
    res.destroy(new Error("broke"));
  });
  expect(answer).toBe("");
  expect(await ticket.delivered_).toBe(false);
  expect(ticket.outcomes).toMatchObject([{ aborted: true }]);
});

it("an answer that breaks after its release is reported as not delivered", async () => {
  const ticket = new HandTicket({ hold: 0 });
  await run(ticket, (res) => {
    res.write("half");
    res.once("drain", () => res.destroy());
  });
  expect(await ticket.delivered_).toBe(false);
  expect(ticket.outcomes).toMatchObject([{ aborted: false }]);
});
