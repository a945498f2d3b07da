import type { PricedPath, Segment } from "@turnpike/core/adapter";
import { type NextFunction, type Request, type Response, Router } from "express";
import { nativePaths } from "./path.js";

type Path = PricedPath<Request>;

/** The patterns that match one path, and their parameters. */
export interface Match {
  readonly paths: Path[];
  readonly params: Record<string, string>;
}

/** The patterns that begin with the same literal segments. */
interface Branch {
  readonly parent: Branch | undefined;
  readonly children: Map<string, Branch>;
  /** Those of which no further segment is a literal. */
  readonly own: Path[];
  /** Asks every pattern up to here; nothing if there is none. */
  router: Router | undefined | "unmade";
}

/**
 * Tells which patterns of a table match a path, by routers of the app's own Express. Each router has only those patterns
 * that begin with the literals that the path begins with: Express matches literals with the path as it was sent, in any
 * letter case, so no other pattern can match.
 */
export class Matcher {
  readonly #root = createBranch(undefined);

  constructor(paths: readonly Path[]) {
    for (const path of paths) {
      const branches = path.shapes.map((shape) => this.#branchOf(shape));
      for (const branch of new Set(branches)) branch.own.push(path);
    }
  }

  #branchOf(shape: readonly Segment[]): Branch {
    let branch = this.#root;
    for (const segment of shape) {
      if (segment.type !== "literal") break;
      let child = branch.children.get(segment.text);
      if (!child) {
        child = createBranch(branch);
        branch.children.set(segment.text, child);
      }
      branch = child;
    }
    return branch;
  }

  /** Throws if the path cannot be decoded. */
  match(path: string): Match | undefined {
    let branch = this.#root;
    let start = 1;
    while (branch.children.size > 0 && start <= path.length) {
      const slash = path.indexOf("/", start);
      const end = slash < 0 ? path.length : slash;
      const child = branch.children.get(path.slice(start, end).toLowerCase());
      if (!child) break;
      branch = child;
      start = end + 1;
    }
    if (branch.router === "unmade") branch.router = createRouter(branch);
    if (!branch.router) return undefined;
    const match = ask(branch.router, path);
    return match.paths.length > 0 ? match : undefined;
  }
}

function createBranch(parent: Branch | undefined): Branch {
  return { parent, children: new Map(), own: [], router: "unmade" };
}

/**
 * A router that notes every pattern that matches. Letter case and a slash at the end make no difference to it, whatever
 * the app's own setting: a price must not depend on a setting that only decides what else is served.
 */
function createRouter(branch: Branch): Router | undefined {
  const paths = new Set<Path>();
  for (let at: Branch | undefined = branch; at; at = at.parent) for (const path of at.own) paths.add(path);
  if (paths.size === 0) return undefined;
  const router = Router({ caseSensitive: false, strict: false });
  for (const path of paths) {
    router.all(nativePaths(path.native), (req, _res, next) => {
      const { match, params } = req as unknown as Question;
      match.paths.push(path);
      for (const [name, value] of Object.entries(params)) {
        if (value !== undefined) match.params[name] ??= Array.isArray(value) ? value.join("/") : value;
      }
      next();
    });
  }
  router.use((error: unknown, req: Request, _res: Response, _next: NextFunction) => {
    Object.assign(req, { answered: true, error });
  });
  router.use((req: Request, _res: Response, _next: NextFunction) => {
    Object.assign(req, { answered: true });
  });
  return router;
}

/** The request that asks a router which patterns match; as much of one as routers read. */
interface Question {
  readonly method: string;
  readonly url: string;
  readonly params: Record<string, string | string[]>;
  readonly match: Match;
  answered: boolean;
  error: unknown;
}

function ask(router: Router, path: string): Match {
  const match: Match = { paths: [], params: {} };
  const question: Question = { method: "GET", url: path, params: {}, match, answered: false, error: undefined };
  router(question as unknown as Request, {} as Response, () => {});
  if (question.error !== undefined) throw question.error;
  if (!question.answered) throw new Error(`Express did not report at once what matches ${path}`);
  return match;
}
