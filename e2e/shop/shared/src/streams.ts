const mebibyte = 2 ** 20;
const piece = 2 ** 16;

/** So many MiB of zeros. */
export async function* zeros(mebibytes: number): AsyncGenerator<Uint8Array> {
  for (let left = mebibytes * mebibyte; left > 0; left -= piece) yield new Uint8Array(piece);
}

const encoder = new TextEncoder();

/** So many server-sent events, `ms` milliseconds apart. */
export async function* events(count: number, ms: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    if (i > 0) await wait(ms);
    yield encoder.encode(`data: ${i}\n\n`);
  }
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** For a Fetch `Response`: takes the next piece when the reader wants it, and none once the reader left. */
export function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}
