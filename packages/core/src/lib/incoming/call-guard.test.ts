import { createServer, type Server, type ServerResponse } from "node:http";
import { connect, createServer as createHttp2Server, type Http2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { guardOutgoing } from "./call-guard.js";

let server: Server | Http2Server | undefined;
afterEach(() => server?.close());

type Write = (response: ServerResponse) => void;

/** What a client gets of a guarded response to which something writes, and how often that was noticed. */
async function respond(http: "HTTP/1.1" | "HTTP/2", write: Write) {
  let noticed = 0;
  const serve = (_: unknown, response: ServerResponse) => {
    const guard = guardOutgoing(response, () => noticed++);
    write(response);
    guard.lift();
    // What the server itself sends of the response that was held.
    if (!response.headersSent) response.writeHead(200).end("the held response");
  };
  server = http === "HTTP/2" ? createHttp2Server(serve as never) : createServer(serve);
  await new Promise<void>((ready) => server?.listen(0, "127.0.0.1", ready));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  if (http === "HTTP/1.1") {
    const response = await fetch(origin, { headers: { connection: "close" } });
    return { status: response.status, body: await response.text(), noticed };
  }
  const session = connect(origin);
  const stream = session.request({ ":path": "/" });
  let status = 0;
  stream.once("response", (headers) => {
    status = Number(headers[":status"]);
  });
  const body = await text(stream);
  session.close();
  return { status, body, noticed };
}

const goods: Record<string, Write> = {
  end: (response) => response.end("goods"),
  "write and end": (response) => {
    response.write("goo");
    response.end("ds");
  },
  "a head of its own": (response) => response.writeHead(203).end("goods"),
  "a flushed head": (response) => {
    response.flushHeaders();
    response.end("goods");
  },
};

describe.each(["HTTP/1.1", "HTTP/2"] as const)("what is written to the server's own response over %s", (http) => {
  it.each(Object.entries(goods))("is replaced whole by a 500 that says what happened: %s", async (_, write) => {
    const { status, body, noticed } = await respond(http, write);
    expect([status, noticed]).toEqual([500, 1]);
    expect(JSON.parse(body)).toMatchObject({ status: 500, code: "connection_taken_over" });
    // A settlement may be under way.
    expect(body).not.toContain("Nothing was charged");
  });

  it("leaves where it refuses", async () => {
    const refused = await respond(http, (response) => response.writeHead(504).end("too late"));
    expect(refused).toEqual({ status: 504, body: "too late", noticed: 1 });
  });

  it("is the held response where nothing wrote", async () => {
    expect(await respond(http, () => {})).toEqual({ status: 200, body: "the held response", noticed: 0 });
  });
});
