import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Facilitator, SETTLE_TOKEN } from "@turnpike/core";
import { answerCall } from "./facilitator-calls.js";

export interface ListenOptions {
  /** @default 0, any free port */
  readonly port?: number;
  /** @default "127.0.0.1", this machine only */
  readonly host?: string;
}

export interface FacilitatorServer {
  /** Base URL, for a paywall's `facilitator`. */
  readonly url: string;
  /** Finishes open requests, then stops. */
  close(): Promise<void>;
}

/** Serves a facilitator with Node's own HTTP server. Rejects if it cannot listen there. */
export async function listenFacilitator(
  facilitator: Facilitator,
  options: ListenOptions = {},
): Promise<FacilitatorServer> {
  const { port = 0, host = "127.0.0.1" } = options;
  const server = createServer((request, response) => {
    respond(facilitator, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `http://${name}:${address.port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeIdleConnections();
      }),
  };
}

async function respond(facilitator: Facilitator, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const left = new AbortController();
  response.once("close", () => left.abort());
  const answer = await answerCall(facilitator, {
    method: request.method ?? "",
    path: (request.url ?? "").replace(/[?#].*$/s, ""),
    contentType: request.headers["content-type"],
    token: request.headers[SETTLE_TOKEN]?.toString(),
    signal: left.signal,
    body: (limit) => readBounded(request, limit),
  });
  const body = Buffer.from(answer.body);
  // What was not read of a body cannot be told from the next request, so the connection ends.
  const ending = request.complete ? {} : { connection: "close" };
  response.writeHead(answer.status, { ...answer.headers, "content-length": body.byteLength, ...ending });
  response.end(request.method === "HEAD" ? undefined : body);
}

async function readBounded(request: IncomingMessage, limit: number): Promise<Uint8Array | undefined> {
  if (Number(request.headers["content-length"] ?? 0) > limit) return undefined;
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Not with `for await`: leaving that loop early would destroy the connection before the response.
  return new Promise((resolve, reject) => {
    request.on("data", (chunk: Uint8Array) => {
      length += chunk.byteLength;
      if (length <= limit) chunks.push(chunk);
      else {
        request.pause();
        resolve(undefined);
      }
    });
    request.once("end", () => resolve(Buffer.concat(chunks)));
    request.once("error", reject);
  });
}
