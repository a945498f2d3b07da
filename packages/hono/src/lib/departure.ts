import { type Connection, type HoldOptions, type Outgoing, watchDeparture } from "@turnpike/core/fetch";
import type { Context } from "hono";

/** What Hono's server for Node hands to an app as its environment. */
interface NodeEnvironment {
  readonly outgoing?: Outgoing;
  readonly incoming?: { readonly socket: Connection };
}

/** How one learns, where the app runs, that an answer left; and how the runtime is kept until that is written down. */
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

/** Whether the answer that left was this one. Middleware around the paywall may have wrapped its body, or replaced it. */
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
