import type { IncomingMessage } from "node:http";
import { connect, createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { exchange, type Handler, listen, open, stopServers } from "../../../test/raw-http.js";
import { NodeRequest } from "../node/request.js";
import { serve } from "../node/serve.js";
import type { Decision, PaywallRequest } from "../seam.js";

afterEach(stopServers);

class Plain extends NodeRequest<IncomingMessage> {
  parsed: unknown;
  url = () => "http://shop.test/";
  params = () => ({});
  address = () => undefined;
  protected override parsedBody = () => this.parsed;
}

const look = (message: IncomingMessage, limit: number) => new Plain(message, message).body(limit);
const later = (ms = 1) => new Promise((resolve) => setTimeout(resolve, ms));

const post = (body: string, headers = `Content-Length: ${Buffer.byteLength(body, "latin1")}\r\n`) =>
  `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n${body}`;
const chunked = (...chunks: string[]) =>
  post(
    [...chunks, ""].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join(""),
    "Transfer-Encoding: chunked\r\n",
  );

/** Ways in which handlers read a request to its end. */
const readers: Record<string, (message: IncomingMessage) => Promise<Buffer>> = {
  "for await": async (message) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk);
    return Buffer.concat(chunks);
  },
  "data and end": (message) =>
    new Promise((resolve) => {
      const chunks: Buffer[] = [];
      message.on("data", (chunk) => chunks.push(chunk)).on("end", () => resolve(Buffer.concat(chunks)));
    }),
  pipe: (message) => buffer(message.pipe(new PassThrough())),
  readable: (message) =>
    new Promise((resolve) => {
      const chunks: Buffer[] = [];
      message
        .on("end", () => resolve(Buffer.concat(chunks)))
        .on("readable", () => {
          for (let chunk = message.read(); chunk !== null; chunk = message.read()) chunks.push(chunk);
        });
    }),
  "a web stream": (message) => buffer(Readable.toWeb(message) as never),
};

describe("the beginning of a request's body", () => {
  const pieces = [1, 15, 16, 17, 100_000].map((size) => "0123456789abcdef".repeat(size / 16 + 1).slice(0, size));

  for (const [name, read] of Object.entries(readers)) {
    it(`is seen, and the handler reads all of it by ${name}`, async () => {
      for (const body of pieces) {
        for (const request of [post(body), chunked(body), chunked(...(body.match(/.{1,7000}/g) ?? []))]) {
          const seen: unknown[] = [];
          const port = await listen(async (message, response) => {
            seen.push((await look(message, 16))?.toString(), message.readableDidRead, message.readableFlowing);
            const all = await read(message);
            seen.push(all.toString() === body, message.complete, message.readableEnded);
            response.end();
          });
          await exchange(port, request);
          expect(seen).toEqual([body.slice(0, 16), false, null, true, true, true]);
        }
      }
    });
  }

  it("is the same however it arrives", async () => {
    const seen: unknown[] = [];
    const port = await listen(async (message, response) => {
      seen.push((await look(message, 40_000))?.byteLength);
      seen.push((await buffer(message)).toString());
      response.end();
    });
    const body = "x".repeat(30_000) + "y".repeat(30_000);
    const socket = await open(port);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.resume().write(post("", `Content-Length: ${body.length}\r\n`));
    for (let at = 0; at < body.length; at += 5000) {
      await later();
      socket.write(body.slice(at, at + 5000));
    }
    await closed;
    expect(seen).toEqual([40_000, body]);
  });

  it("is none for a request without one, and none is taken from GET and HEAD", async () => {
    const seen: unknown[] = [];
    const port = await listen(async (message, response) => {
      seen.push(await look(message, 10), Readable.isDisturbed(message), (await buffer(message)).toString());
      response.end();
    });
    await exchange(port, post("", ""));
    await exchange(port, post(""));
    await exchange(port, chunked());
    await exchange(port, post("body").replace("POST", "GET"));
    expect(seen).toEqual([undefined, false, "", undefined, false, "", undefined, false, "", undefined, false, "body"]);
  });

  it("is none of an empty one that has come already, whose end its handler still hears of", async () => {
    for (const wait of [0, 5]) {
      const port = await listen(async (message, response) => {
        if (wait) await later(wait);
        const seen = await look(message, 10);
        await later();
        message.on("end", () => response.end(`seen ${seen}`)).resume();
      });
      expect(await exchange(port, chunked())).toContain("seen undefined");
    }
  });

  it("comes after the server has said that it may", async () => {
    const port = await listen(async (message, response) => {
      response.end(`seen ${await look(message, 3)}, read ${await buffer(message)}`);
    });
    const socket = await open(port);
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
      if (/100 Continue\r\n\r\n$/.test(text)) socket.write("abcdef");
    });
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(post("", "Content-Length: 6\r\nExpect: 100-continue\r\n"));
    await closed;
    expect(text).toContain("seen abc, read abcdef");
  });

  it("fails if the client leaves before it has come", async () => {
    const port = await listen((message) => {
      failed = look(message, 10).catch((error: Error) => error.message);
    });
    let failed: Promise<unknown> | undefined;
    const socket = await open(port);
    socket.write(post("", "Content-Length: 6\r\n"));
    socket.write("abc");
    while (!failed) await later();
    socket.destroy();
    expect(await failed).toBe("The client left before its request was complete");
  });

  it("fails if the client was gone before", async () => {
    let failed: Promise<unknown> | undefined;
    const port = await listen((message) => {
      message.once("close", () => {
        failed = look(message, 10).catch((error: Error) => error.message);
      });
    });
    const socket = await open(port);
    socket.write(post("abc", "Content-Length: 6\r\n"), () => socket.destroy());
    while (!failed) await later();
    expect(await failed).toContain("The client left");
  });

  it("is all that is read of a large one until its handler reads on", async () => {
    const size = 64 * 1024 * 1024;
    let message: IncomingMessage | undefined;
    let seen: number | undefined;
    const port = await listen(async (incoming, response) => {
      seen = (await look(incoming, 65_536))?.byteLength;
      message = incoming;
      await new Promise((resolve) => incoming.once("go", resolve));
      let read = 0;
      for await (const chunk of incoming) read += chunk.length;
      response.end(`read ${read}`);
    });
    const socket = await open(port);
    let text = "";
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("data", (chunk) => {
      text += chunk;
    });
    socket.write(post("", `Content-Length: ${size}\r\n`));
    let sent = 0;
    const send = () => {
      while (sent < size) {
        sent += 65_536;
        if (!socket.write(Buffer.alloc(65_536))) return;
      }
    };
    socket.on("drain", send);
    send();
    let before = -1;
    while (before !== sent || message === undefined) {
      before = sent;
      await later(50);
    }
    expect(sent).toBeLessThan(size / 2);
    expect(seen).toBe(65_536);
    expect(message.readableLength).toBeLessThan(512 * 1024);
    message.emit("go");
    await closed;
    expect(text).toContain(`read ${size}`);
  });

  it("is text where somebody has set an encoding", async () => {
    const seen: unknown[] = [];
    const port = await listen(async (message, response) => {
      message.setEncoding(message.url === "/hex" ? "hex" : "utf8");
      seen.push(Buffer.from((await look(message, 4)) ?? []).toString("latin1"));
      let text = "";
      for await (const chunk of message) text += chunk;
      seen.push(text);
      response.end();
    });
    const request = chunked("a", "b\xc3", "\xa9", "def");
    await exchange(port, request);
    await exchange(port, request.replace("/", "/hex"));
    expect(seen).toEqual(["ab\xc3\xa9", "abédef", "ab", "6162c3a9646566"]);
  });
});

describe("a connection goes on after a request", () => {
  const next = "GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  const large = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${4 * 1024 * 1024}\r\n\r\n${"x".repeat(4 * 1024 * 1024)}`;
  const admit = (limit: number) => async (request: PaywallRequest) => {
    const late = later(20).then(() => undefined);
    await Promise.race([request.body?.(limit), late]).catch(() => undefined);
    return { type: "reply", reply: { status: 402, headers: [], body: "pay" } } as Decision;
  };
  const priced =
    (limit: number, handler?: Handler): Handler =>
    async (message, response) => {
      if (message.url === "/next") return void response.end("next");
      const request = new Plain(message, message);
      if (!handler) {
        const run = () => expect.unreachable();
        return serve({ admit: admit(limit) }, request, { message, response, run, fail: run });
      }
      await request.body(limit);
      handler(message, response);
    };

  it("that was refused after its beginning was seen", async () => {
    const answer = await exchange(await listen(priced(65_536)), large + next);
    expect(answer).toMatch(/402 Payment Required.*pay.*next$/s);
  });

  it("that was refused while its body was still to come", async () => {
    const socket = await open(await listen(priced(65_536)));
    let text = "";
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("data", (chunk) => {
      text += chunk;
      if (text.endsWith("pay")) socket.write(`${"x".repeat(900_000)}${next}`);
    });
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(100_000 - 40_000)}`);
    socket.write("x".repeat(40_000));
    await closed;
    expect(text).toMatch(/402 Payment Required.*pay.*next$/s);
  });

  it("whose body was too slow for the engine", async () => {
    const socket = await open(await listen(priced(65_536)));
    let text = "";
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.on("data", (chunk) => {
      text += chunk;
      if (text.endsWith("pay")) socket.write(`${"x".repeat(999_990)}${next}`);
    });
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n0123456789");
    await closed;
    expect(text).toMatch(/402 Payment Required.*pay.*next$/s);
  });

  it("whose handler does not read it, while more of it comes", async () => {
    let seen = () => {};
    const looked = new Promise<void>((resolve) => {
      seen = resolve;
    });
    let more = () => {};
    const came = new Promise<void>((resolve) => {
      more = resolve;
    });
    const handler: Handler = async (_, response) => {
      seen();
      await came;
      response.end("ran");
    };
    const socket = await open(await listen(priced(16, handler)));
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk;
    });
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n${"x".repeat(100)}`);
    await looked;
    for (let at = 0; at < 3; at++) {
      socket.write("x".repeat(100));
      await later(10);
    }
    more();
    socket.write(`${"x".repeat(999_600)}${next}`);
    await closed;
    expect(text).toMatch(/ran.*next$/s);
  });

  it("whose handler does not read it, whatever had been seen", async () => {
    for (const limit of [16, 50_000, 65_536]) {
      const answer = await exchange(await listen(priced(limit, (_, response) => response.end("ran"))), large + next);
      expect(answer).toMatch(/ran.*next$/s);
    }
  });
});

describe("a body that was read ahead of the paywall", () => {
  it("counts as what its parser has made of it", async () => {
    const bodies = [{ a: 1, b: ["é"] }, "text", new Uint8Array([1, 2, 3]), { big: 12n }, undefined, null];
    const seen: (string | undefined)[] = [];
    const port = await listen(async (message, response) => {
      await buffer(message);
      for (const parsed of bodies) {
        const request = Object.assign(new Plain(message, message), { parsed });
        seen.push((await request.body(100))?.toString(), (await request.body(3))?.toString());
      }
      const circular: { self?: unknown } = {};
      circular.self = circular;
      seen.push((await Object.assign(new Plain(message, message), { parsed: circular }).body(9))?.toString());
      response.end();
    });
    await exchange(port, post("body"));
    const bytes = new Uint8Array([1, 2, 3]).toString();
    expect(seen).toEqual([
      '{"a":1,"b":["é"]}',
      '{"a',
      "text",
      "tex",
      bytes,
      bytes,
      '{"big":"12n"}',
      '{"b',
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it("is not given twice to whoever begins to read while it has not come", async () => {
    const seen: unknown[] = [];
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const port = await listen(async (message, response) => {
      const seeing = look(message, 4);
      const chunks: Buffer[] = [];
      message.on("data", (chunk) => chunks.push(chunk));
      message.on("end", async () => {
        seen.push(Buffer.concat(chunks).toString(), await seeing);
        response.end();
      });
      begin();
    });
    const socket = await open(port);
    const closed = new Promise((resolve) => socket.once("close", resolve));
    socket.resume().write(post("", "Content-Length: 8\r\n"));
    await begun;
    socket.write("abcdefgh");
    await closed;
    expect(seen).toEqual(["abcdefgh", undefined]);
  });

  it("is not taken away from whoever is reading it", async () => {
    const seen: unknown[] = [];
    const port = await listen(async (message, response) => {
      const chunks: Buffer[] = [];
      message.on("data", (chunk) => chunks.push(chunk));
      seen.push(await look(message, 10));
      message.on("end", () => {
        seen.push(Buffer.concat(chunks).toString());
        response.end();
      });
    });
    await exchange(port, post("body"));
    expect(seen).toEqual([undefined, "body"]);
  });
});

describe("over HTTP/2, the beginning of a body", () => {
  let server: Http2Server | undefined;
  afterEach(() => server?.close());

  async function send(handler: Handler, bodies: readonly string[], endStream = false) {
    server = createServer(handler as never);
    await new Promise<void>((ready) => server?.listen(0, "127.0.0.1", ready));
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const stream = session.request({ ":path": "/", ":method": "POST" }, { endStream });
    let text = "";
    stream.setEncoding("utf8").on("data", (chunk) => {
      text += chunk;
    });
    const closed = new Promise((resolve) => stream.once("close", resolve));
    if (!endStream) {
      for (const body of bodies) stream.write(body);
      stream.end();
    }
    await closed;
    session.close();
    return text;
  }

  it("is seen, and the handler reads all of it", async () => {
    for (const read of Object.values(readers)) {
      for (const body of ["a", "abcd", "abcdefgh", "x".repeat(200_000)]) {
        const answer = await send(
          async (message, response) => {
            const seen = await look(message, 4);
            response.end(`${seen} ${(await read(message)).toString() === body}`);
          },
          [body],
        );
        expect(answer).toBe(`${body.slice(0, 4)} true`);
        server?.close();
      }
    }
  });

  it("is none for a request without one", async () => {
    const handler: Handler = async (message, response) => {
      response.end(`${await look(message, 4)} ${await buffer(message)}.`);
    };
    expect(await send(handler, [], true)).toBe("undefined .");
    server?.close();
    expect(await send(handler, [])).toBe("undefined .");
  });

  it("does not keep a stream open whose request is refused", async () => {
    const admit = async (request: PaywallRequest): Promise<Decision> => {
      await request.body?.(16);
      return { type: "reply", reply: { status: 402, headers: [], body: "pay" } };
    };
    const handler: Handler = (message, response) => {
      const run = () => expect.unreachable();
      serve({ admit }, new Plain(message, message), { message, response, run, fail: run });
    };
    expect(await send(handler, ["x".repeat(1_000_000)])).toBe("pay");
  });

  it("fails if the client resets the stream before it has come", async () => {
    let failed: Promise<unknown> | undefined;
    server = createServer(((message: IncomingMessage) => {
      failed = look(message, 10).catch((error: Error) => error.message);
    }) as never);
    await new Promise<void>((ready) => server?.listen(0, "127.0.0.1", ready));
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const stream = session.request({ ":path": "/", ":method": "POST" });
    stream.on("error", () => {});
    stream.write("abc");
    while (!failed) await later();
    await later(20);
    stream.destroy(new Error("left"));
    expect(await failed).toContain("The client left");
    session.destroy();
  });
});
