import { createServer } from "node:http";
import * as adapter from "@turnpike/express";
import express, {
  type Express,
  type NextFunction,
  type Request,
  type RequestHandler,
  type Response,
  Router,
} from "express";
import { type Framework, type Parts, pathOf, writeTable } from "../build.js";
import type { Mount, Path, Plan } from "../plan.js";
import { resolveTarget } from "../resolvers.js";

/** Express 4 has a method that 5 left out. */
const four = "del" in express.application;
const verbs = { GET: "get", POST: "post", PUT: "put", ALL: "all" } as const;

export const expressFramework: Framework = {
  abilities: { protect: true, mounted: true, rewrites: true, passesOptions: true },
  write,
  async build(parts) {
    const { plan, tolls } = parts;
    const app = quietApp(plan);
    if (plan.rewrites) app.use(rewrite);
    const late = plan.seed % 2 === 0;
    if (tolls && !(late && plan.gate === "protect")) putGate(app, parts);
    fill(app, parts, plan.root, []);
    addFallback(app, parts);
    if (tolls && late && plan.gate === "protect") putGate(app, parts);
    if (tolls) adapter.paywall.check(app);
    return { server: createServer(app), close: async () => {} };
  },
};

function quietApp({ settings }: Plan): Express {
  const app = express();
  app.set("env", "test");
  app.set("case sensitive routing", settings.caseSensitive);
  app.set("strict routing", settings.strict);
  return app;
}

function putGate(app: Express, { plan, tolls }: Parts): void {
  if (!tolls) return;
  const table = writeTable(plan, write, true);
  if (plan.gate === "protect") adapter.protect(app, tolls, table);
  else if (plan.gate === "root") app.use(adapter.paywall(tolls, table));
  else app.use(write(plan.gate.below), adapter.paywall(tolls, table));
}

function fill(target: Express | Router, parts: Parts, mount: Mount, before: Path): void {
  const prefix = [...before, ...mount.prefix];
  for (const { id, method, path, paid } of mount.routes) {
    const handlers: RequestHandler[] = parts.tolls && paid ? [adapter.paid(parts.tolls, "$0.01")] : [];
    handlers.push((req, res) => {
      parts.ran({ request: idOf(req), method: req.method, route: id, path: pathOf([...prefix, ...path], req.params) });
      res.send("goods");
    });
    (target as Router)[verbs[method]](write(path), handlers);
  }
  for (const inner of mount.mounts) {
    const { caseSensitive } = inner;
    const next = inner.app ? quietApp(parts.plan) : Router({ caseSensitive, strict: parts.plan.settings.strict });
    fill(next, parts, inner, prefix);
    (target as Router).use(write(inner.prefix), next as Router);
  }
}

function addFallback(app: Express, { plan, folder, ran }: Parts): void {
  const { fallback } = plan;
  if (!fallback) return;
  const base = write(fallback.below);
  if (fallback.kind === "files") {
    app.use(base, express.static(folder, { extensions: ["html"] }));
    return;
  }
  const serve = (req: Request, res: Response, next: NextFunction) => {
    // Below a mount Express leaves the authority of an absolute target in front of what is left of its path.
    const below = req.baseUrl ? req.url.replace(/^[a-z]+:\/\/[^/]*/i, "") : req.url;
    const path = resolveTarget(fallback.resolver, req.baseUrl + below);
    if (path === undefined) return next();
    ran({ request: idOf(req), method: req.method, path });
    res.send("goods");
  };
  if (fallback.kind === "wildcard") app.all(write([...fallback.below, { rest: "rest" }]), serve);
  else app.use(base, serve);
}

/** Ahead of the paywall, where its docs want it. */
function rewrite(req: Request, _res: Response, next: NextFunction): void {
  const method = req.get("x-http-method-override");
  const url = req.get("x-rewrite-url");
  if (method) req.method = method.toUpperCase();
  if (url?.startsWith("/")) req.url = url;
  next();
}

const idOf = (req: Request): string => req.get("x-fuzz") ?? "";

function write(path: Path): string {
  let text = "";
  for (const piece of path) {
    if (typeof piece === "string") text += `/${encodeURI(piece)}`;
    else if ("rest" in piece) text += four ? "/*" : `/*${piece.rest}`;
    else if (piece.optional) text += four ? `/:${piece.param}?` : `{/:${piece.param}}`;
    else text += `/:${piece.param}`;
  }
  return text || "/";
}
