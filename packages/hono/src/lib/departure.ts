import type { Ticket } from "@turnpike/core/adapter";
import {
  type Connection,
  guardNode,
  type HoldOptions,
  type Outgoing,
  watchDeparture,
  watchUpgrade,
} from "@turnpike/core/fetch";
import type { Context } from "hono";

/** What Hono's server for Node hands to an app as its environment. */
interface NodeEnvironment {
  readonly outgoing?: Outgoing;
  readonly incoming?: { readonly socket: Connection };
}

/** How the runtime tells that a response left, and how it is kept alive until that is written down. */
export function departureOf(c: Context): Pick<HoldOptions, "watch" | "waitUntil"> {
  const { outgoing, incoming } = (c.env ?? {}) as NodeEnvironment;
  if (typeof outgoing?.once === "function") {
    return {
      watch: (response, report) =>
        watchDeparture(outgoing, incoming?.socket, (left) => report(left && isSent(response, c, outgoing))),
    };
  }
  const context = executionOf(c);
  return typeof context?.waitUntil === "function" ? { waitUntil: (promise) => context.waitUntil(promise) } : {};
}

/** On Node, whether the request came by the server's own path for upgrades; elsewhere the runtime knows. */
export function upgradesOf(c: Context): boolean | undefined {
  const { outgoing, incoming } = (c.env ?? {}) as NodeEnvironment;
  return incoming?.socket ? outgoing === undefined : undefined;
}

/** What keeps a response from leaving around what is held; on Node, where a handler finds the server's own objects. */
export function aroundOf(
  c: Context,
  ticket: Ticket,
  detached: boolean,
): Pick<HoldOptions, "detached" | "upgrade" | "lift" | "failure" | "overtaken"> {
  const { outgoing, incoming } = (c.env ?? {}) as NodeEnvironment;
  if (detached) return { detached, ...(incoming?.socket && { upgrade: watchUpgrade(incoming.socket) }) };
  // What has settled already, or has nothing to settle, may leave as it likes.
  if (typeof outgoing?.once !== "function" || !ticket.payment || ticket.payment.receipt) return {};
  return guardNode(outgoing, incoming?.socket);
}

/** Whether the response that left was this one. Middleware around the paywall may have wrapped its body, or replaced it. */
function isSent(response: Response, c: Context, outgoing: Outgoing): boolean {
  if (outgoing.statusCode !== response.status) return false;
  return c.res === response || response.body === null || response.bodyUsed;
}

/** Hono throws where there is none. */
function executionOf(c: Context): Context["executionCtx"] | undefined {
  try {
    return c.executionCtx;
  } catch {
    return undefined;
  }
}
