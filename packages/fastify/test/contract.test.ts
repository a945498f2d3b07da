import { Readable } from "node:stream";
import { type Path, type Stage, type StageAnswer, type StageRoute, testAdapter } from "@turnpike/testing/adapters";
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

testAdapter({
  name: "fastify",
  answers: "node",
  url: (raw: FastifyRequest) => raw.url,
  async start(stage) {
    const app = fastify({ forceCloseConnections: true, bodyLimit: 10 << 20 });
    app.addContentTypeParser("*", { parseAs: "buffer" }, async (_: unknown, body: Buffer) => body);
    app.addHook("onRequest", async (_request, reply) => {
      for (const [name, value] of stage.appHeaders) reply.header(name, value);
    });
    if (!stage.unprotected) {
      for (let times = stage.twice ? 2 : 1; times > 0; times--) {
        await app.register(paywall, { ...stage.config, routes: stage.table(writePath) });
      }
    }
    for (const route of stage.routes) place(app, route, stage);
    const origin = await app.listen({ host: "127.0.0.1", port: 0 });
    return { origin, close: () => app.close() };
  },
  exceptions: { P21b: "Fastify has no catch-all that may be empty" },
});
