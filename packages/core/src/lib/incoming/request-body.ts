import type { IncomingMessage } from "node:http";
import type { ServerHttp2Stream } from "node:http2";

/** Turns of the event loop, by timers that every runtime has, in which Node tells that a stream of HTTP/2 was reset. */
const AFTER_END = 3;

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => void setTimeout(resolve, 0));
}

/** Ends the look at a body that has not come yet. */
const looks = new WeakMap<IncomingMessage, () => void>();

/** What Node notes of a request when it is read, and others judge by. */
interface Internals {
  _consuming?: boolean;
  _readableState?: { dataEmitted?: boolean; readingMore?: boolean; ended?: boolean };
}

function http2Stream(message: IncomingMessage): ServerHttp2Stream | undefined {
  return (message as { stream?: ServerHttp2Stream }).stream;
}

/** Whether the request announces a body, which may still turn out to be empty. */
export function hasBody(message: IncomingMessage): boolean {
  const stream = http2Stream(message);
  if (stream) return !stream.endAfterHeaders;
  const length = message.headers["content-length"];
  return message.headers["transfer-encoding"] !== undefined || (length !== undefined && Number(length) !== 0);
}

/** Bytes that the request declares; 0 if it declares none, or comes in chunks. */
export function declaredLength(message: IncomingMessage): number {
  return message.headers["transfer-encoding"] === undefined ? Number(message.headers["content-length"] ?? 0) : 0;
}

/** Whether the body has not been read, not even in part, and no reader is waiting. */
function isUntouched(message: IncomingMessage): boolean {
  if (message.readableDidRead || message.readableEnded || message.readableFlowing === true) return false;
  return message.listenerCount("data") === 0 && message.listenerCount("readable") === 0;
}

/**
 * The first bytes of a body, which is left as if it had not been read.
 * @returns at most `limit` bytes; `undefined` if there are none, `null` if something else reads it
 * @throws Error if the client leaves before they have come
 */
export async function peekBody(message: IncomingMessage, limit: number): Promise<Uint8Array | undefined | null> {
  // Until all is taken in that came with the head: a listener added ahead of the end of an empty body would hasten it.
  await undefined;
  if (!isUntouched(message)) return null;
  const stream = http2Stream(message);
  // HTTP/2 itself drains a stream that gets its response unread, but not once part of it was read.
  stream?.once("finish", () => void (message.readableFlowing === null && message.resume()));
  return await new Promise((resolve, reject) => {
    const stop = () => {
      looks.delete(message);
      message.off("readable", look).off("close", leave);
    };
    const leave = () => {
      stop();
      queueMicrotask(() => forget(message as Internals));
      reject(new Error("The client left before its request was complete"));
    };
    const show = (bytes?: Uint8Array) => {
      stop();
      // After what Node itself does because of the look, in its next ticks.
      queueMicrotask(() => forget(message as Internals));
      const ended = stream && (message as Internals)._readableState?.ended;
      if (!ended) return resolve(bytes);
      // A reset of HTTP/2 ends the body first, as if it were whole, and shows up some turns later.
      void turns(AFTER_END).then(() => (message.aborted ? leave() : resolve(bytes)));
    };
    const look = () => {
      // A listener added now would get what is read here, and once more what is put back.
      if (message.listenerCount("data") > 0) {
        stop();
        return resolve(null);
      }
      if (message.aborted) return leave();
      // Called without a byte means that there are none. To read would make the stream say `end` ahead of its reader.
      if (message.readableLength === 0) return show();
      const chunk = message.read(limit) as Uint8Array | string | null;
      // Fewer bytes than that, and more to come.
      if (chunk === null) return;
      const encoding = message.readableEncoding ?? undefined;
      // At once: a stream that is read to its end takes something back in the same turn only.
      message.unshift(chunk, encoding);
      // A platform may have called it read once the app's first turn was over, and parsers would pass it by.
      if (!message.readable && !message.destroyed) message.readable = true;
      show(typeof chunk === "string" ? new TextEncoder().encode(chunk).subarray(0, limit) : chunk);
    };
    if (message.destroyed) return leave();
    // Likenesses of a request, which platforms make, are complete from the start and give their body when it is read.
    const { ended = true } = (message as Internals)._readableState ?? {};
    if (message.complete && (ended || stream) && message.readableLength === 0) return resolve(undefined);
    looks.set(message, leave);
    message.on("readable", look).once("close", leave);
  });
}

/** Ends a look that is still under way, so that Node can drain a body that will not be read. */
export function stopLooking(message: IncomingMessage): void {
  looks.get(message)?.();
}

/** Makes it an unread request again: Node drains those after the response, and `fetch` takes no others for a body. */
function forget(message: Internals): void {
  const state = message._readableState;
  if (message._consuming) {
    message._consuming = false;
    if (state) state.readingMore = true;
  }
  if (state) state.dataEmitted = false;
}
