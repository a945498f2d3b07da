import {
  type Entry,
  type Fallback,
  type Method,
  type Mount,
  type Path,
  type Piece,
  type Plan,
  placedRoutes,
  type Route,
} from "./plan.js";
import { createRandom, type Random } from "./random.js";
import { resolvers } from "./resolvers.js";

export interface Abilities {
  /** The framework has a form that takes the app, or a plugin that is the same. */
  readonly protect: boolean;
  /** A table may stand below a path. */
  readonly mounted: boolean;
  readonly rewrites: boolean;
  /** `OPTIONS` of a priced path reaches middleware and what is not found. */
  readonly passesOptions: boolean;
  /** Parameters may be of digits only. @default false */
  readonly digits?: boolean;
  /** Patterns of a table may overlap. @default false */
  readonly overlaps?: boolean;
}

const words = [
  "premium",
  "docs",
  "api",
  "v1",
  "API",
  "report.html",
  "a.b",
  "é",
  "a b",
  "x",
  "items",
  "data-1",
  "index.html",
];
const prefixes = ["premium", "api", "v1", "Shop", "docs"];
const methods: readonly Method[] = ["GET", "GET", "GET", "POST", "ALL", "PUT"];

/** A random app. The same seed makes the same app. */
export function generatePlan(seed: number, abilities: Abilities): Plan {
  const random = createRandom(seed);
  const flags = () => random.chance(0.3);
  const gate = makeGate(random, abilities);
  const fallback = random.chance(0.65) ? makeFallback(random, gate) : undefined;
  // What serves anything passes by a price that stands on a route, and the check says so.
  const maker = { random, id: createIds(), paid: fallback ? 0.08 : 0.3, digits: abilities.digits ? 0.2 : 0 };
  const root = makeMount(maker, [], 0);
  return {
    seed,
    settings: { caseSensitive: flags(), strict: flags(), ignoreDuplicateSlashes: flags(), semicolons: flags() },
    gate,
    table: makeTable(random, root, gate, fallback, abilities.overlaps === true),
    root,
    rewrites: abilities.rewrites && random.chance(0.15),
    fallback,
  };
}

function makeGate(random: Random, { protect, mounted }: Abilities): Plan["gate"] {
  if (mounted && random.chance(0.15)) return { below: [random.pick(prefixes)] };
  return protect && random.chance(0.5) ? "protect" : "root";
}

function createIds(): () => string {
  let next = 0;
  return () => `r${next++}`;
}

interface Maker {
  readonly random: Random;
  id(): string;
  /** How many of the routes state a price, and how many of the parameters are numbers. */
  readonly paid: number;
  readonly digits: number;
}

function makeMount(maker: Maker, prefix: readonly string[], depth: number): Mount {
  const { random } = maker;
  const routes: Route[] = [];
  const wanted = 1 + random.below(depth === 0 ? 5 : 3);
  for (let n = 0; n < wanted; n++) {
    const path = makePath(maker);
    const route = { id: maker.id(), method: random.pick(methods), path, paid: random.chance(maker.paid) };
    if (!routes.some((other) => collide(other, route))) routes.push(route);
  }
  const mounts: Mount[] = [];
  for (const name of prefixes) {
    if (depth < 2 && random.chance(0.2)) mounts.push(makeMount(maker, [name], depth + 1));
  }
  return { prefix, app: random.chance(0.3), caseSensitive: random.chance(0.3), routes, mounts };
}

/** Fastify refuses two routes of one shape; the names of parameters make no difference. */
function collide(one: Route, other: Route): boolean {
  const shape = ({ path }: Route) =>
    path.map((piece) => (typeof piece === "string" ? piece : "rest" in piece ? "*" : ":")).join("/");
  return shape(one) === shape(other);
}

function makePath({ random, digits: numbers }: Maker): Path {
  const path: Piece[] = [];
  const length = random.chance(0.05) ? 0 : 1 + random.below(3);
  for (let at = 0; at < length; at++) {
    const last = at === length - 1;
    const kind = random.next();
    if (kind < 0.6) path.push(random.pick(words));
    else if (kind < 0.88) {
      const digits = random.chance(numbers);
      path.push({ param: `p${at}`, digits, optional: last && !digits && at > 0 && random.chance(0.2) });
    } else if (last) path.push({ rest: "rest" });
    else path.push(random.pick(words));
  }
  return path;
}

function makeTable(
  random: Random,
  root: Mount,
  gate: Plan["gate"],
  fallback: Fallback | undefined,
  overlaps: boolean,
): Entry[] {
  const entries: Entry[] = [];
  const add = (entry: Entry) => {
    const clashes = entries.some((known) =>
      overlaps ? known.method === entry.method && isAlike(known.path, entry.path) : clash(known, entry),
    );
    if (!clashes && entry.path.length > 0) entries.push(entry);
  };
  const below = typeof gate === "object" ? gate.below : [];
  const sections = sectionsOf(root, fallback).filter((section) => isBelow(section, below));
  const addSection = () => {
    const method = random.chance(0.7) ? "GET" : "ALL";
    add({ method, path: [...random.pick(sections), { rest: "rest" }], price: "$0.01" });
  };
  if (sections.length > 0 && random.chance(0.4)) addSection();
  for (const { route, path } of placedRoutes(root)) {
    if (route.paid || !isBelow(path, below)) continue;
    if (random.chance(0.45)) add({ method: route.method, path, price: random.chance(0.1) ? "free" : "$0.01" });
  }
  if (sections.length > 0 && random.chance(0.2)) addSection();
  if (entries.every(({ price }) => price === "free")) {
    const sold = placedRoutes(root).find(({ route, path }) => !route.paid && path.length > 0 && isBelow(path, below));
    entries.length = 0;
    if (sold) add({ method: sold.route.method, path: sold.path, price: "$0.01" });
    else
      add({
        method: "GET",
        path: [...below, ...(below.length > 0 ? [] : [prefixes[0] as string]), { rest: "rest" }],
        price: "$0.01",
      });
  }
  return entries;
}

/** What can have a price as a whole: what routers and catch-alls stand below. */
function sectionsOf(root: Mount, fallback: Fallback | undefined): Path[] {
  const served = (mount: Mount, before: Path): Path[] =>
    mount.mounts.flatMap((inner) => {
      const path = [...before, ...inner.prefix];
      const reads = inner.routes.some(({ method }) => method === "GET" || method === "ALL");
      return [...(reads ? [path] : []), ...served(inner, path)];
    });
  const caught = fallback && fallback.kind !== "missing" ? [fallback.below] : [];
  return [...served(root, []), ...caught.filter(({ length }) => length > 0)];
}

/** Whether one request could have both prices. */
function clash(one: Entry, other: Entry): boolean {
  const both = one.method === other.method || one.method === "ALL" || other.method === "ALL";
  return both && meet(one.path, other.path);
}

function meet(one: Path, other: Path): boolean {
  const [first, second] = [one[0], other[0]];
  if ((typeof first === "object" && "rest" in first) || (typeof second === "object" && "rest" in second)) return true;
  if (first === undefined || second === undefined) {
    const left = first ?? second;
    return left === undefined || (typeof left === "object" && left.optional);
  }
  const differ =
    typeof first === "string" && typeof second === "string" && first.toLowerCase() !== second.toLowerCase();
  return !differ && meet(one.slice(1), other.slice(1));
}

const shapeOf = (path: Path): string => path.map((piece) => (typeof piece === "string" ? piece : "*")).join("/");
const isAlike = (one: Path, other: Path): boolean => shapeOf(one) === shapeOf(other);
const isBelow = (path: Path, below: readonly string[]): boolean => below.every((piece, at) => path[at] === piece);

function makeFallback(random: Random, gate: Plan["gate"]): Fallback {
  const free = random.chance(0.2) ? [random.pick(prefixes)] : [];
  return {
    kind: random.pick(["files", "middleware", "wildcard", "missing"] as const),
    // Outside the path of a gate it would pass the gate by, and the check says so.
    below: typeof gate === "object" && random.chance(0.8) ? gate.below : free,
    resolver: random.below(Object.keys(resolvers).length),
  };
}
