import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import * as adapter from "@turnpike/hono";
import { type Context, Hono, type MiddlewareHandler, type Next } from "hono";
import { type Framework, type Parts, pathOf, writeTable } from "../build.js";
import type { Mount, Path, Plan } from "../plan.js";
import { resolveTarget } from "../resolvers.js";

type Protect = (app: Hono, ...rest: Parameters<typeof adapter.paywall>) => void;
const { protect } = adapter as { protect?: Protect };

export const honoFramework: Framework = {
  abilities: { protect: protect !== undefined, mounted: true, rewrites: false, passesOptions: false },
  write,
  async build(parts) {
    const { plan, tolls } = parts;
    const app = quietApp(plan);
    if (tolls) putGate(app, parts);
    fill(app, parts, plan.root, []);
    addFallback(app, parts);
    if (tolls) adapter.paywall.check(app);
    return { server: createAdaptorServer({ fetch: app.fetch }) as Server, close: async () => {} };
  },
};

function quietApp({ settings }: Plan): Hono {
  return new Hono({ strict: settings.strict }).onError((_error, c) => c.text("failed", 500));
}

function putGate(app: Hono, { plan, tolls }: Parts): void {
  if (!tolls) return;
  const table = writeTable(plan, write, false);
  if (plan.gate === "protect" && protect) protect(app, tolls, table);
  else if (typeof plan.gate === "object") app.use(`${write(plan.gate.below)}/*`, adapter.paywall(tolls, table));
  else app.use(adapter.paywall(tolls, table));
}

/** @param stripped segments that are taken off a path ahead of this app */
function fill(target: Hono, parts: Parts, mount: Mount, before: Path, stripped = 0): void {
  const prefix = [...before, ...mount.prefix];
  for (const { id, method, path, paid } of mount.routes) {
    const handlers: MiddlewareHandler[] = parts.tolls && paid ? [adapter.paid(parts.tolls, "$0.01")] : [];
    const serve = (c: Context) => {
      const params = { rest: c.req.path.split("/").slice(prefix.length - stripped + path.length), ...c.req.param() };
      parts.ran({ request: idOf(c), method: c.req.method, route: id, path: pathOf([...prefix, ...path], params) });
      return c.text("goods");
    };
    target.on(
      method === "ALL" ? ["GET", "POST", "PUT", "DELETE", "OPTIONS"] : [method],
      [write(path)],
      ...handlers,
      serve,
    );
  }
  for (const inner of mount.mounts) {
    const next = quietApp(parts.plan);
    fill(next, parts, inner, prefix, inner.app ? prefix.length + inner.prefix.length : stripped);
    if (inner.app) target.mount(write(inner.prefix), next.fetch);
    else target.route(write(inner.prefix), next);
  }
}

function addFallback(app: Hono, { plan, folder, ran }: Parts): void {
  const { fallback } = plan;
  if (!fallback) return;
  const base = fallback.below.length > 0 ? write(fallback.below) : "";
  const serve = async (c: Context, next?: Next) => {
    const path = resolveTarget(fallback.resolver, c.req.url);
    if (path === undefined) return next ? void (await next()) : c.text("none", 404);
    ran({ request: idOf(c), method: c.req.method, path });
    return c.text("goods");
  };
  if (fallback.kind === "files") {
    const rewriteRequestPath = (path: string) => path.slice(base.length);
    app.use(`${base}/*`, serveStatic({ root: folder, ...(base ? { rewriteRequestPath } : {}) }));
  } else if (fallback.kind === "wildcard") app.all(`${base}/*`, (c) => serve(c) as Promise<Response>);
  else if (fallback.kind === "middleware") app.use(`${base}/*`, serve as MiddlewareHandler);
  else app.notFound((c) => serve(c) as Promise<Response>);
}

const idOf = (c: Context): string => c.req.header("x-fuzz") ?? "";

function write(path: Path): string {
  let text = "";
  for (const piece of path) {
    if (typeof piece === "string") text += `/${piece}`;
    else if ("rest" in piece) text += "/*";
    else text += `/:${piece.param}${piece.digits ? "{[0-9]+}" : ""}${piece.optional ? "?" : ""}`;
  }
  return text || "/";
}
