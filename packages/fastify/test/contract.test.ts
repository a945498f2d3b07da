import { readFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import { Readable } from "node:stream";
import {
  type Fallback,
  type Path,
  type Stage,
  type StageAnswer,
  type StageRoute,
  testAdapter,
} from "@turnpike/testing/adapters";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify, type HTTPMethods } from "fastify";
import paywall from "../src/index.js";

const writePath = (path: Path): string =>
  path.map((part) => (typeof part === "string" ? `/${part}` : "param" in part ? `/:${part.param}` : "/*")).join("");

function send(reply: FastifyReply, { status, headers, body }: StageAnswer): FastifyReply {
  reply.code(status);
  for (const [name, value] of headers) reply.header(name, value);
  if (body === undefined || typeof body === "string") return reply.send(body);
  return reply.send(body instanceof Uint8Array ? Buffer.from(body) : Readable.from(body));
}

const handle = (route: StageRoute) => async (request: FastifyRequest, reply: FastifyReply) => {
  if (route.raw) {
    reply.hijack();
    return route.runNode(request.raw, reply.raw);
  }
  const { method, url, payment, body } = request;
  const params = request.params as Record<string, string>;
  const plain = typeof body === "string" || Buffer.isBuffer(body);
  const text = async () => (plain ? String(body) : JSON.stringify(body));
  return send(reply, await route.run({ method, url, params, payment, text }));
};

/** Declares a route below its prefixes, each of which is a plugin of its own. */
function place(app: FastifyInstance, route: StageRoute, stage: Stage, [base, ...rest] = route.mount): void {
  if (base) {
    app.register(async (plugin) => place(plugin, route, stage, rest), { prefix: writePath(base) });
    return;
  }
  const config = route.paid === undefined || stage.unprotected ? {} : { config: { paywall: route.paid } };
  const method = route.method === "ALL" ? (app.supportedMethods as HTTPMethods[]) : (route.method as HTTPMethods);
  app.route({ method, url: writePath(route.path), handler: handle(route), ...config });
}

/** As a file server reads a path: decoded, resolved, with an index and other names of the same file. */
function serveFiles(app: FastifyInstance, folder: string): void {
  app.get("/*", async (request, reply) => {
    const path = join(folder, normalize(`/${decodeURIComponent((request.params as { "*": string })["*"])}`));
    for (const name of [path, `${path}.html`, join(path, "index.html")]) {
      const bytes = await readFile(name).catch(() => undefined);
      if (bytes) return reply.type("text/plain").send(bytes);
    }
    return reply.callNotFound();
  });
}

function addFallback(app: FastifyInstance, { kind, folder = ".", run }: Fallback): void {
  const serve = async (request: FastifyRequest, reply: FastifyReply) => {
    const { method, url, body } = request;
    return send(reply, await run({ method, url, params: {}, text: async () => String(body) }));
  };
  if (kind === "files") serveFiles(app, folder);
  else if (kind === "not-found") app.setNotFoundHandler(serve);
  else app.all("/*", serve);
}

/** Where Fastify's paywall stands makes no difference, so every place is taken as it is written. */
function addGate(app: FastifyInstance, stage: Stage): void {
  const routes = stage.table(writePath);
  const priced = Object.keys(routes).length > 0 || stage.routes.some(({ paid: own }) => own !== undefined);
  if (stage.unprotected || stage.gate === "never" || !priced) return;
  const add = (to: FastifyInstance) => void to.register(paywall, { ...stage.config, routes });
  for (let times = stage.twice ? 2 : 1; times > 0; times--) {
    if (typeof stage.gate === "string") add(app);
    else app.register(async (scope) => add(scope), { prefix: writePath(stage.gate.below) });
  }
}

function build(stage: Stage): FastifyInstance {
  const app = fastify({ forceCloseConnections: true, bodyLimit: 10 << 20 });
  app.addContentTypeParser("*", { parseAs: "buffer" }, async (_: unknown, body: Buffer) => body);
  app.addHook("onRequest", async (_request, reply) => {
    for (const [name, value] of stage.appHeaders) reply.header(name, value);
  });
  const late = stage.gate === "behind" || stage.gate === "app";
  if (!late) addGate(app, stage);
  for (const route of stage.routes) place(app, route, stage);
  if (stage.fallback) addFallback(app, stage.fallback);
  if (late) addGate(app, stage);
  return app;
}

const anywhere = "Fastify's plugin guards the whole app wherever it is registered";
const labelled = "a price in a route's `config` has the pattern for its label, so another price under it is a rise";
const unmade = "a plugin that is not registered is not made, so nothing is there to be missed";

testAdapter({
  name: "fastify",
  answers: "node",
  url: (raw: FastifyRequest) => raw.url,
  pattern: writePath,
  async check(stage) {
    const app = build(stage);
    try {
      await app.ready();
    } finally {
      await app.close();
    }
  },
  async start(stage) {
    const app = build(stage);
    const origin = await app.listen({ host: "127.0.0.1", port: 0 });
    return { origin, close: () => app.close() };
  },
  exceptions: {
    G04j: labelled,
    G04k: labelled,
    P21b: "Fastify has no catch-all that may be empty",
    G19: anywhere,
    G19b: anywhere,
    G19c: anywhere,
    G20: unmade,
    G20b: unmade,
  },
});
