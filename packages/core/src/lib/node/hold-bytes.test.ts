import { createReadStream, readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createGzip } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import { bothWays, get, type Handler, HandTicket, plain, released, stopServers } from "../../../test/raw-http.js";
import type { HeaderList, Outcome } from "../seam.js";

afterEach(stopServers);

const thisFile = fileURLToPath(import.meta.url);
const later = () => new Promise((resolve) => setTimeout(resolve, 1));

/** Handlers that respond in every legal way; each must come out as it would without a paywall. */
const handlers: Record<string, Handler> = {
  "end(string)": (_, res) => res.end("héllo"),
  "end(Buffer)": (_, res) => res.end(Buffer.from([0, 1, 2, 255])),
  "end(Uint8Array)": (_, res) => res.end(new Uint8Array([7, 8, 9])),
  "end()": (_, res) => res.end(),
  "end('')": (_, res) => res.end(""),
  "end(string, encoding)": (_, res) => res.end("68656c6c6f", "hex"),
  "end(string, null, null)": (_, res) => res.end("x", null as never, null as never),
  "end(callback)": (_, res) => res.end(() => {}),
  "setHeader and end": (_, res) => res.setHeader("Content-Type", "text/plain").setHeader("X-Case-Kept", "a").end("x"),
  "repeated headers": (_, res) => res.setHeader("Set-Cookie", ["a=1", "b=2"]).appendHeader("X-List", "1").end("x"),
  "setHeaders(Map)": (_, res) => res.setHeaders(new Map([["x-map", "1"]])).end("x"),
  "status code and message": (_, res) => Object.assign(res, { statusCode: 201, statusMessage: "Made" }).end("x"),
  "status changed after the head": (_, res) =>
    void (Object.assign(res.writeHead(201), { statusCode: 500 }) && res.end("x")),
  "writeHead(status)": (_, res) => res.writeHead(202).end("x"),
  "writeHead(object)": (_, res) => res.writeHead(200, { "X-Object": "1", "Set-Cookie": ["a", "b"] }).end("x"),
  "writeHead over set headers": (_, res) => {
    res.setHeader("X-One", "old").setHeader("X-Two", "kept");
    res.writeHead(200, { "x-one": "new", "Content-Length": 1 }).end("x");
  },
  "writeHead(flat array)": (_, res) =>
    res.writeHead(200, ["X-Flat", "1", "Set-Cookie", "a", "Set-Cookie", "b"]).end("x"),
  "writeHead(flat array) over set headers": (_, res) => {
    res.setHeader("X-One", "old").writeHead(200, ["X-One", "1", "X-One", "2"]).end("x");
  },
  "writeHead(pairs)": (_, res) =>
    res
      .writeHead(200, [
        ["X-Pair", "1"],
        ["X-Pair", "2"],
      ] as never)
      .end("x"),
  "writeHead(status, message)": (_, res) => res.writeHead(200, "Fine").end("x"),
  "writeHead(status, message, headers)": (_, res) => res.writeHead(404, "Gone Fishing", { "X-Why": "fish" }).end("x"),
  "writeHead without a byte before end": (_, res) => res.writeHead(200, { "Content-Length": "3" }).end("abc"),
  "a body shorter than its Content-Length": (_, res) => res.writeHead(200, { "Content-Length": "9" }).end("abc"),
  "write, write, end": async (_, res) => {
    res.write("one");
    await later();
    res.write("7477", "hex");
    res.write("é", "latin1");
    res.end(Buffer.from("three"));
  },
  "writes in one turn and in several": async (_, res) => {
    res.write("1");
    res.write("2");
    await Promise.resolve();
    res.write("3");
    await later();
    res.write(new Uint8Array([52]));
    await later();
    res.write("");
    res.end("5");
  },
  "write with a Content-Length": (_, res) => {
    res.setHeader("Content-Length", 6);
    res.write("abc");
    res.end("def");
  },
  "write(callback)": (_, res) => {
    res.write("one", () => res.write("two", "utf8", () => res.end("three")));
  },
  "a buffer used again after its callback": (_, res) => {
    const buffer = Buffer.from("first");
    res.write(buffer, () => {
      buffer.write("again");
      res.end(buffer);
    });
  },
  "empty writes": (_, res) => {
    res.write("");
    res.write(Buffer.alloc(0));
    res.end();
  },
  flushHeaders: async (_, res) => {
    res.setHeader("X-Flushed", "1");
    res.flushHeaders();
    await later();
    res.end("late");
  },
  trailers: (_, res) => {
    res.setHeader("Trailer", "X-Sum");
    res.write("data");
    res.addTrailers({ "X-Sum": "42" });
    res.end();
  },
  "cork and uncork": (_, res) => {
    res.cork();
    res.write("a");
    res.write("b");
    res.uncork();
    res.end();
  },
  "corks over several turns": async (_, res) => {
    res.write("a");
    res.cork();
    res.write("b");
    await later();
    res.write("c");
    res.cork();
    res.uncork();
    await later();
    res.write("d");
    res.uncork();
    res.write("e");
    res.write("f");
    await later();
    res.end("g");
  },
  "a file through pipe": (_, res) => void createReadStream(thisFile).pipe(res),
  "a file through pipeline": (_, res) =>
    void pipeline(createReadStream(thisFile, { highWaterMark: 100 }), createGzip(), res),
  "an iterable through pipeline": (_, res) => void pipeline(Readable.from(["a", "b", "c"]), res),
  "204": (_, res) => res.writeHead(204).end(),
  "204 with a body that Node drops": (_, res) => {
    res.statusCode = 204;
    res.write("dropped");
    res.end("dropped");
  },
  "304": (_, res) => res.setHeader("ETag", '"1"').writeHead(304).end(),
  "a redirect": (_, res) => res.writeHead(302, { Location: "/elsewhere" }).end(),
  "removed headers": (_, res) => {
    res.setHeader("X-Gone", "1").removeHeader("X-Gone");
    res.removeHeader("Date");
    res.end("x");
  },
  "Connection: close": (_, res) => res.setHeader("Connection", "close").end("x"),
  "an early hint": (_, res) => {
    res.writeEarlyHints({ link: "</style.css>; rel=preload" });
    res.end("x");
  },
  // Node 26 has it no more.
  "the old name of writeHead": (_, res) => {
    try {
      (res as unknown as { writeHeader: ServerResponse["writeHead"] }).writeHeader(203);
    } catch (error) {
      res.setHeader("X-Thrown", String(error));
    }
    res.end("x");
  },
};

const requests = {
  "HTTP/1.1": get(),
  "HTTP/1.0": get("/", { version: "1.0" }),
  HEAD: get("/", { method: "HEAD" }),
  POST: get("/", { method: "POST", headers: "Content-Length: 0\r\n" }),
};

describe("a held answer leaves the server byte for byte as it would have without a paywall", () => {
  for (const [kind, request] of Object.entries(requests)) {
    describe(kind, () => {
      for (const [name, handler] of Object.entries(handlers)) {
        if (name === "trailers" && kind !== "HTTP/1.1" && kind !== "POST") continue;
        it(name, async () => {
          const { bare, held, ticket } = await bothWays(handler, request);
          expect(plain(held)).toBe(plain(bare));
          expect(held).toContain("X-Receipt: 1\r\n");
          expect(ticket.outcomes).toHaveLength(1);
          expect(await ticket.delivered_).toBe(true);
          expect(ticket.deliveries).toEqual([true]);
        });
      }
    });
  }

  it("when it was released at its first byte", async () => {
    for (const name of [
      "write, write, end",
      "write(callback)",
      "a file through pipe",
      "a file through pipeline",
      "corks over several turns",
    ]) {
      const ticket = new HandTicket({ hold: 0 });
      const { bare, held } = await bothWays(handlers[name] as Handler, get(), ticket);
      expect(plain(held)).toBe(plain(bare));
      expect(ticket.outcomes.map(({ whole }) => whole)).toEqual([false]);
    }
  });
});

describe("the engine is told", () => {
  it("the status, the headers and the joined body of a complete answer", async () => {
    let headers: HeaderList = [];
    const decide = (outcome: Outcome) => {
      headers = outcome.headers();
      return released;
    };
    const handler: Handler = (_, res) => {
      res.setHeader("X-A", "1").setHeader("Set-Cookie", ["a", "b"]);
      res.writeHead(206, { "x-b": 2 });
      res.write("6162", "hex");
      res.end(Buffer.from("c"));
    };
    const { ticket } = await bothWays(handler, get(), new HandTicket({ decide }));
    const [outcome] = ticket.outcomes;
    expect(outcome).toMatchObject({ status: 206, whole: true, aborted: false });
    expect(headers).toEqual([
      ["X-A", "1"],
      ["Set-Cookie", "a"],
      ["Set-Cookie", "b"],
      ["x-b", "2"],
    ]);
    expect(Buffer.from(outcome?.body ?? []).toString()).toBe("abc");
  });

  it("the body of a piped file", async () => {
    const { ticket } = await bothWays((_, res) => void createReadStream(thisFile).pipe(res));
    expect(Buffer.from(ticket.outcomes[0]?.body ?? [])).toEqual(readFileSync(thisFile));
  });
});
