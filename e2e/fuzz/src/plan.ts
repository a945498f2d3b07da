/** An app as data: what the generator makes, what every framework can build, and what is printed if a rule breaks. */
export interface Plan {
  readonly seed: number;
  readonly settings: Settings;
  /** Where the prices stand: a table at the root, the form that takes the app, or a table below a path. */
  readonly gate: "root" | "protect" | { readonly below: readonly string[] };
  readonly table: readonly Entry[];
  readonly root: Mount;
  /** Ahead of everything: the method or the path of a request is taken from its headers. */
  readonly rewrites: boolean;
  /** What has no route of its own goes there. */
  readonly fallback: Fallback | undefined;
}

export interface Settings {
  readonly caseSensitive: boolean;
  /** Express: `strict`; Hono: `strict`; Fastify: not `ignoreTrailingSlash`. */
  readonly strict: boolean;
  readonly ignoreDuplicateSlashes: boolean;
  readonly semicolons: boolean;
}

/** A router, a sub-app or a plugin below a prefix. */
export interface Mount {
  readonly prefix: readonly string[];
  /** A whole app where the framework can mount one; else a router. */
  readonly app: boolean;
  readonly caseSensitive: boolean;
  readonly routes: readonly Route[];
  readonly mounts: readonly Mount[];
}

export interface Route {
  readonly id: string;
  readonly method: Method;
  readonly path: Path;
  /** The route states its own price. */
  readonly paid: boolean;
}

export interface Entry {
  readonly method: Method;
  readonly path: Path;
  readonly price: "$0.01" | "free";
}

export interface Fallback {
  /** A file server, a middleware, a route for everything, or the handler of what is not found. */
  readonly kind: "files" | "middleware" | "wildcard" | "missing";
  readonly below: readonly string[];
  /** By which reading it finds what it serves: a place in the list of `resolvers`. */
  readonly resolver: number;
}

export type Method = "GET" | "POST" | "PUT" | "ALL";
export type Piece =
  | string
  | { readonly param: string; readonly digits: boolean; readonly optional: boolean }
  | { readonly rest: string };
export type Path = readonly Piece[];

/** A route with the prefixes around it. */
export interface Placed {
  readonly route: Route;
  readonly path: Path;
}

export function placedRoutes(mount: Mount, before: Path = []): Placed[] {
  const prefix = [...before, ...mount.prefix];
  return [
    ...mount.routes.map((route) => ({ route, path: [...prefix, ...route.path] })),
    ...mount.mounts.flatMap((inner) => placedRoutes(inner, prefix)),
  ];
}

/** What the seller means to sell. Only plain paths are judged here; what a spelling reaches is up to the framework. */
export class Intention {
  readonly #plan: Plan;
  readonly #routes: ReadonlyMap<string, Placed>;

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#routes = new Map(placedRoutes(plan.root).map((placed) => [placed.route.id, placed]));
  }

  /** Whether a run of this route under this method is to be paid. */
  sellsRoute(id: string, method: string): boolean {
    const placed = this.#routes.get(id);
    if (!placed) return false;
    return placed.route.paid || this.#isPriced(method, placed.path);
  }

  /** Whether what lies at this plain path is to be paid. A route that states its own price sells itself, not its path. */
  sellsPath(path: string, method: string): boolean {
    return this.#isPriced(method, piecesOf(path));
  }

  /** Whether an entry opens this path that is narrower than every one that asks a price for it. */
  opensPath(path: string, method: string): boolean {
    const pieces = piecesOf(path);
    const entries = this.#plan.table.filter((entry) => runsFor(entry.method, method) && covers(entry.path, pieces));
    const asking = entries.filter(({ price }) => price !== "free");
    return entries.some((open) => open.price === "free" && asking.every((entry) => covers(entry.path, open.path)));
  }

  #isPriced(method: string, path: Path): boolean {
    const entries = this.#plan.table.filter((entry) => runsFor(entry.method, method) && covers(entry.path, path));
    const exact = entries.find((entry) => isSame(entry.path, path));
    if (exact) return exact.price !== "free";
    return entries.some(({ price }) => price !== "free");
  }
}

/** A path without a segment is that of the root, which some resolvers call ".". */
const piecesOf = (path: string): string[] => path.split("/").filter((piece) => piece !== "" && piece !== ".");

function runsFor(listed: Method, method: string): boolean {
  return listed === "ALL" || listed === method || (listed === "GET" && method === "HEAD");
}

/** Whether every path of the second pattern is one of the first. */
export function covers(pattern: Path, path: Path): boolean {
  for (const [at, piece] of pattern.entries()) {
    if (typeof piece === "object" && "rest" in piece) return path.length > at;
    const other = path[at];
    if (other === undefined) return typeof piece === "object" && piece.optional;
    if (!coversPiece(piece, other)) return false;
  }
  return path.length === pattern.length;
}

function coversPiece(piece: Exclude<Piece, { rest: string }>, other: Piece): boolean {
  if (typeof piece === "string") return piece === other;
  if (typeof other === "string") return !piece.digits || /^\d+$/.test(other);
  if ("rest" in other || (other.optional && !piece.optional)) return false;
  return !piece.digits || other.digits;
}

const isSame = (one: Path, other: Path): boolean => JSON.stringify(one) === JSON.stringify(other);
