import { ConfigError } from "@turnpike/core";
import { faultReply, reportFault } from "@turnpike/core/adapter";
import type { Context, MiddlewareHandler } from "hono";
import { refuse } from "./gate.js";
import type { TableGate } from "./gates.js";

/** Finds what serves a priced path ahead of its gate. */
export interface Outpost {
  /** Stands ahead of everything else. */
  readonly handler: MiddlewareHandler;
  /** The request has met the gate. */
  meets(c: Context): void;
}

/**
 * What is ahead of a gate may refuse, redirect and pass on. A success of its own for a request that costs is replaced.
 */
export function createOutpost({ lookup, source }: Pick<TableGate, "lookup" | "source">): Outpost {
  const met = new WeakSet<Context>();
  let told = false;
  const handler: MiddlewareHandler = async (c, next) => {
    const { routeIndex } = c.req;
    await next();
    if (met.has(c) || !c.finalized || c.res.status >= 300) return;
    c.req.routeIndex = routeIndex;
    const found = lookup.find(c);
    if (found === undefined || found === "options") return;
    const path = `${c.req.method} ${c.req.path}`;
    const fault = new ConfigError([{ code: "gate_bypassed", path, message }]);
    if (!told) reportFault(source, fault);
    told = true;
    c.res.body?.cancel().catch(() => {});
    refuse(c, faultReply(fault));
  };
  return { handler, meets: (c) => void met.add(c) };
}

const message =
  'what comes before the paywall responded to a priced request. Register it after the paywall, or make what it serves free with "free" entries';
