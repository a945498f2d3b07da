import type { BypassListener } from "./connection-guard.js";
import { takenOver, takenOverReply } from "./taken-over.js";

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

/** What becomes of a call: it lifts the guard and happens, it happens, or nothing happens. */
type Verdict = "open" | "pass" | "drop";

/** Stands on the methods of one object until it is lifted. */
export class CallGuard {
  readonly #target: object;
  readonly #methods = new Map<string, { readonly ours: Method; readonly theirs: Method }>();
  #open = false;

  /** @param judge may throw to refuse the call */
  constructor(target: object, names: readonly string[], judge: (name: string, args: readonly unknown[]) => Verdict) {
    this.#target = target;
    for (const name of names) {
      const theirs = Reflect.get(target, name) as Method | undefined;
      if (typeof theirs !== "function") continue;
      const ours: Method = (...args) => {
        const verdict = this.#open ? "pass" : judge(name, args);
        if (verdict === "open") this.lift();
        return verdict === "drop" ? this.#drop(name, args) : Reflect.apply(theirs, target, args);
      };
      this.#methods.set(name, { ours, theirs });
      Reflect.set(target, name, ours);
    }
  }

  through(run: () => void): void {
    this.lift();
    run();
  }

  /** Calls what the guard wraps. */
  past(name: string, ...args: readonly unknown[]): void {
    const { theirs } = this.#methods.get(name) ?? {};
    if (theirs) Reflect.apply(theirs, this.#target, args);
  }

  lift(): void {
    this.#open = true;
    for (const [name, { ours, theirs }] of this.#methods) {
      if (Reflect.get(this.#target, name) === ours) Reflect.set(this.#target, name, theirs);
    }
  }

  #drop(name: string, args: readonly unknown[]): unknown {
    const callback = args.find((arg) => typeof arg === "function") as ((error: Error) => void) | undefined;
    if (callback) queueMicrotask(() => callback(takenOver()));
    return name === "write" ? false : this.#target;
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
    if (stream.closed || stream.destroyed) return "pass";
    const status = Number((args[0] as { ":status"?: unknown } | null | undefined)?.[":status"] ?? 200);
    if (name === "additionalHeaders" && (status === 100 || status === 102)) return "pass";
    if (!listener.bypassed(status)) throw takenOver();
    stream.once("finish", () => listener.departed(true));
    stream.once("close", () => listener.departed(false));
    return "open";
  });
}

/** Node's own response, as far as the guard needs it. */
interface OwnResponse {
  readonly destroyed?: boolean;
  readonly closed?: boolean;
  readonly headersSent?: boolean;
  readonly statusCode?: number;
}

/**
 * Node's own response, where the framework's handlers return theirs. A refusal that is written to it leaves: who writes may
 * be the server itself, which sends what middleware ahead of the gate responds before the gate is done. Anything else may
 * be goods, and becomes a 500. Nothing is thrown, since an error would end the server's process.
 * @param taken the response that is held leaves no more
 */
export function guardOutgoing(outgoing: OwnResponse, taken: () => void): { lift(): void } {
  let state: "held" | "refusing" | "refused" = "held";
  const guard = new CallGuard(outgoing, RESPONSE, (name, args) => {
    if (state === "refused") return "drop";
    // One of these methods may lead to another: in HTTP/2, `end` to `write`.
    if (state === "refusing") return "pass";
    // Nothing leaves by one whose client is gone.
    if (outgoing.destroyed || outgoing.closed) return "pass";
    taken();
    if (Number(name === "writeHead" ? args[0] : outgoing.statusCode) >= 400) return "open";
    state = "refusing";
    const { status, headers, body } = takenOverReply;
    const begun = outgoing.headersSent;
    if (!begun) guard.past("writeHead", status, Object.fromEntries(headers));
    guard.past("end", begun ? undefined : body);
    state = "refused";
    return "drop";
  });
  return { lift: () => void (state === "refused" || guard.lift()) };
}
