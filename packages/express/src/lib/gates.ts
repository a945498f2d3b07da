import { type AnySource, type Paywall, type PricedPath, type PricedRoute, shared } from "@turnpike/core/adapter";
import type { Request, RequestHandler } from "express";
import type { Lookup } from "./lookup.js";
import { brand } from "./signs.js";
import type { Stop } from "./walk.js";

/** A middleware of ours, as the check of an app knows it. */
export type Gate = TableGate | PaidGate;

interface Common {
  readonly handler: RequestHandler;
  /** What it was made of: where faults are reported. */
  readonly source: AnySource<Request>;
  readonly engine: Paywall;
}

export interface TableGate extends Common {
  readonly type: "table";
  readonly paths: readonly PricedPath<Request>[];
  readonly lookup: Lookup;
}

export interface PaidGate extends Common {
  readonly type: "paid";
  readonly route: PricedRoute<Request>;
}

const gates = shared("turnpike.express.gates", () => new WeakMap<object, Gate>());
/** Tables that no app has been seen with; with the app that misses one, once that is known. */
const unseen = shared("turnpike.express.unseen", () => new Map<WeakRef<TableGate>, WeakRef<object> | undefined>());

export function rememberGate(gate: Gate): void {
  gates.set(brand(gate.handler), gate);
  if (gate.type === "paid") return;
  for (const other of unseen.keys()) if (!other.deref()) unseen.delete(other);
  unseen.set(new WeakRef(gate), undefined);
}

export function gateOf(handler: object): Gate | undefined {
  return gates.get(handler);
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

/** What a stop says to a request: it asks a price or refuses, a `"free"` entry lets it by, or it has nothing to say. */
export type Ruling = { readonly type: "closed"; readonly route?: PricedRoute<Request> } | { readonly type: "free" };

export function rulingOf(stop: Stop, method: string): Ruling | undefined {
  const gate = gates.get(stop.handle);
  if (!gate) return undefined;
  if (gate.type === "paid") return { type: "closed", route: gate.route };
  const verdict = gate.lookup.find(stop.path, method);
  if (verdict.type === "priced") return { type: "closed", route: verdict.route };
  if (verdict.type !== "free") return { type: "closed" };
  return gate.lookup.matching(stop.path).length > 0 ? { type: "free" } : undefined;
}
