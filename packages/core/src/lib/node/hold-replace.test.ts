import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { exchange, get, HandTicket, listen, protect, refused, runHeld, stopServers } from "../../../test/raw-http.js";

afterEach(stopServers);

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
    const answer = await runHeld(ticket, async (res) => {
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
    const answer = await runHeld(ticket, (res) => {
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
    const answer = await runHeld(
      new HandTicket({ decide: replace }),
      (res) => res.end("x"),
      get("/", { method: "HEAD" }),
    );
    expect(answer).toContain("Content-Length: 18");
    expect(answer.endsWith("\r\n\r\n")).toBe(true);
  });
});

describe("when time runs out", () => {
  it("the engine decides, and its answer goes out in the handler's place", async () => {
    const ticket = new HandTicket({ decide: () => refused });
    let late: unknown;
    const answer = await runHeld(ticket, async (res) => {
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
    const answer = await runHeld(ticket, (res) => {
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
