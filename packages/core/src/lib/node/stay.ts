import type { IncomingMessage, ServerResponse } from "node:http";

type Method = (...args: unknown[]) => unknown;

/** By what code behind the gate cuts a connection off. */
const CUTS = new Set<string | symbol>(["destroy", "destroySoon", "resetAndDestroy", "end"]);

/** What an HTTP/2 stream tells of itself. */
interface Stream {
  readonly closed: boolean;
  readonly writableFinished: boolean;
  readonly session?: { readonly destroyed: boolean };
}

/**
 * Lets a response leave that its handler has ended, though code behind the gate then cuts it off, as an error does that
 * comes late: the payment may be settled already. What that code calls waits until the response has left, or its client.
 * The connection itself is not touched, so a server that closes, a time limit and the client act at once.
 */
export class Stay {
  readonly #ended: () => boolean;
  readonly #undo: (() => void)[] = [];
  #late: (() => void) | undefined;
  #over = false;

  /** @param ended whether the handler has ended its response */
  constructor(request: IncomingMessage, response: ServerResponse, ended: () => boolean) {
    this.#ended = ended;
    const { stream } = response as { stream?: Stream };
    if (stream) {
      const leaves = () => !stream.closed && !stream.writableFinished && stream.session?.destroyed === false;
      for (const name of ["destroy", "close"]) {
        this.#cover(stream, name, (call) => leaves() && this.#waits(call));
      }
      this.#cover(response, "destroy", (call) => this.#waits(call));
    } else {
      const { socket } = request;
      // By the time that the response has left, it has let go of its connection.
      this.#cover(response, "destroy", (_, [error]) => this.#waits(() => socket.destroy(error as Error | undefined)));
      this.#coverSocket(request, socket);
      if (response.socket) this.#coverSocket(response, response.socket);
    }
  }

  /** The response has left, or cannot: what waits happens now. */
  over(): void {
    if (this.#over) return;
    this.#over = true;
    for (const undo of this.#undo.splice(0).reverse()) undo();
    this.#late?.();
  }

  /** Puts a call off, if the response is still to leave. */
  #waits(call: () => void): boolean {
    if (this.#over || !this.#ended()) return false;
    this.#late ??= call;
    return true;
  }

  /** @param waits whether the call is put off */
  #cover(target: object, name: string, waits: (call: () => void, args: readonly unknown[]) => boolean): void {
    const theirs = Reflect.get(target, name) as Method;
    const ours: Method = (...args) => {
      const call = () => Reflect.apply(theirs, target, args);
      return waits(call, args) ? target : call();
    };
    Reflect.set(target, name, ours);
    this.#undo.push(() => {
      if (Reflect.get(target, name) === ours) Reflect.set(target, name, theirs);
    });
  }

  /** Code behind the gate meets another socket than the server has. */
  #coverSocket(holder: { socket: object | null }, socket: object): void {
    const covered = new Proxy(socket, {
      get: (target, name) => {
        const theirs: unknown = Reflect.get(target, name);
        if (!CUTS.has(name) || typeof theirs !== "function") return theirs;
        return (...args: unknown[]) => {
          // Nothing can be written behind a response that has been ended.
          const late = () => Reflect.apply(theirs, target, name === "end" ? [] : args);
          return this.#waits(late) ? covered : Reflect.apply(theirs, target, args);
        };
      },
      set: (target, name, value) => Reflect.set(target, name, value),
    });
    holder.socket = covered;
    this.#undo.push(() => {
      if (holder.socket === covered) holder.socket = socket;
    });
  }
}
