import type { ServerResponse } from "node:http";
import { connect, createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { createGzip, gunzipSync } from "node:zlib";
import { afterEach, describe, expect, it } from "vitest";
import {
  exchange,
  get,
  type Handler,
  HandTicket,
  listen,
  plain,
  protect,
  refused,
  released,
  stopServers,
} from "../../../test/raw-http.js";
import type { HeaderList } from "../seam.js";

afterEach(stopServers);

/** Middleware that compresses the way such middleware usually does: it patches the response, also below `writeHead`. */
function compress(res: ServerResponse): void {
  const { writeHead, write, end, on } = res;
  const internals = res as unknown as { _header: string | null; _implicitHeader(): void };
  const gzip = createGzip();
  let decided = false;
  res.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    const status = takeHeaders(this, args);
    if (!decided) {
      decided = true;
      this.removeHeader("Content-Length");
      this.setHeader("Content-Encoding", "gzip");
      gzip.on("data", (chunk) => {
        if (!Reflect.apply(write, res, [chunk])) gzip.pause();
      });
      gzip.on("end", () => Reflect.apply(end, res, []));
      Reflect.apply(on, res, ["drain", () => gzip.resume()]);
    }
    return Reflect.apply(writeHead, this, [status]);
  } as never;
  res.write = ((chunk: string, encoding: BufferEncoding) => {
    if (!internals._header) internals._implicitHeader();
    return gzip.write(Buffer.from(chunk, encoding));
  }) as never;
  res.end = ((chunk?: string, encoding?: BufferEncoding) => {
    if (!internals._header) internals._implicitHeader();
    gzip.end(chunk === undefined ? undefined : Buffer.from(chunk, encoding));
    return res;
  }) as never;
}

/** What `on-headers` does before it calls its listeners. */
function takeHeaders(res: ServerResponse, [status, headers]: unknown[]): unknown {
  for (const [name, value] of Object.entries(headers ?? {})) res.setHeader(name, value);
  return status;
}

/** Middleware that adds a header when the head is written, as session middleware does. */
function addAtHead(res: ServerResponse, name: string): void {
  const { writeHead } = res;
  res.writeHead = function (this: ServerResponse, ...args: unknown[]) {
    const status = takeHeaders(this, args);
    this.appendHeader(name, "1");
    return Reflect.apply(writeHead, this, [status]);
  } as never;
}

const body = "compress me ".repeat(1000);
const handlers: Record<string, Handler> = {
  "end alone": (_, res) => res.end(body),
  "writes and end": (_, res) => {
    res.write(body);
    res.write(body);
    res.end();
  },
  "writeHead and end": (_, res) => res.writeHead(201, { "X-Own": "1", "Content-Length": body.length }).end(body),
};

describe("middleware that patches the response", () => {
  for (const [name, handler] of Object.entries(handlers)) {
    it(`outside the hold works as without one: ${name}`, async () => {
      const ticket = new HandTicket();
      const outside =
        (inner: Handler): Handler =>
        (req, res) => {
          compress(res);
          addAtHead(res, "X-Outside");
          inner(req, res);
        };
      const bare = await exchange(await listen(outside(handler)), get());
      const held = await exchange(await listen(outside(protect(ticket, handler))), get());
      expect(plain(held)).toBe(plain(bare));
      expect(held).toContain("X-Receipt: 1");
      expect(ticket.deliveries).toEqual([true]);
    });

    it(`inside the hold works as without one: ${name}`, async () => {
      const ticket = new HandTicket();
      const inside: Handler = (req, res) => {
        compress(res);
        addAtHead(res, "X-Inside");
        handler(req, res);
      };
      const bare = await exchange(await listen(inside), get());
      const held = await exchange(await listen(protect(ticket, inside)), get());
      expect(plain(held)).toBe(plain(bare));
      expect(held).toContain("X-Receipt: 1");
      expect(gunzipSync(ticket.outcomes[0]?.body ?? "").toString()).toContain(body);
    });
  }

  it("has its headers seen, and removed, by the engine", async () => {
    let seen: HeaderList = [];
    const ticket = new HandTicket({
      decide: (outcome) => {
        seen = outcome.headers();
        return { type: "release", remove: ["x-inside", "X-Set"], set: [["Vary", "X-Pay"]] };
      },
    });
    const port = await listen(
      protect(ticket, (_, res) => {
        addAtHead(res, "X-Inside");
        res.setHeader("Vary", "Origin");
        res.setHeader("x-set", ["1", "2"]);
        res.end("x");
      }),
    );
    const answer = await exchange(port, get());
    expect(seen).toEqual([
      ["Vary", "Origin"],
      ["x-set", "1"],
      ["x-set", "2"],
      ["X-Inside", "1"],
    ]);
    expect(answer).not.toMatch(/x-(inside|set)/i);
    expect(answer).toContain("Vary: Origin, X-Pay\r\n");
  });

  it("may add its header at the head of an answer that began before the engine had decided, once", async () => {
    const answer = await exchange(
      await listen(
        protect(new HandTicket({ hold: 0 }), (_, res) => {
          addAtHead(res, "X-Inside");
          res.write("a");
          res.once("drain", () => res.end("b"));
        }),
      ),
      get(),
    );
    expect(answer.match(/X-Inside/g)).toHaveLength(1);
  });

  it("is given its place back: after the release nothing of the hold is left on what writes the response", async () => {
    let own = ["write"];
    const ticket = new HandTicket({ hold: 0 });
    await exchange(
      await listen(
        protect(ticket, (_, res) => {
          res.write("a");
          res.once("drain", () => {
            own = Object.keys(res).filter((name) => {
              if (name.startsWith("_")) return false;
              const value: unknown = Reflect.get(res, name);
              return typeof value === "function" && value !== Reflect.get(Object.getPrototypeOf(res), name);
            });
            res.end();
          });
        }),
      ),
      get(),
    );
    // It would cut off what is on its way.
    expect(own).toEqual(["destroy"]);
  });
});

it("two holds around one handler both conclude, the inner one first", async () => {
  const order: string[] = [];
  const decide = (name: string) => () => {
    order.push(name);
    return { type: "release", remove: [], set: [[`X-${name}`, "1"]] } as const;
  };
  const inner = new HandTicket({ decide: decide("Inner") as never });
  const outer = new HandTicket({ decide: decide("Outer") as never });
  const answer = await exchange(
    await listen(protect(outer, protect(inner, handlers["writes and end"] as Handler))),
    get(),
  );
  expect(order).toEqual(["Inner", "Outer"]);
  expect(answer).toMatch(/X-Inner: 1\r\nX-Outer: 1\r\n/);
  expect([inner.deliveries, outer.deliveries]).toEqual([[true], [true]]);
});

describe("over HTTP/2", () => {
  let server: Http2Server | undefined;
  afterEach(() => server?.close());

  async function fetchHttp2(handler: Handler, method = "GET") {
    server = createServer(handler as never);
    await new Promise<void>((ready) => server?.listen(0, "127.0.0.1", ready));
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const stream = session.request({ ":path": "/", ":method": method });
    let headers: Record<string, unknown> = {};
    let trailers: Record<string, unknown> = {};
    stream.on("response", (fields) => {
      headers = { ...fields, date: undefined };
    });
    stream.on("trailers", (fields) => {
      trailers = { ...fields };
    });
    let text = "";
    stream.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    await new Promise((resolve) => stream.once("close", resolve).end());
    session.close();
    return { headers, trailers, text };
  }

  const answers: Record<string, Handler> = {
    "end alone": (_, res) => res.end("x"),
    "writes with callbacks": (_, res) => void res.writeHead(201, { "X-A": "1" }).write("a", () => res.end("b")),
    trailers: (_, res) => {
      res.write("a");
      res.addTrailers({ "x-sum": "1" });
      res.end();
    },
    "204": (_, res) => res.writeHead(204).end(),
  };
  for (const [name, handler] of Object.entries(answers)) {
    for (const method of ["GET", "HEAD"]) {
      it(`a held answer comes out as without a hold: ${method}, ${name}`, async () => {
        const ticket = new HandTicket();
        const bare = await fetchHttp2(handler, method);
        const held = await fetchHttp2(protect(ticket, handler), method);
        expect(held.headers).toEqual({ ...bare.headers, "x-receipt": "1" });
        expect([held.text, held.trailers]).toEqual([bare.text, bare.trailers]);
        expect(await ticket.delivered_).toBe(true);
      });
    }
  }

  it("a replaced answer leaks nothing", async () => {
    const ticket = new HandTicket({ decide: () => refused });
    const { headers, text, trailers } = await fetchHttp2(
      protect(ticket, (_, res) => {
        res.setHeader("x-secret", "1");
        res.addTrailers({ "x-sum": "1" });
        res.write("secret");
        res.end();
      }),
    );
    expect(headers).toMatchObject({ ":status": 402, "content-type": "application/problem+json" });
    expect(headers).not.toHaveProperty("x-secret");
    expect([text, trailers]).toEqual(['{"code":"refused"}', {}]);
  });

  it("a client that leaves is noticed", async () => {
    const ticket = new HandTicket({ decide: () => released });
    await fetchHttp2(
      protect(ticket, (_, res) => (res as never as { stream: { close(code: number): void } }).stream.close(8)),
    );
    expect(await ticket.delivered_).toBe(false);
    expect(ticket.outcomes).toMatchObject([{ aborted: true }]);
  });
});
