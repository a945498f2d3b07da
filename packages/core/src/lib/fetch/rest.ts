import type { ByteSource } from "./byte-source.js";
import type { Gathered } from "./gather.js";

/**
 * The body that continues after its beginning was held: first what is held, then the source, one chunk for each that
 * the client takes, so that a slow client slows the producer and nothing piles up here.
 * @param client aborts when the client leaves; for servers that do not cancel a body then
 * @param done told once whether the last byte was taken
 */
export function streamRest(
  { end, chunks, pending }: Gathered,
  source: ByteSource,
  client: AbortSignal | undefined,
  done: (whole: boolean) => void,
): ReadableStream<Uint8Array> {
  let over = false;
  let next = pending;
  const finish = (whole: boolean) => {
    over = true;
    client?.removeEventListener("abort", leave);
    done(whole);
  };
  let leave = () => {};
  chunks.reverse();

  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        leave = () => {
          finish(false);
          void source.cancel(client?.reason);
          // Ended, not failed: there is no reader any more, and a server that cancels now must not see an error.
          controller.close();
        };
        if (client?.aborted) leave();
        else client?.addEventListener("abort", leave, { once: true });
      },
      async pull(controller) {
        const held = chunks.pop();
        if (held !== undefined) return controller.enqueue(held);
        try {
          let chunk: Uint8Array | undefined;
          while (end !== "whole") {
            const read = next ?? source.read();
            next = undefined;
            chunk = await read;
            if (chunk?.byteLength !== 0) break;
          }
          if (over) return;
          if (chunk !== undefined) return controller.enqueue(chunk);
          finish(true);
          controller.close();
        } catch (error) {
          if (over) return;
          finish(false);
          controller.error(error);
        }
      },
      async cancel(reason) {
        if (over) return;
        finish(false);
        await source.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
