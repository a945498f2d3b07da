import type { IncomingMessage, ServerResponse } from "node:http";

type Method = (...args: unknown[]) => unknown;

/** What an HTTP/2 stream tells of itself. */
interface Stream {
  readonly closed: boolean;
  readonly writableFinished: boolean;
  readonly session?: { readonly destroyed: boolean };
}

/** Milliseconds that a response has to leave once something would cut it off. */
const PATIENCE = 30_000;

/** By what code behind the gate cuts a connection off. */
const cuts = new Set<string | symbol>(["destroy", "destroySoon", "resetAndDestroy", "end"]);

/**
 * Lets a response leave that its handler has ended, though code behind the gate then cuts it off, as an error does that
 * comes late: the payment may be settled already. What that code calls waits until the response has left, or its client.
 * The connection itself is not touched, so a server that closes, a time limit and the client act at once. A client that
 * reads slowly holds nothing for ever: what was called happens in the end, once the response is decided.
 * @param ended whether the handler has ended its response
 * @param decided whether the response may leave
 * @returns to be called when the response has left, or cannot
 */
export function letLeave(
  request: IncomingMessage,
  response: ServerResponse,
  ended: () => boolean,
  decided: () => boolean,
): () => void {
  const undo: (() => void)[] = [];
  let late: (() => void) | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let over = false;
  const letGo = () => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    for (const one of undo.reverse()) one();
    late?.();
  };
  const watch = () => {
    timer = setTimeout(() => (decided() ? letGo() : watch()), PATIENCE);
    timer.unref();
  };
  const waits = (call: () => void): boolean => {
    if (over || !ended()) return false;
    if (!late) watch();
    late ??= call;
    return true;
  };
  const cover = (target: object, name: string, waiting: (call: () => void, args: readonly unknown[]) => boolean) => {
    const theirs = Reflect.get(target, name) as Method;
    const ours: Method = (...args) => {
      const call = () => Reflect.apply(theirs, target, args);
      return waiting(call, args) ? target : call();
    };
    Reflect.set(target, name, ours);
    undo.push(() => {
      if (Reflect.get(target, name) === ours) Reflect.set(target, name, theirs);
    });
  };
  // Code behind the gate meets another socket than the server has.
  const coverSocket = (holder: { socket: object | null }, socket: object) => {
    const covered = new Proxy(socket, {
      get: (target, name) => {
        const theirs: unknown = Reflect.get(target, name);
        if (!cuts.has(name) || typeof theirs !== "function") return theirs;
        return (...args: unknown[]) => {
          // Nothing can be written behind a response that has been ended.
          const call = () => Reflect.apply(theirs, target, name === "end" ? [] : args);
          return waits(call) ? covered : Reflect.apply(theirs, target, args);
        };
      },
      set: (target, name, value) => Reflect.set(target, name, value),
    });
    holder.socket = covered;
    undo.push(() => {
      if (holder.socket === covered) holder.socket = socket;
    });
  };
  const { stream } = response as { stream?: Stream };
  if (stream) {
    const leaves = () => !stream.closed && !stream.writableFinished && stream.session?.destroyed === false;
    for (const name of ["destroy", "close"]) cover(stream, name, (call) => leaves() && waits(call));
    cover(response, "destroy", waits);
  } else {
    const { socket } = request;
    // By the time that the response has left, it has let go of its connection.
    cover(response, "destroy", (_, [error]) => waits(() => socket.destroy(error as Error | undefined)));
    coverSocket(request, socket);
    if (response.socket) coverSocket(response, response.socket);
  }
  return letGo;
}
