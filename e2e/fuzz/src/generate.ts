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
  const root = makeMount(random, [], 0, createIds());
  const gate = makeGate(random, abilities);
  const fallback = random.chance(0.65) ? makeFallback(random) : undefined;
  return {
    seed,
    settings: { caseSensitive: flags(), strict: flags(), ignoreDuplicateSlashes: flags(), semicolons: flags() },
    gate,
    table: makeTable(random, root, gate),
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

function makeMount(random: Random, prefix: readonly string[], depth: number, id: () => string): Mount {
  const routes: Route[] = [];
  const wanted = 1 + random.below(depth === 0 ? 5 : 3);
  for (let n = 0; n < wanted; n++) {
    const path = makePath(random);
    const route = { id: id(), method: random.pick(methods), path, paid: random.chance(0.15) };
    if (!routes.some((other) => collide(other, route))) routes.push(route);
  }
  const mounts: Mount[] = [];
  for (const name of prefixes) {
    if (depth < 2 && random.chance(0.2)) mounts.push(makeMount(random, [name], depth + 1, id));
  }
  return { prefix, app: random.chance(0.3), caseSensitive: random.chance(0.3), routes, mounts };
}

/** Fastify refuses two routes of one shape; the names of parameters make no difference. */
function collide(one: Route, other: Route): boolean {
  const shape = ({ path }: Route) =>
    path.map((piece) => (typeof piece === "string" ? piece : "rest" in piece ? "*" : ":")).join("/");
  return shape(one) === shape(other);
}

function makePath(random: Random): Path {
  const path: Piece[] = [];
  const length = random.chance(0.05) ? 0 : 1 + random.below(3);
  for (let at = 0; at < length; at++) {
    const last = at === length - 1;
    const kind = random.next();
    if (kind < 0.6) path.push(random.pick(words));
    else if (kind < 0.88) {
      const digits = random.chance(0.2);
      path.push({ param: `p${at}`, digits, optional: last && !digits && at > 0 && random.chance(0.2) });
    } else if (last) path.push({ rest: "rest" });
    else path.push(random.pick(words));
  }
  return path;
}

function makeTable(random: Random, root: Mount, gate: Plan["gate"]): Entry[] {
  const entries: Entry[] = [];
  const add = (entry: Entry) => {
    const known = entries.some(({ method, path }) => method === entry.method && shapeOf(path) === shapeOf(entry.path));
    if (!known && entry.path.length > 0) entries.push(entry);
  };
  const below = typeof gate === "object" ? gate.below : [];
  for (const { route, path } of placedRoutes(root)) {
    if (route.paid || !isBelow(path, below)) continue;
    if (random.chance(0.45)) add({ method: route.method, path, price: random.chance(0.1) ? "free" : "$0.01" });
  }
  const section = below.length > 0 ? below : [random.pick(prefixes)];
  if (random.chance(0.5))
    add({ method: random.chance(0.7) ? "GET" : "ALL", path: [...section, { rest: "rest" }], price: "$0.01" });
  if (entries.every(({ price }) => price === "free")) {
    add({ method: "GET", path: [...section, { rest: "rest" }], price: "$0.01" });
  }
  return entries;
}

const shapeOf = (path: Path): string => path.map((piece) => (typeof piece === "string" ? piece : "*")).join("/");
const isBelow = (path: Path, below: readonly string[]): boolean => below.every((piece, at) => path[at] === piece);

function makeFallback(random: Random): Fallback {
  return {
    kind: random.pick(["files", "middleware", "wildcard", "missing"] as const),
    below: random.chance(0.2) ? [random.pick(prefixes)] : [],
    resolver: random.below(Object.keys(resolvers).length),
  };
}
