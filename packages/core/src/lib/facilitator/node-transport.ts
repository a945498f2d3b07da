import {
  Agent,
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from "node:http";
import { urlToHttpOptions } from "node:url";
import { FacilitatorError } from "../errors.js";
import { MAX_ANSWER, type Transport, type TransportAnswer, type TransportRequest } from "./transport.js";

/** Milliseconds until a connection must be established. */
const CONNECT_TIMEOUT = 2_000;
/** Milliseconds that an idle connection is kept: less than servers keep theirs, so that a reused one is alive. */
const KEEP_IDLE = 4_000;

/** Sends requests over keep-alive connections of `node:http`, at a fraction of the cost of Node's `fetch`. */
export const createTransport = (): Transport => {
  const options = { keepAlive: true, maxFreeSockets: 64, timeout: KEEP_IDLE, scheduling: "lifo" as const };
  const plain = { request: httpRequest, agent: new Agent(options), ready: "connect" };
  let secure: Promise<Carrier> | undefined;
  // TLS takes longer to load than all of the engine, and a facilitator on this machine needs none.
  const openSecure = () =>
    import("node:https").then(
      (https): Carrier => ({ request: https.request, agent: new https.Agent(options), ready: "secureConnect" }),
    );
  /** A facilitator has three URLs; parsing one costs more than caching it. */
  const places = new Map<string, RequestOptions>();
  return async (request) => {
    let place = places.get(request.url);
    if (!place) {
      place = urlToHttpOptions(new URL(request.url));
      if (places.size < 16) places.set(request.url, place);
    }
    const safe = place.protocol === "https:";
    if (safe) secure ??= openSecure();
    const { request: open, agent, ready } = safe && secure ? await secure : plain;
    const headers = request.body === undefined ? request.headers : withLength(request.headers, request.body);
    const outgoing = start(open, { ...place, method: request.method, headers, agent });
    const answer = exchange(outgoing, request, ready);
    outgoing.end(request.body);
    return answer;
  };
};

/** How requests to one kind of URL are sent. */
interface Carrier {
  readonly request: typeof httpRequest;
  readonly agent: Agent;
  /** The event of an established connection. */
  readonly ready: string;
}

function start(request: typeof httpRequest, options: RequestOptions): ClientRequest {
  try {
    return request(options);
  } catch (cause) {
    const message = "The credentials for the facilitator do not fit a header";
    throw new FacilitatorError("facilitator_credentials", message, { sent: false, cause });
  }
}

function exchange(outgoing: ClientRequest, { signal }: TransportRequest, ready: string): Promise<TransportAnswer> {
  return new Promise((resolve, reject) => {
    let connected = false;
    let connectTimer: NodeJS.Timeout | undefined;
    const finish = (error?: FacilitatorError, answer?: TransportAnswer) => {
      clearTimeout(connectTimer);
      signal.removeEventListener("abort", abort);
      if (error) {
        reject(error);
        outgoing.destroy();
      } else if (answer) resolve(answer);
    };
    const abort = () =>
      finish(new FacilitatorError("facilitator_timeout", "The facilitator took too long", { sent: connected }));
    // Before anything that may destroy the request: an error without a listener ends the process.
    outgoing.on("error", (cause) => finish(connected ? broken(cause) : unreachable(cause)));
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort);

    outgoing.on("socket", (socket) => {
      if (outgoing.reusedSocket || !socket.connecting) {
        connected = true;
        return;
      }
      connectTimer = setTimeout(() => finish(unreachable()), CONNECT_TIMEOUT);
      socket.once(ready, () => {
        connected = true;
        clearTimeout(connectTimer);
      });
    });
    outgoing.on("response", (response) => {
      const status = response.statusCode ?? 0;
      if (status >= 300 && status < 400) {
        const message = "The facilitator sent a redirect, which is never followed";
        finish(new FacilitatorError("facilitator_redirect", message, { sent: true, status }));
        return;
      }
      collect(response, status, finish);
    });
  });
}

function collect(
  response: IncomingMessage,
  status: number,
  finish: (error?: FacilitatorError, answer?: TransportAnswer) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  response.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_ANSWER) {
      chunks.push(chunk);
      return;
    }
    const message = `The facilitator's response exceeds ${MAX_ANSWER} bytes`;
    finish(new FacilitatorError("facilitator_too_large", message, { sent: true, status }));
  });
  response.on("error", (cause) => finish(broken(cause)));
  response.on("aborted", () => finish(broken()));
  response.on("end", () => {
    const text = (chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)).toString("utf8");
    const header = (name: string) => {
      const value = response.headers[name];
      return Array.isArray(value) ? value.join(", ") : value;
    };
    finish(undefined, { status, header, text });
  });
}

function withLength(headers: Readonly<Record<string, string>>, body: string): Record<string, string | number> {
  return { ...headers, "content-length": Buffer.byteLength(body) };
}

function unreachable(cause?: unknown): FacilitatorError {
  return new FacilitatorError("facilitator_unreachable", "The facilitator cannot be reached", { sent: false, cause });
}

function broken(cause?: unknown): FacilitatorError {
  return new FacilitatorError("facilitator_disconnected", "The connection to the facilitator broke", {
    sent: true,
    cause,
  });
}
