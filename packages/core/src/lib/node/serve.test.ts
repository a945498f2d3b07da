import type { IncomingMessage, ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { exchange, get, HandTicket, listen, stopServers } from "../../../test/raw-http.js";
import type { Awaitable, Conclusion, Decision, PaywallRequest, Reply } from "../seam.js";
import { writeReply } from "./reply.js";
import { absoluteUrl, NodeRequest, verbOf } from "./request.js";
import { serve } from "./serve.js";

afterEach(stopServers);

/** Serves one decision for every request. */
const decide =
  (admit: () => Awaitable<Decision>, handler: (res: ServerResponse) => void = (res) => res.end("ran")) =>
  (message: IncomingMessage, response: ServerResponse) =>
    serve({ admit }, {} as PaywallRequest, {
      message,
      response,
      run: () => handler(response),
      fail: (error) => response.writeHead(500).end(`denied: ${(error as Error).message}`),
    });

describe("serve", () => {
  const reply: Reply = { status: 402, headers: [["Content-Type", "text/plain"]], body: "pay" };

  it("answers for the engine, at once when the engine decides at once", async () => {
    let late = true;
    const port = await listen((message, response) => {
      decide(() => ({ type: "reply", reply }))(message, response);
      late = !response.writableEnded;
    });
    expect(await exchange(port, get())).toMatch(/^HTTP\/1\.1 402 Payment Required\r\n.*\r\n\r\npay$/s);
    expect(late).toBe(false);
  });

  it("runs the handler on a pass, with nothing held", async () => {
    const port = await listen(
      decide(
        async () => ({ type: "pass" }),
        (res) => {
          expect(Object.hasOwn(res, "write")).toBe(false);
          res.end("ran");
        },
      ),
    );
    expect(await exchange(port, get())).toMatch(/ran$/);
  });

  it("denies when the engine fails, at once or later", async () => {
    const fails = [
      () => {
        throw new Error("no");
      },
      () => Promise.reject(new Error("no")),
    ];
    for (const fail of fails) expect(await exchange(await listen(decide(fail)), get())).toMatch(/500 .*denied: no/s);
  });

  it("leaves an answer alone that somebody else gave while the engine thought", async () => {
    const ticket = new HandTicket();
    for (const decision of [{ type: "reply", reply } as const, { type: "admit", ticket } as const]) {
      const port = await listen((message, response) => {
        decide(
          async () => {
            response.writeHead(503).end("too late");
            return decision;
          },
          () => expect.unreachable(),
        )(message, response);
      });
      expect(await exchange(port, get())).toMatch(/503 .*too late/s);
    }
    expect(await ticket.delivered_).toBe(false);
    expect(ticket.outcomes).toMatchObject([{ aborted: true }]);
  });

  it("ends the connection when an engine breaks its word and fails to conclude", async () => {
    const ticket = new HandTicket({ decide: () => Promise.reject(new Error("broke")) as Promise<Conclusion> });
    expect(await exchange(await listen(decide(() => ({ type: "admit", ticket }))), get())).toBe("");
  });
});

describe("writeReply", () => {
  const write = async (reply: Reply, request = get(), before: (res: ServerResponse) => void = () => {}) =>
    exchange(
      await listen((message, response) => {
        before(response);
        writeReply(response, reply, message.method);
      }),
      request,
    );

  it("keeps the app's headers and merges lists", async () => {
    const headers: [string, string][] = [
      ["Vary", "accept, Payment-Signature"],
      ["Access-Control-Expose-Headers", "PAYMENT-REQUIRED"],
      ["X-Own", "new"],
    ];
    const answer = await write({ status: 402, headers }, get(), (res) => {
      res.setHeader("vary", ["Origin", "Accept"]);
      res.setHeader("x-own", "old").setHeader("x-app", "kept");
    });
    expect(answer).toContain("Vary: Origin, Accept, Payment-Signature\r\n");
    expect(answer).toContain("Access-Control-Expose-Headers: PAYMENT-REQUIRED\r\n");
    expect(answer).toContain("X-Own: new\r\nx-app: kept\r\n");
  });

  it("sends a repeated field repeatedly, and frames the body itself", async () => {
    const headers: [string, string][] = [
      ["Set-Cookie", "a=1"],
      ["Set-Cookie", "b=2"],
      ["Content-Length", "999"],
      ["Transfer-Encoding", "chunked"],
      ["Connection", "upgrade"],
    ];
    const answer = await write({ status: 200, headers, body: new TextEncoder().encode("é") });
    expect(answer).toContain("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n");
    expect(answer).not.toMatch(/chunked|upgrade|999/);
  });

  it("sends no body for HEAD, 204 and 304, but the length that GET has", async () => {
    const head = await write({ status: 200, headers: [], body: "four" }, get("/", { method: "HEAD" }));
    expect(head).toMatch(/Content-Length: 4\r\n(.*\r\n)*\r\n$/);
    const stored = await write({ status: 200, headers: [["Content-Length", "7"]] }, get("/", { method: "HEAD" }));
    expect(stored).toContain("Content-Length: 7\r\n");
    for (const status of [204, 304]) {
      const answer = await write({ status, headers: [], body: "dropped" });
      expect(answer).not.toMatch(/dropped|content-length/i);
    }
  });
});

describe("a request", () => {
  class Plain extends NodeRequest<IncomingMessage> {
    url = () => absoluteUrl("http", this.message.headers.host, this.message.url ?? "");
    params = () => ({});
    address = () => this.message.socket.remoteAddress;
  }

  it("shows a header that came twice as two", async () => {
    let seen: unknown;
    const port = await listen((message, response) => {
      const request = new Plain(message, message);
      seen = [request.header("payment-signature"), request.header("x-absent"), request.method, request.url()];
      response.end();
    });
    await exchange(port, get("/a?b=1", { headers: "PAYMENT-SIGNATURE: one\r\nPayment-Signature: two\r\n" }));
    expect(seen).toEqual(["one, two", undefined, "GET", "http://shop.test/a?b=1"]);
  });

  it("has its verb in upper case, as HTTP/2 clients may not send it", () => {
    expect(verbOf({ method: "get" } as IncomingMessage)).toBe("GET");
  });

  it.each([
    ["/a?b", "http://h.test:8/a?b"],
    ["http://evil.test/a?b", "http://h.test:8/a?b"],
    ["HTTPS://user@evil.test:1", "http://h.test:8/"],
    ["*", "http://h.test:8/*"],
    ["", "http://h.test:8/"],
  ])("for %s is on the host of the request", (target, url) => {
    expect(absoluteUrl("http", "h.test:8", target)).toBe(url);
  });

  it("has no host if the one it names would reach into the path", () => {
    for (const host of ["a/b?", "a\\b", "a#", undefined]) expect(absoluteUrl("http", host, "/p")).toBe("http:///p");
  });
});
