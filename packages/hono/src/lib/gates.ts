import { type AnySource, type Paywall, type PricedRoute, shared, type Table } from "@turnpike/core/adapter";
import type { Context, Hono, MiddlewareHandler } from "hono";
import { findTargetHandler } from "hono/utils/handler";
import type { Lookup } from "./lookup.js";

/** Something that is registered in an app: a middleware or a handler, with the path that it is below. */
export type AppRoute = Hono["routes"][number];

/** A middleware of ours, as the check of an app knows it. */
export type Gate = TableGate | PaidGate;

interface Common {
  readonly handler: MiddlewareHandler;
  /** What it was made of: where faults are reported. */
  readonly source: AnySource<Context>;
  readonly engine: Paywall;
}

export interface TableGate extends Common {
  readonly type: "table";
  readonly table: Table<Context>;
  readonly lookup: Lookup;
}

export interface PaidGate extends Common {
  readonly type: "paid";
  readonly route: PricedRoute<Context>;
}

const gates = shared("turnpike.hono.gates", () => new WeakMap<object, Gate>());
/** Tables that no app has been seen with; with the app that misses one, once that is known. */
const unseen = shared("turnpike.hono.unseen", () => new Map<WeakRef<TableGate>, WeakRef<object> | undefined>());

export function rememberGate(gate: Gate): void {
  gates.set(gate.handler, gate);
  if (gate.type === "paid") return;
  for (const other of unseen.keys()) if (!other.deref()) unseen.delete(other);
  unseen.set(new WeakRef(gate), undefined);
}

/** Sub-apps with an error handler of their own wrap what is registered in them. */
export function gateOf({ handler }: AppRoute): Gate | undefined {
  return gates.get(findTargetHandler(handler));
}

/** It is in an app, or has been asked by one. */
export function sawGate(gate: Gate): void {
  for (const other of unseen.keys()) if (other.deref()?.handler === gate.handler) unseen.delete(other);
}

/**
 * Tables that were made and never given to an app, as far as is known, and that no other app misses.
 * @param misses whether this app serves free what the table prices
 */
export function missingTables(app: object, misses: (gate: TableGate) => boolean): TableGate[] {
  return [...unseen].flatMap(([reference, owner]) => {
    const gate = reference.deref();
    const other = owner?.deref();
    if (!gate || (other && other !== app) || !misses(gate)) return [];
    unseen.set(reference, new WeakRef(app));
    return [gate];
  });
}

/** What a gate says to a request: it asks a price or refuses, a `"free"` entry lets it by, or it has nothing to say. */
export type Ruling = { readonly type: "closed"; readonly route?: PricedRoute<Context> } | { readonly type: "free" };

/** What something registered says to a request for a path, among all that the request meets. */
export function rulingOf(
  place: AppRoute,
  method: string,
  path: string,
  stops: readonly AppRoute[],
): Ruling | undefined {
  const gate = gateOf(place);
  if (!gate) return undefined;
  if (gate.type === "paid") return { type: "closed", route: gate.route };
  const { found, matched } = gate.lookup.at(place, method, path, stops);
  if (found === "options") return { type: "closed" };
  if (found) return { type: "closed", route: found };
  return matched.length > 0 ? { type: "free" } : undefined;
}
