import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { bothWays, HandTicket, released, runHeld, stopServers } from "../../../test/raw-http.js";

afterEach(stopServers);

describe("a handler sees its response as if nothing were held", () => {
  it("has sent its headers after the first write, and has ended after end", async () => {
    const seen: unknown[] = [];
    await runHeld(new HandTicket(), (res) => {
      const look = () => seen.push([res.headersSent, res.writableEnded, res.writableFinished]);
      look();
      res.write("x");
      look();
      res.end();
      look();
      res.once("close", look);
    });
    expect(seen).toEqual([
      [false, false, false],
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ]);
  });

  it("may not change headers after the first byte", async () => {
    const codes: unknown[] = [];
    await runHeld(new HandTicket(), (res) => {
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
    const answer = await runHeld(new HandTicket(), (res) => {
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
    await runHeld(ticket, (res) => {
      res.write("a", () => order.push("a"));
      res.write("b", () => {
        order.push("b");
        res.end(() => order.push("end"));
      });
    });
    expect(order).toEqual(["a", "b", "settled", "end"]);
  });

  it("is called back by every end the way its Node does it", async () => {
    const calls: unknown[][] = [];
    await bothWays((_: unknown, res: ServerResponse) => {
      const seen: unknown[] = [];
      calls.push(seen);
      const note = (name: string) => (error?: unknown) =>
        seen.push([name, (error as { code?: string })?.code, error === null]);
      res.end("x", note("first"));
      res.end(note("second"));
      res.once("close", () => res.end(note("late")));
    });
    expect(calls[0]).toHaveLength(3);
    expect(calls[1]).toEqual(calls[0]);
  });

  it("meets an error when it writes after its end", async () => {
    const seen: unknown[] = [];
    await runHeld(new HandTicket(), (res) => {
      res.on("error", (error: { code?: string }) => seen.push(error.code));
      res.end("x");
      seen.push(res.write("late", (error) => seen.push((error as { code?: string } | undefined)?.code)));
    });
    expect(seen).toEqual([false, "ERR_STREAM_WRITE_AFTER_END", "ERR_STREAM_WRITE_AFTER_END"]);
  });

  it("still hears that strictContentLength was not kept", async () => {
    let code: unknown;
    await runHeld(new HandTicket(), (res) => {
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
