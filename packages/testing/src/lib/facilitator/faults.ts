import type { OutgoingHttpHeaders } from "node:http";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { JsonObject } from "@turnpike/core/protocol";
import type { Behaviour, Call } from "./behaviour.js";

/** Behaves correctly. */
export function ok(headers: OutgoingHttpHeaders = {}): Behaviour {
  return async (call) => sendJson(call, 200, await call.act(), headers);
}

/** Waits, then does something else. */
export function delay(ms: number, then: Behaviour = ok()): Behaviour {
  return async (call) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    await then(call);
  };
}

/** Accepts the request and never responds. */
export function hang(): Behaviour {
  return () => {};
}

/** Resets the connection without doing anything. */
export function reset(): Behaviour {
  return ({ request }) => {
    request.socket.resetAndDestroy();
  };
}

/** Acts correctly (a settlement moves the money), then loses or garbles the response. */
export function acted(then: Behaviour): Behaviour {
  return async (call) => {
    await call.act();
    await then(call);
  };
}

/** Moves the money, then resets the connection without a response. */
export function resetAfterAccept(): Behaviour {
  return acted(reset());
}

/** Acts, sends the head and half of the body, then resets the connection. */
export function halfway(): Behaviour {
  return async (call) => {
    const answer = JSON.stringify(await call.act());
    call.response.writeHead(200, { "content-type": "application/json", "content-length": answer.length });
    call.response.write(answer.slice(0, answer.length >> 1), () => call.request.socket.resetAndDestroy());
  };
}

/** An HTTP status with a body of text or JSON; does nothing else. */
export function status(code: number, body: unknown = "", headers: OutgoingHttpHeaders = {}): Behaviour {
  return (call) => {
    if (typeof body !== "string") return sendJson(call, code, body, headers);
    call.response.writeHead(code, { "content-type": "text/html", ...headers }).end(body);
  };
}

/** 200 with any JSON value; does nothing else. */
export function body(value: unknown, headers: OutgoingHttpHeaders = {}): Behaviour {
  return (call) => sendJson(call, 200, value, headers);
}

/** 200 with any text instead of JSON; does nothing else. */
export function text(value: string, headers: OutgoingHttpHeaders = {}): Behaviour {
  return ({ response }) => {
    response.writeHead(200, { "content-type": "application/json", ...headers }).end(value);
  };
}

/** The correct response with another media type. */
export function wrongType(contentType: string): Behaviour {
  return ok({ "content-type": contentType });
}

/** Redirects the caller. */
export function redirect(url: string, code: 301 | 302 | 303 | 307 | 308 = 302): Behaviour {
  return status(code, "", { location: url });
}

/** The correct response with a member of this many bytes, streamed as long as the caller reads. */
export function huge(bytes: number): Behaviour {
  return async (call) => {
    const flood = pad(await call.act(), bytes);
    call.response.writeHead(200, { "content-type": "application/json" });
    await pipeline(flood, call.response);
  };
}

/** The correct response, one byte at a time. */
export function drip(ms: number): Behaviour {
  return async (call) => {
    const answer = Buffer.from(JSON.stringify(await call.act()));
    call.response.writeHead(200, { "content-type": "application/json", "content-length": answer.length });
    for (const byte of answer) {
      if (call.response.destroyed) return;
      call.response.write(Buffer.of(byte));
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
    call.response.end();
  };
}

/** The correct response, gzipped, with a member that unpacks to this many bytes. */
export function gzipBomb(bytes: number): Behaviour {
  return async (call) => {
    const flood = pad(await call.act(), bytes);
    call.response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" });
    await pipeline(flood, createGzip({ level: 9 }), call.response);
  };
}

/** Moves the money and responds `settlement_pending`; a later correct response confirms the same transaction. */
export function pending(): Behaviour {
  return async (call) => sendJson(call, 200, await call.broadcast());
}

/** Finds the payment invalid, whatever it is. */
export function invalid(reason: string, more: object = {}, headers: OutgoingHttpHeaders = {}): Behaviour {
  return body({ isValid: false, invalidReason: reason, ...more }, headers);
}

/** Fails a settlement without moving money, whatever the payment is. */
export function fail(reason: string, more: object = {}, headers: OutgoingHttpHeaders = {}): Behaviour {
  return (call) => {
    const network = (call.body as { paymentRequirements?: { network?: string } }).paymentRequirements?.network ?? "";
    return sendJson(call, 200, { success: false, errorReason: reason, transaction: "", network, ...more }, headers);
  };
}

/**
 * Acts correctly, then changes members of the response (`undefined` drops one): another network, payer, transaction …
 */
export function altered(changes: object, code = 200): Behaviour {
  return async (call) => sendJson(call, code, { ...(await call.act()), ...changes });
}

/** Raw bytes written to the socket, which Node would refuse; then the connection closes. */
export function raw(bytes: string): Behaviour {
  return ({ request }) => {
    request.socket.end(bytes, "latin1");
  };
}

function sendJson({ response }: Call, code: number, value: unknown, headers: OutgoingHttpHeaders = {}): void {
  response.writeHead(code, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));
}

/** A response's JSON with a long last member. */
function* pad(answer: JsonObject, bytes: number): Generator<Buffer> {
  yield Buffer.from(`${JSON.stringify(answer).slice(0, -1)},"padding":"`);
  const chunk = Buffer.alloc(64 * 1024, "a");
  for (let sent = 0; sent < bytes; sent += chunk.length) yield chunk;
  yield Buffer.from('"}');
}
