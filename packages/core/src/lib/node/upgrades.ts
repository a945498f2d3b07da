import { type IncomingMessage, ServerResponse } from "node:http";
import type { Server } from "node:net";
import { ConnectionGuard, type Wire } from "../incoming/connection-guard.js";
import type { Reply } from "../seam.js";
import { shared } from "../shared.js";
import { writeReply } from "./reply.js";

/** What to send in place of a success that no gate has let through, if the request costs. */
type Refusal = (request: IncomingMessage) => Reply | undefined;

const admitted = shared("turnpike.node.admitted", () => new WeakSet<IncomingMessage>());
const watched = shared("turnpike.node.watched", () => new WeakMap<Server, Set<Refusal>>());

/** A gate has let the request through. */
export function noteAdmitted(request: IncomingMessage): void {
  admitted.add(request);
}

/**
 * Sees every request of a server before all its listeners, whenever they were added.
 * @param look also gets the response
 */
export function watchRequests(
  server: Server,
  look: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  ahead(server, ["request", "checkContinue", "checkExpectation"], (args) =>
    look(...(args as [IncomingMessage, ServerResponse])),
  );
}

/**
 * Watches the events `upgrade` and `connect` of a server, which bypass middleware. Proxies add listeners there, and may
 * relay requests that are not upgrades. A successful response to a priced request that passed no gate is replaced;
 * refusals and redirects are sent.
 */
export function watchUpgrades(server: Server, refusal: Refusal): void {
  const refusals = watched.get(server);
  if (refusals) {
    refusals.add(refusal);
    return;
  }
  const all = new Set([refusal]);
  watched.set(server, all);
  ahead(server, ["upgrade", "connect"], (args) => {
    const [request, socket] = args as [IncomingMessage, IncomingMessage["socket"]];
    guard(request, socket, all);
  });
}

function ahead(server: Server, events: readonly unknown[], look: (args: readonly unknown[]) => void): void {
  const { emit } = server;
  server.emit = function (event: string, ...args: unknown[]) {
    if (events.includes(event)) look(args);
    return Reflect.apply(emit, this, [event, ...args]);
  };
}

function guard(request: IncomingMessage, socket: IncomingMessage["socket"], refusals: ReadonlySet<Refusal>): void {
  const replies = () => {
    for (const refusal of refusals) {
      const reply = refusal(request);
      if (reply) return reply;
    }
    return undefined;
  };
  const wire = new ConnectionGuard(socket as unknown as Wire, {
    bypassed: (status) => {
      if (admitted.has(request) || status >= 300) return "now";
      const reply = replies();
      if (!reply) return "now";
      // At once: whatever is writing may end the connection right after.
      wire.through(() => send(request, socket, reply));
      return undefined;
    },
    departed: () => {},
  });
}

function send(request: IncomingMessage, socket: IncomingMessage["socket"], reply: Reply): void {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket);
  writeReply(response, reply, request.method);
  socket.destroySoon();
}
