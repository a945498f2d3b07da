/** Bytes of the long answer. */
export const LONG = 300 * 1024 * 1024;
const CHUNK = 64 * 1024;

/** A long answer, made no faster than it is read. */
export function longAnswer(): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent >= LONG) controller.close();
      else controller.enqueue(new Uint8Array(CHUNK));
      sent += CHUNK;
    },
  });
}

const EVENT = "data: sunny\n\n";
/** Milliseconds between the first event and the second. */
const PAUSE = 20;

/** One event at once and one later: what counts is when the first arrives. */
export function events(): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(EVENT);
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      setTimeout(() => {
        controller.enqueue(bytes);
        controller.close();
      }, PAUSE);
    },
  });
}
