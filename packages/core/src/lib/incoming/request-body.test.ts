import type { IncomingMessage } from "node:http";
import { PassThrough, Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { later, look, ParsedRequest, readers } from "../../../test/bodies.js";
import { exchange, listen, open, stopServers } from "../../../test/raw-http.js";

afterEach(stopServers);

const post = (body: string, headers = `Content-Length: ${Buffer.byteLength(body, "latin1")}\r\n`) =>
  `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers}\r\n${body}`;
const chunked = (...chunks: string[]) =>
  post(
    [...chunks, ""].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join(""),
    "Transfer-Encoding: chunked\r\n",
  );

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

  it("is none for a request without one, whatever the method", async () => {
    const seen: unknown[] = [];
    const port = await listen(async (message, response) => {
      seen.push(await look(message, 10), Readable.isDisturbed(message), (await buffer(message)).toString());
      response.end();
    });
    await exchange(port, post("", ""));
    await exchange(port, post(""));
    await exchange(port, chunked());
    const none = [undefined, false, ""];
    expect(seen).toEqual([...none, ...none, ...none]);
  });

  it("is seen of every method that comes with one", async () => {
    const seen: unknown[] = [];
    const port = await listen(async (message, response) => {
      seen.push(String(await look(message, 10)), (await buffer(message)).toString());
      response.end();
    });
    for (const method of ["GET", "DELETE", "OPTIONS"]) await exchange(port, post("body").replace("POST", method));
    expect(seen).toEqual(Array(6).fill("body"));
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
    expect(seen).toEqual(["ab\xc3\xa9", "abédef", "6162", "6162c3a9646566"]);
  });
});

describe("a body that was read ahead of the paywall", () => {
  it("counts as what its reader has left, and is refused where that is nothing", async () => {
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const told = [
      { a: 1, b: ["é"] },
      { a: 2, b: ["é"] },
      { a: "1", b: ["é"] },
      { big: 12n },
      { big: "12n" },
      0,
      [],
      [[]],
    ];
    const untold = [undefined, null, {}, circular, { stream: new PassThrough() }];
    const seen = new Set<string>();
    const refused: string[] = [];
    const port = await listen(async (message, response) => {
      await buffer(message);
      const ask = (parsed: unknown) => Object.assign(new ParsedRequest(message, message), { parsed }).body(100);
      for (const parsed of told) {
        const bytes = String(await ask(parsed));
        expect(String(await ask(structuredClone(parsed)))).toBe(bytes);
        seen.add(bytes);
      }
      for (const parsed of untold) await ask(parsed).catch((error: Error) => refused.push(error.message));
      for (const parsed of ["text", Buffer.from("bytes")]) seen.add(String(await ask(parsed)));
      Object.assign(message, { rawBody: Buffer.from("raw") });
      seen.add(String(await ask({ a: 1 })));
      response.end();
    });
    await exchange(port, post("body"));
    expect(seen.size).toBe(told.length + 3);
    for (const bytes of ["text", "bytes", "raw"]) expect(seen).toContain(bytes);
    expect(refused).toHaveLength(untold.length);
  });

  it("is not given twice to whoever begins to read while it has not come", async () => {
    const seen: unknown[] = [];
    let begin = () => {};
    const begun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const port = await listen(async (message, response) => {
      const seeing = look(message, 4).catch(() => "refused");
      await later();
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
    expect(seen).toEqual(["abcdefgh", "refused"]);
  });

  it("is not taken away from whoever is reading it", async () => {
    const seen: unknown[] = [];
    const port = await listen(async (message, response) => {
      const chunks: Buffer[] = [];
      message.on("data", (chunk) => chunks.push(chunk));
      const seeing = look(message, 10).catch(() => "refused");
      message.on("end", async () => {
        seen.push(await seeing, Buffer.concat(chunks).toString());
        response.end();
      });
    });
    await exchange(port, post("body"));
    expect(seen).toEqual(["refused", "body"]);
  });
});
