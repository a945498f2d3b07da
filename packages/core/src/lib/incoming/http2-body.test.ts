import type { IncomingMessage } from "node:http";
import { connect, constants, createServer, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { later, look, ParsedRequest, readers } from "../../../test/bodies.js";
import type { Handler } from "../../../test/raw-http.js";
import { serve } from "../node/serve.js";
import type { Decision, PaywallRequest } from "../seam.js";

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

  it("is none for a request without one, whose end its handler still hears of", async () => {
    for (const read of Object.values(readers)) {
      for (const endStream of [true, false]) {
        const handler: Handler = async (message, response) => {
          const seen = await look(message, 4);
          await later();
          response.end(`${seen} ${await read(message)}.`);
        };
        expect(await send(handler, [], endStream)).toBe("undefined .");
        server?.close();
      }
    }
  });

  it("does not keep a stream open whose request is refused", async () => {
    const admit = async (request: PaywallRequest): Promise<Decision> => {
      await request.body?.(16);
      return { type: "reply", reply: { status: 402, headers: [], body: "pay" } };
    };
    const handler: Handler = (message, response) => {
      const run = () => expect.unreachable();
      serve({ admit }, new ParsedRequest(message, message), { message, response, run, fail: run });
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

  it("fails if the client resets the stream in the middle of it, though Node ends what came like a whole body", async () => {
    const looks: Promise<unknown>[] = [];
    server = createServer(((message: IncomingMessage) => {
      looks.push(look(message, 1_000).catch((error: Error) => error.message));
    }) as never);
    await new Promise<void>((ready) => server?.listen(0, "127.0.0.1", ready));
    const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    for (const code of [constants.NGHTTP2_CANCEL, constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_INTERNAL_ERROR]) {
      for (const body of ["", "abc", "x".repeat(900)]) {
        const stream = session.request({ ":path": "/", ":method": "POST" });
        stream.on("error", () => {});
        if (body) stream.write(body);
        const count = looks.length;
        while (looks.length === count) await later();
        await later(20);
        stream.close(code);
        expect(await looks.at(-1), `${code} after ${body.length} bytes`).toContain("The client left");
      }
    }
    session.destroy();
  });
});
