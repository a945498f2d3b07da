import type { Ticket } from "../seam.js";
import type { ByteSource } from "./byte-source.js";

/** The beginning of a body, as far as it was held back. */
export interface Gathered {
  /**
   * `whole`: all of it. `open`: it outgrew the limit or paused, and goes on. `stopped`: waiting was given up.
   * `failed`: the producer failed.
   */
  readonly end: "whole" | "open" | "stopped" | "failed";
  readonly chunks: Uint8Array[];
  readonly size: number;
  /** With `open`: the read that was under way when waiting for it ended. */
  readonly pending?: Promise<Uint8Array | undefined>;
  /** With `failed`. */
  readonly error?: unknown;
}

/**
 * Reads a body until it ends, outgrows `hold` bytes, or gives nothing for `idle` ms after a byte. Where nothing may be
 * held, until it ends, outgrows `keep` bytes, or has no more at hand. How long the first byte takes is for `stopped` to
 * bound.
 */
export function gather(
  source: ByteSource,
  { hold, keep, idle }: Pick<Ticket, "hold" | "keep" | "idle">,
  stopped: Promise<unknown>,
): Promise<Gathered> {
  return new Promise((resolve) => {
    const chunks: Uint8Array[] = [];
    const limit = hold || keep;
    let size = 0;
    let newest = 0;
    let over = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let pending: Promise<Uint8Array | undefined>;

    const finish = (end: Gathered["end"], rest?: Pick<Gathered, "pending" | "error">) => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      resolve({ end, chunks, size, ...rest });
    };
    const pause = () => {
      const left = newest + idle - performance.now();
      if (left > 0) timer = setTimeout(pause, left);
      else finish("open", { pending });
    };
    const take = (chunk: Uint8Array | undefined) => {
      if (over) return;
      if (chunk === undefined) return finish("whole");
      if (chunk.byteLength > 0) {
        chunks.push(chunk);
        size += chunk.byteLength;
        if (size > limit) return finish("open");
        if (hold === 0) {
          // A turn of the event loop: some runtimes need one for each part of a body that is in memory.
          clearTimeout(timer);
          timer = setTimeout(() => finish("open", { pending }), 0);
        } else {
          newest = performance.now();
          timer ??= setTimeout(pause, idle);
        }
      }
      pull();
    };
    const pull = () => {
      pending = source.read();
      pending.then(take, (error: unknown) => finish("failed", { error }));
    };

    stopped.then(() => finish("stopped"));
    pull();
  });
}

/** All chunks as one, without a copy where there is but one. */
export function join({ chunks, size }: Pick<Gathered, "chunks" | "size">): Uint8Array {
  const [first] = chunks;
  if (first !== undefined && chunks.length === 1) return first;
  const joined = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return joined;
}
