import type { PricedRoute } from "../seam.js";
import { shared } from "../shared.js";
import type { OpenedPaywall } from "./paywall.js";

/** Engines whose own table is part of an app. */
const mounted = shared("turnpike.tables.mounted", () => new WeakSet<object>());

/** The engine's own table is part of an app from now on. */
export function mountOwnTable({ paywall }: OpenedPaywall): void {
  mounted.add(paywall);
}

/**
 * A route of an engine that has a table as well. If the table is in no app at the first request, everything that it prices is
 * free, and the log says so.
 */
export function besideOwnTable<Raw>(opened: OpenedPaywall, route: PricedRoute<Raw>): PricedRoute<Raw> {
  if (!opened.routes) return route;
  let checked = false;
  return {
    admit: (request) => {
      if (!checked && !mounted.has(opened.paywall)) {
        const entries = Object.keys(opened.routes ?? {}).join(", ");
        const message = `The \`routes\` of createPaywall are in no app, so they are not charged: ${entries}. Add the engine to the app as well, with protect(app, tolls)`;
        opened.reporter.warn(message, { code: "gate_missing" });
      }
      checked = true;
      return route.admit(request);
    },
  };
}
