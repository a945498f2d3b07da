import { type BypassListener, takenOver } from "./connection-guard.js";

type Method = (...args: unknown[]) => unknown;

/** By what a handler writes to an HTTP/2 stream itself. */
const STREAM = [
  "respond",
  "respondWithFile",
  "respondWithFD",
  "pushStream",
  "additionalHeaders",
  "sendTrailers",
  "write",
  "end",
];

/** By what a handler writes to Node's own response, where the framework holds another. */
const RESPONSE = ["writeHead", "write", "end", "flushHeaders", "writeEarlyHints", "addTrailers", "assignSocket"];

/** Stands on the methods of one object until it is lifted. */
export class CallGuard {
  readonly #target: object;
  readonly #methods = new Map<string, { readonly ours: Method; readonly theirs: Method }>();
  #open = false;

  /** @param ask whether the call may go through, which lifts the guard; throws to refuse it */
  constructor(target: object, names: readonly string[], ask: (name: string, args: readonly unknown[]) => boolean) {
    this.#target = target;
    for (const name of names) {
      const theirs = Reflect.get(target, name) as Method | undefined;
      if (typeof theirs !== "function") continue;
      const ours: Method = (...args) => {
        if (!this.#open && ask(name, args)) this.lift();
        return Reflect.apply(theirs, target, args);
      };
      this.#methods.set(name, { ours, theirs });
      Reflect.set(target, name, ours);
    }
  }

  through(run: () => void): void {
    this.lift();
    run();
  }

  lift(): void {
    this.#open = true;
    for (const [name, { ours, theirs }] of this.#methods) {
      if (Reflect.get(this.#target, name) === ours) Reflect.set(this.#target, name, theirs);
    }
  }
}

interface Stream {
  readonly closed?: boolean;
  readonly destroyed?: boolean;
  once(event: "finish" | "close", listener: () => void): unknown;
}

/** An HTTP/2 stream whose response is held. A client may still be told to go on. */
export function guardStream(stream: Stream, listener: BypassListener): CallGuard {
  return new CallGuard(stream, STREAM, (name, args) => {
    // Node itself ends a stream that its client has closed.
    if (stream.closed || stream.destroyed) return false;
    const status = Number((args[0] as { ":status"?: unknown } | null | undefined)?.[":status"] ?? 200);
    if (name === "additionalHeaders" && (status === 100 || status === 102)) return false;
    if (!listener.bypassed(status)) throw takenOver();
    stream.once("finish", () => listener.departed(true));
    stream.once("close", () => listener.departed(false));
    return true;
  });
}

/**
 * Node's own response, where the framework's handlers return theirs: nothing may be written to it. Nothing leaves by one
 * whose client is gone, and there the server itself may write, whom an error would end.
 */
export function guardOutgoing(outgoing: { readonly destroyed?: boolean; readonly closed?: boolean }): CallGuard {
  return new CallGuard(outgoing, RESPONSE, () => {
    if (outgoing.destroyed || outgoing.closed) return false;
    throw takenOver();
  });
}
