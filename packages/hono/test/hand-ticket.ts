import type { Outcome, PricedRoute, Ticket } from "@turnpike/core/adapter";
import type { Context, MiddlewareHandler } from "hono";
import { admit } from "../src/lib/gate.js";

/** A ticket that remembers what it was told, and a gate that admits every request on it. */
export function handTicket(plan: { hold?: number; settle?: () => Promise<unknown> } = {}) {
  const outcomes: Outcome[] = [];
  const deliveries: boolean[] = [];
  const ticket: Ticket = {
    hold: plan.hold ?? 1 << 30,
    keep: 0,
    idle: 5000,
    signal: new AbortController().signal,
    conclude: async (outcome) => {
      outcomes.push(outcome);
      await plan.settle?.();
      return { type: "release", remove: [], set: [["x-receipt", "1"]] };
    },
    delivered: async (whole) => void deliveries.push(whole),
  };
  const route: PricedRoute<Context> = { admit: () => ({ type: "admit", ticket }) };
  const gate: MiddlewareHandler = (c, next) => admit(c, next, route, {});
  return { gate, outcomes, deliveries };
}

/** A gate that hands the beginning of each request's body on before it refuses or lets it through. */
export function peek(limit: number, seen: (bytes: Uint8Array | undefined) => void): MiddlewareHandler {
  const route: PricedRoute<Context> = {
    admit: async (request) => {
      seen(await request.body?.(limit));
      return { type: "pass" };
    },
  };
  return (c, next) => admit(c, next, route, {});
}
