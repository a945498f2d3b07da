import { connect } from "node:net";

/** A response as received. */
export interface RawAnswer {
  readonly status: number;
  readonly reason: string;
  /** Names and values in their original order and spelling. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** All values of one header, joined by `", "`; `undefined` if absent. */
  header(name: string): string | undefined;
  /** The body without its framing. */
  readonly body: Buffer;
  readonly trailers: readonly (readonly [name: string, value: string])[];
  /** Every byte received. */
  readonly bytes: Buffer;
}

export interface RawOptions {
  /** Milliseconds to wait before reading what was received. @default 5000 */
  readonly timeout?: number;
}

/**
 * Sends exactly these bytes over a new connection and reads until the server closes it.
 * @param message the lines of the head (a blank line, and `Host` and `Connection: close` unless given, are added), or
 * all bytes
 * @throws if the result is not an HTTP response, or empty
 */
export async function rawRequest(
  origin: string,
  message: readonly string[] | Uint8Array,
  options: RawOptions = {},
): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(origin);
  const bytes = message instanceof Uint8Array ? message : writeHead(message, host);
  const answer = await exchange(hostname, Number(port), bytes, options.timeout ?? 60_000);
  return readAnswer(answer);
}

function writeHead(lines: readonly string[], host: string): Buffer {
  const has = (name: string): boolean => lines.some((line) => line.toLowerCase().startsWith(`${name}:`));
  const [request = "GET / HTTP/1.1", ...rest] = lines;
  const more = [...(has("host") ? [] : [`Host: ${host}`]), ...(has("connection") ? [] : ["Connection: close"])];
  return Buffer.from(`${[request, ...more, ...rest].join("\r\n")}\r\n\r\n`, "latin1");
}

function exchange(host: string, port: number, bytes: Uint8Array, timeout: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, host, () => socket.write(bytes));
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("error", () => {});
    socket.on("close", () => resolve(Buffer.concat(chunks)));
    socket.setTimeout(timeout, () => socket.destroy());
  });
}

function readAnswer(bytes: Buffer): RawAnswer {
  const text = bytes.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const first = /^HTTP\/1\.[01] (\d{3}) ?([^\r\n]*)/.exec(text);
  if (end < 0 || !first) throw new Error(`No HTTP answer: ${JSON.stringify(text.slice(0, 80))}`);
  if (first[1]?.startsWith("1") && first[1] !== "101") return readAnswer(bytes.subarray(end + 4));
  const headers = readFields(text.slice(0, end).split("\r\n").slice(1));
  const header = (name: string): string | undefined => {
    const values = headers.filter(([key]) => key.toLowerCase() === name.toLowerCase()).map(([, value]) => value);
    return values.length > 0 ? values.join(", ") : undefined;
  };
  const rest = bytes.subarray(end + 4);
  const chunked = /chunked/i.test(header("transfer-encoding") ?? "") && rest.length > 0;
  const { body, trailers } = chunked ? readChunks(rest) : { body: rest, trailers: [] };
  return { status: Number(first[1]), reason: first[2] ?? "", headers, header, body, trailers, bytes };
}

function readFields(lines: readonly string[]): [string, string][] {
  return lines.filter(Boolean).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}

function readChunks(bytes: Buffer): { body: Buffer; trailers: [string, string][] } {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    const line = bytes.indexOf("\r\n", at, "latin1");
    if (line < 0) break;
    const size = Number.parseInt(bytes.toString("latin1", at, line), 16);
    if (!(size > 0)) {
      return { body: Buffer.concat(parts), trailers: readFields(bytes.toString("latin1", line + 2).split("\r\n")) };
    }
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  return { body: Buffer.concat(parts), trailers: [] };
}
