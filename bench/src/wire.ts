import { connect, type Socket } from "node:net";

/** One answer, as far as a load needs it. */
export interface Answered {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

const HEAD_END = "\r\n\r\n";
const LAST_CHUNK = Buffer.from("0\r\n\r\n");

/**
 * A kept connection that sends prepared requests one after the other and reads no more of an answer than it must:
 * a load has to cost less than what it measures.
 */
export class Connection {
  readonly #socket: Socket;
  #pending: ((answered: Answered) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;
  #received: Buffer | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("error", (error) => this.#fail?.(error));
    socket.on("close", () => this.#fail?.(new Error("The server closed the connection")));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: "127.0.0.1" }, () => resolve(new Connection(socket)));
      socket.once("error", reject);
    });
  }

  send(request: string): Promise<Answered> {
    return new Promise((resolve, reject) => {
      this.#pending = resolve;
      this.#fail = reject;
      this.#socket.write(request, "latin1");
    });
  }

  close(): void {
    this.#fail = undefined;
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    const received = this.#received ? Buffer.concat([this.#received, chunk]) : chunk;
    const answered = readAnswer(received);
    this.#received = answered ? undefined : received;
    if (answered) this.#pending?.(answered);
  }
}

/** The answer, once it is whole. */
function readAnswer(received: Buffer): Answered | undefined {
  const end = received.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const head = received.toString("latin1", 0, end);
  const length = /\ncontent-length: *(\d+)/i.exec(head)?.[1];
  const whole =
    length === undefined
      ? received.length > end + 4 && received.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)
      : received.length >= end + 4 + Number(length);
  return whole ? { status: Number(head.slice(9, 12)), head, body: received.subarray(end + 4) } : undefined;
}

export function writeRequest(path: string, payment?: string): string {
  const paid = payment === undefined ? "" : `payment-signature: ${payment}\r\n`;
  return `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: */*\r\nuser-agent: load\r\n${paid}\r\n`;
}

/** One header of an answer. */
export function readHeader(head: string, name: string): string | undefined {
  return new RegExp(`\\n${name}: *([^\\r]+)`, "i").exec(head)?.[1];
}
