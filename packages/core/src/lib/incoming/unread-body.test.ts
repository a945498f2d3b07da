import { afterEach, describe, expect, it } from "vitest";
import { later, ParsedRequest } from "../../../test/bodies.js";
import { exchange, type Handler, listen, open, stopServers } from "../../../test/raw-http.js";
import { serve } from "../node/serve.js";
import type { Decision, PaywallRequest } from "../seam.js";

afterEach(stopServers);

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
      const request = new ParsedRequest(message, message);
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
