import * as adapter from "@turnpike/fastify";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { type Framework, type Parts, pathOf, writeTable } from "../build.js";
import type { Mount, Path, Plan } from "../plan.js";
import { resolveTarget } from "../resolvers.js";

export const fastifyFramework: Framework = {
  abilities: { protect: true, mounted: false, rewrites: false, passesOptions: true },
  write,
  async build(parts) {
    const { plan, tolls } = parts;
    const app = quietApp(plan);
    const routes = writeTable(plan, write, false);
    const gate = () => tolls && app.register(adapter.paywall, { tolls, routes });
    const late = plan.gate === "protect";
    if (!late) gate();
    app.register(async (scope) => fill(scope, parts, plan.root, []));
    addFallback(app, parts);
    if (late) gate();
    try {
      await app.ready();
    } catch (error) {
      await app.close();
      throw error;
    }
    return { server: app.server, close: () => app.close() };
  },
};

function quietApp({ settings }: Plan): FastifyInstance {
  const { caseSensitive, strict, ignoreDuplicateSlashes, semicolons } = settings;
  const routerOptions = {
    caseSensitive,
    ignoreTrailingSlash: !strict,
    ignoreDuplicateSlashes,
    ...({ useSemicolonDelimiter: semicolons } as object),
  };
  return fastify({ forceCloseConnections: true, routerOptions });
}

function fill(target: FastifyInstance, parts: Parts, mount: Mount, before: Path): void {
  const prefix = [...before, ...mount.prefix];
  for (const { id, method, path, paid } of mount.routes) {
    const handler = async (request: FastifyRequest, reply: FastifyReply) => {
      const params = { ...(request.params as object) };
      parts.ran({
        request: idOf(request),
        method: request.method,
        route: id,
        path: pathOf([...prefix, ...path], params),
      });
      return reply.send("goods");
    };
    const own = parts.tolls && paid ? adapter.paid(parts.tolls, "$0.01") : {};
    target.route({
      ...own,
      method: method === "ALL" ? target.supportedMethods : method,
      url: write(path),
      handler,
    } as never);
  }
  for (const inner of mount.mounts) {
    target.register(async (scope) => fill(scope, parts, inner, prefix), { prefix: write(inner.prefix) });
  }
}

function addFallback(app: FastifyInstance, { plan, ran }: Parts): void {
  const { fallback } = plan;
  if (!fallback) return;
  const serve = async (request: FastifyRequest, reply: FastifyReply) => {
    const path = resolveTarget(fallback.resolver, request.raw.url ?? "");
    if (path === undefined) return reply.code(404).send("none");
    ran({ request: idOf(request), method: request.method, path });
    return reply.code(200).send("goods");
  };
  const base = fallback.below.length > 0 ? write(fallback.below) : "";
  if (fallback.kind === "wildcard") app.get(`${base}/*`, serve);
  else if (fallback.kind === "middleware") app.all(`${base}/*`, serve);
  else if (base) app.register(async (scope) => void scope.setNotFoundHandler(serve), { prefix: base });
  else app.setNotFoundHandler(serve);
}

const idOf = ({ headers }: FastifyRequest): string => String(headers["x-fuzz"] ?? "");

function write(path: Path): string {
  let text = "";
  for (const piece of path) {
    if (typeof piece === "string") text += `/${piece}`;
    else if ("rest" in piece) text += "/*";
    else text += `/:${piece.param}${piece.digits ? "(^\\d+$)" : ""}${piece.optional ? "?" : ""}`;
  }
  return text || "/";
}
