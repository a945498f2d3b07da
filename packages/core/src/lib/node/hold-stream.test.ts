import type { ServerResponse } from "node:http";
import { PassThrough } from "node:stream";
import { afterEach, describe, expect, it } from "vitest";
import {
  bothWays,
  get,
  HandTicket,
  listen,
  open,
  plain,
  protect,
  released,
  runHeld,
  stopServers,
} from "../../../test/raw-http.js";

afterEach(stopServers);

const turn = () => new Promise(setImmediate);

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
    const answer = await runHeld(ticket, async (res) => {
      res.writeHead(200);
      await new Promise((resolve) => setTimeout(resolve, 20));
      res.end("whole");
    });
    expect(ticket.outcomes).toMatchObject([{ whole: true }]);
    expect(answer).toContain("whole");
  });

  it("once, when the handler ends while a stream is being settled", async () => {
    const handler = (_: unknown, res: ServerResponse) => {
      res.write("12345");
      res.end("6");
    };
    const { bare, held, ticket } = await bothWays(handler, get(), new HandTicket({ hold: 4 }));
    expect(plain(held)).toBe(plain(bare));
    expect(ticket.outcomes).toMatchObject([{ whole: false }]);
    expect(ticket.deliveries).toEqual([true]);
  });
});

describe("an answer that may not be held, but kept", () => {
  const concluded = async (handler: (res: ServerResponse) => void, keep = 10) => {
    const ticket = new HandTicket({ hold: 0, keep });
    await runHeld(ticket, handler);
    expect(ticket.deliveries).toEqual([true]);
    const [outcome] = ticket.outcomes;
    return [outcome?.whole, outcome?.body?.toString()];
  };

  it("is whole if it is complete at its first byte", async () => {
    expect(await concluded((res) => res.end("0123456789"))).toEqual([true, "0123456789"]);
    expect(await concluded((res) => res.writeHead(201, { "Content-Length": 3 }).end("abc"))).toEqual([true, "abc"]);
    expect(await concluded((res) => res.end())).toEqual([true, ""]);
    expect(await concluded((res) => res.writeHead(204).end(), 0)).toEqual([true, ""]);
  });

  it("is a stream if it is longer than that, or was begun before its end", async () => {
    expect(await concluded((res) => res.end("0123456789a"))).toEqual([false, undefined]);
    expect(await concluded((res) => res.end("ééééé é"))).toEqual([false, undefined]);
    expect(await concluded((res) => res.write("a") || res.end("b"))).toEqual([false, undefined]);
    expect(
      await concluded((res) => {
        res.flushHeaders();
        res.end("a");
      }),
    ).toEqual([false, undefined]);
  });

  it("is whole up to the hold where there is one, however it was written", async () => {
    for (const [body, whole] of [
      ["0123456789", true],
      ["0123456789a", false],
    ] as const) {
      const ticket = new HandTicket({ hold: 10, keep: 1000 });
      await runHeld(ticket, (res) => res.end(body));
      expect(ticket.outcomes).toMatchObject([{ whole }]);
      expect(ticket.deliveries).toEqual([true]);
    }
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
    const answer = await runHeld(ticket, (res) => {
      expect(res.write("four")).toBe(false);
      res.once("drain", () => res.end("."));
    });
    expect(answer).toContain("four");
    expect(ticket.deliveries).toEqual([true]);
  });

  it("is sent on in full before a writer that waits for drain writes more", async () => {
    const ticket = new HandTicket({ hold: 300_000 });
    const answer = await runHeld(ticket, async (res) => {
      for (const letter of "xyz") {
        res.cork();
        res.write(letter.repeat(100_000));
        res.uncork();
        await turn();
      }
      expect(res.write("!")).toBe(false);
      res.once("drain", () => res.end("?"));
    });
    const body = answer.slice(answer.indexOf("\r\n\r\n"));
    expect(body.replace(/[^xyz!?]/g, "").replace(/(.)\1+/g, "$1")).toBe("xyz!?");
    expect(await ticket.delivered_).toBe(true);
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
    await runHeld(ticket, (res) => {
      res.write("four", () => {
        order.push("written");
        res.end();
      });
    });
    expect(order).toEqual(["settled", "written"]);
  });
});
