import { connect } from "node:net";
import type { RawRequest } from "./spellings.js";

export interface Sent {
  readonly id: string;
  readonly request: RawRequest;
}

/** How many requests one connection takes, one behind the other. */
const DEPTH = 25;
/** How long one connection may take, in milliseconds. */
const PATIENCE = 20_000;

/**
 * Sends requests without waiting for responses in between. A server ends a connection over some of them, and those behind
 * are sent again.
 * @param seen whether a request has reached the server's own `request` event
 * @param hear gets the bytes of each connection, with the requests that it carried
 */
export async function sendAll(
  port: number,
  all: readonly Sent[],
  seen: (id: string) => boolean,
  hear: (bytes: string, batch: readonly Sent[]) => void,
): Promise<void> {
  let rest = all;
  while (rest.length > 0) {
    const batch = rest.slice(0, DEPTH);
    hear(await exchange(port, batch), batch);
    const lost = batch.findIndex(({ id }) => !seen(id));
    // The first one of a connection that is not seen was refused by Node's parser.
    rest = lost < 0 ? rest.slice(batch.length) : rest.slice(Math.max(1, lost));
  }
}

function exchange(port: number, batch: readonly Sent[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const chunks: Buffer[] = [];
    const timer = setTimeout(() => socket.destroy(), PATIENCE);
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => {});
    socket.once("close", () => {
      clearTimeout(timer);
      resolve(Buffer.concat(chunks).toString("latin1"));
    });
    socket.write(batch.map((sent, at) => write(sent, at === batch.length - 1)).join(""), "latin1");
  });
}

function write({ id, request }: Sent, last: boolean): string {
  const { method, target, headers } = request;
  const lines = [`${method} ${target} HTTP/1.1`, "Host: shop.example", `X-Fuzz: ${id}`, ...headers];
  if (method === "POST" || method === "PUT" || method === "PATCH") lines.push("Content-Length: 0");
  if (last) lines.push("Connection: close");
  return `${lines.join("\r\n")}\r\n\r\n`;
}
