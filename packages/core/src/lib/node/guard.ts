import type { IncomingMessage, ServerResponse } from "node:http";
import { guardStream } from "../incoming/call-guard.js";
import { type BypassListener, ConnectionGuard, type Wire } from "../incoming/connection-guard.js";
import { takenOver } from "../incoming/taken-over.js";

/** What keeps a handler from writing around its held response. */
export interface Guard {
  /** The handler's response leaves. */
  lift(): void;
  /** Another response leaves in its place. */
  through(run: () => void): void;
}

const none: Guard = { lift: () => {}, through: (run) => run() };

/** Guards whatever carries a response while it is held: the HTTP/2 stream, or the connection. */
export function guardResponse(request: IncomingMessage, response: ServerResponse, listener: BypassListener): Guard {
  const { stream } = response as { stream?: Parameters<typeof guardStream>[0] };
  if (stream) return guardStream(stream, listener);
  const { socket } = response;
  if (socket) return typeof socket.write === "function" ? new ConnectionGuard(socket as Wire, listener) : none;
  return request.socket ? guardTurn(request, response, listener) : none;
}

/**
 * A request that waits for its turn on the connection, on which an earlier response is being written: its handler reaches
 * the connection through the request alone, and gets one that cannot be written to.
 */
function guardTurn(request: IncomingMessage, response: ServerResponse, listener: BypassListener): Guard {
  const { assignSocket } = response;
  let guard: Guard | undefined;
  let held = true;
  const refuse = () => {
    throw takenOver();
  };
  request.socket = new Proxy(request.socket, {
    get: (target, name) => {
      if (held && !response.socket && (name === "write" || name === "end")) return refuse;
      return Reflect.get(target, name);
    },
    set: (target, name, value) => Reflect.set(target, name, value),
  });
  response.assignSocket = (socket) => {
    response.assignSocket = assignSocket;
    if (held) guard = new ConnectionGuard(socket as Wire, listener);
    assignSocket.call(response, socket);
  };
  const lift = () => {
    held = false;
    guard?.lift();
  };
  return {
    lift,
    through: (run) => {
      if (guard) return guard.through(run);
      lift();
      run();
    },
  };
}
