import type { Application, Router } from "express";
import { type Gate, gateOf } from "./gates.js";
import { type Layer, stackOf, within } from "./layers.js";
import { samplesOf } from "./samples.js";
import { handleOf } from "./signs.js";
import { handlersOf, type Stop, walk } from "./walk.js";

/** Something at the end of a branch of the app's routers. */
export interface Leaf {
  /** What leads to the layer. */
  readonly mounts: readonly Layer[];
  readonly layer: Layer;
  /** Paths that lead to the layer. */
  readonly bases: readonly string[];
  /** Paths that reach it. */
  readonly paths: readonly string[];
}

/** Paths that lead to one layer and are tried. */
const MOST_BASES = 16;
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** A finished app with example paths of all that it serves. Nothing of it runs. */
export class Scene {
  readonly leaves: readonly Leaf[];
  readonly gates: readonly (Gate & { readonly leaf: Leaf })[];
  /** Example paths of every route. */
  readonly paths: readonly string[];
  readonly hasHead: boolean;
  readonly #stack: readonly Layer[];
  readonly #walks = new Map<string, readonly Stop[]>();

  constructor(app: Application | Router) {
    this.#stack = stackOf(app);
    const leaves: Leaf[] = [];
    collect(this.#stack, [""], leaves, [], []);
    this.leaves = leaves;
    this.gates = leaves.flatMap((leaf) =>
      handlesOf(leaf.layer).flatMap((handle) => {
        const gate = gateOf(handle);
        return gate ? [{ ...gate, leaf }] : [];
      }),
    );
    this.hasHead = leaves.some(({ layer }) => layer.route?.methods.head === true);
    this.paths = [...new Set(leaves.flatMap(({ layer, paths }) => (layer.route ? paths : [])))];
  }

  /** What a request for the path meets, in its order. */
  walk(method: string, path: string): readonly Stop[] {
    const key = `${method} ${path}`;
    let stops = this.#walks.get(key);
    if (!stops) {
      stops = walk(this.#stack, method, path);
      this.#walks.set(key, stops);
    }
    return stops;
  }
}

/** The methods that an entry of a table stands for; `HEAD` beside `GET` where the app has routes of its own for it. */
export function methodsOf(verb: string, scene?: Scene): readonly string[] {
  const methods = verb === "ALL" ? METHODS : [verb];
  return scene?.hasHead && methods.includes("GET") ? [...methods, "HEAD"] : methods;
}

/** @param around the routers that this one is in, in case one is in itself */
function collect(
  stack: readonly Layer[],
  bases: readonly string[],
  leaves: Leaf[],
  mounts: readonly Layer[],
  around: readonly (readonly Layer[])[],
): void {
  if (around.includes(stack)) return;
  for (const layer of stack) {
    const samples = samplesOf(layer).paths;
    const paths = bases.flatMap((base) => samples.map((sample) => join(base, sample)));
    const below = [...new Set(paths.map((path) => path.replace(/\/$/, "")))];
    const inner = within(layer);
    if (inner) collect(inner, below.slice(0, MOST_BASES), leaves, [...mounts, layer], [...around, stack]);
    else leaves.push({ mounts, layer, bases: layer.route ? bases : below, paths });
  }
}

function join(base: string, sample: string): string {
  if (sample === "" || sample === "/") return base === "" ? sample : base;
  return base + sample;
}

function handlesOf(layer: Layer): Layer["handle"][] {
  if (!layer.route) return [handleOf(layer)];
  const { route } = layer;
  return [...new Set(METHODS.flatMap((method) => handlersOf(route, method)))];
}
