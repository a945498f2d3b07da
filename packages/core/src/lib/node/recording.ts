import type { HeaderList, Outcome } from "../seam.js";
import { invalidChunk, nullChunk, unknownEncoding } from "./node-errors.js";

/** One call that a handler made on its response while the response was held. */
export interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
}

/** The chunk, if Node would write it; throws what Node throws. */
export function checkChunk(chunk: unknown, encoding: unknown): string | Uint8Array {
  if (chunk === null) throw nullChunk();
  if (encoding && encoding !== "buffer" && !Buffer.isEncoding(encoding as string)) throw unknownEncoding(encoding);
  if (typeof chunk !== "string" && !(chunk instanceof Uint8Array)) throw invalidChunk(chunk);
  return chunk;
}

/** Bytes that a chunk puts on the wire. */
export function byteLength(chunk: string | Uint8Array, encoding: unknown): number {
  return typeof chunk === "string" ? Buffer.byteLength(chunk, encoding as BufferEncoding) : chunk.byteLength;
}

/** The callbacks of the recorded `end`s. */
export function endCallbacks(calls: readonly Call[]): readonly unknown[] {
  return calls.flatMap(({ name, args }) => (name === "end" ? args.filter((arg) => typeof arg === "function") : []));
}

/** The body that the recorded calls write, in one piece. */
function joinBody(calls: readonly Call[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const { name, args } of calls) {
    const [chunk, encoding] = args;
    if ((name !== "write" && name !== "end") || !chunk || typeof chunk === "function") continue;
    pieces.push(typeof chunk === "string" ? Buffer.from(chunk, encoding as BufferEncoding) : (chunk as Uint8Array));
  }
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
}

/** A complete response. Its body is joined only when it is read, which is rare. */
export class WholeOutcome implements Outcome {
  readonly status: number;
  readonly aborted = false;
  readonly whole = true;
  readonly headers: () => HeaderList;
  readonly #calls: readonly Call[];
  #body: Uint8Array | undefined;

  constructor(status: number, headers: () => HeaderList, calls: readonly Call[]) {
    this.status = status;
    this.headers = headers;
    this.#calls = calls;
  }

  get body(): Uint8Array {
    this.#body ??= joinBody(this.#calls);
    return this.#body;
  }
}
