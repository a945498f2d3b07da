import { randomBytes } from "node:crypto";
import { request } from "node:http";
import type { Duplex } from "node:stream";

/** The response to a WebSocket request. */
export interface Knock {
  /** 101: the socket is open. */
  readonly status: number;
  /** One header of the response; `undefined` if absent. */
  header(name: string): string | undefined;
  /** The body of a refusal. */
  readonly body: string;
  /** The next text message that the server sends; rejects if the socket closes first. */
  message(): Promise<string>;
  /** Sends one text message of less than 126 bytes. */
  send(text: string): void;
  /** Closes the connection. */
  close(): void;
}

/**
 * Requests a WebSocket, as a client that can set headers would: with a payment, if one is given.
 * @param url `http:`, with path and query
 */
export function knock(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Knock> {
  const asked = request(url, {
    agent: false,
    headers: {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": randomBytes(16).toString("base64"),
      ...headers,
    },
  });
  asked.end();
  return new Promise((resolve, reject) => {
    asked.on("error", reject);
    asked.on("upgrade", (response, socket, head) => {
      resolve({ status: 101, body: "", header: (name) => first(response.headers[name]), ...talk(socket, head) });
    });
    asked.on("response", async (response) => {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of response) chunks.push(chunk as Buffer);
      } catch {
        // What came is what was said.
      }
      resolve({
        status: response.statusCode ?? 0,
        body: Buffer.concat(chunks).toString(),
        header: (name) => first(response.headers[name]),
        message: () => Promise.reject(new Error("The server refused the WebSocket.")),
        send: () => {},
        close: () => {},
      });
    });
  });
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function talk(socket: Duplex, head: Buffer): Pick<Knock, "message" | "send" | "close"> {
  let bytes = head;
  let ended = false;
  let wake = () => {};
  socket.on("data", (chunk: Buffer) => {
    bytes = Buffer.concat([bytes, chunk]);
    wake();
  });
  socket.on("error", () => {});
  socket.on("close", () => {
    ended = true;
    wake();
  });
  return {
    async message() {
      for (;;) {
        const size = (bytes[1] ?? 0) & 0x7f;
        if (bytes.length >= 2 + size && bytes[0] === 0x81) {
          const text = bytes.toString("utf8", 2, 2 + size);
          bytes = bytes.subarray(2 + size);
          return text;
        }
        if (ended || bytes[0] === 0x88) throw new Error("The socket was closed before a message came.");
        await new Promise<void>((next) => {
          wake = next;
        });
      }
    },
    send(text) {
      const body = Buffer.from(text);
      // A mask of zeros leaves the bytes as they are.
      socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]));
    },
    close: () => void socket.destroy(),
  };
}
