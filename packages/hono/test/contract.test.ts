import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { serveStatic } from "@hono/node-server/serve-static";
import { createPaywall } from "@turnpike/core";
import { type Fallback, type Path, type Stage, type StageRoute, testAdapter } from "@turnpike/testing/adapters";
import { type Context, Hono } from "hono";
import { paid, paywall, protect } from "../src/index.js";

const writePath = (path: Path): string =>
  path.map((part) => (typeof part === "string" ? `/${part}` : "param" in part ? `/:${part.param}` : "/*")).join("");

const handle = (route: StageRoute) => (c: Context) => {
  const url = c.req.url.slice(c.req.url.indexOf("/", "https://".length));
  const { payment } = c.var;
  return route.runFetch({ method: c.req.method, url, params: c.req.param(), payment, text: () => c.req.text() });
};

/** The table of a stage's gate: relative to the path that the gate is registered below. */
function tableOf({ gate, table }: Stage) {
  const below = typeof gate === "object" ? gate.below : [];
  return table((path) => {
    const inside = below.every((part, at) => JSON.stringify(part) === JSON.stringify(path[at]));
    return writePath(inside ? path.slice(below.length) : path) || "/";
  });
}

function addGate(app: Hono, stage: Stage): void {
  const { gate } = stage;
  const config = { ...stage.config, routes: tableOf(stage) };
  if (Object.keys(config.routes).length === 0) return;
  for (let times = stage.twice ? 2 : 1; times > 0; times--) {
    if (gate === "app") protect(app, { ...config });
    else if (gate === "never") paywall({ ...config });
    else if (typeof gate === "object") app.use(`${writePath(gate.below)}/*`, paywall({ ...config }));
    else app.use(paywall({ ...config }));
  }
}

function addRoute(app: Hono, stage: Stage, route: StageRoute): void {
  const gates = route.paid === undefined || stage.unprotected ? [] : [paid(createPaywall(stage.config), route.paid)];
  const own = new Hono().on(route.method, [writePath(route.path)], ...gates, handle(route));
  const mounted = route.mount.reduceRight((inner, base) => new Hono().route(writePath(base), inner), own);
  app.route("/", mounted);
}

function addFallback(app: Hono, { kind, folder, run }: Fallback): void {
  if (kind === "files") {
    app.use("/*", serveStatic({ root: folder ?? "." }));
    return;
  }
  const serve = async (c: Context): Promise<Response> => {
    const { status, headers, body } = await run({
      method: c.req.method,
      url: c.req.path,
      params: {},
      text: () => c.req.text(),
    });
    return new Response(body as string, {
      status,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
    });
  };
  if (kind === "not-found") app.notFound(serve);
  else app.all("/*", serve);
}

function build(stage: Stage): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    for (const [name, value] of stage.appHeaders) c.header(name, value);
    await next();
  });
  const late = stage.gate === "behind" || stage.gate === "app";
  if (!stage.unprotected && !late) addGate(app, stage);
  for (const route of stage.routes) addRoute(app, stage, route);
  if (stage.fallback) addFallback(app, stage.fallback);
  if (!stage.unprotected && late) addGate(app, stage);
  const priced = Object.keys(tableOf(stage)).length > 0 || stage.routes.some(({ paid: own }) => own !== undefined);
  if (!stage.unprotected && priced) paywall.check(app);
  return app;
}

testAdapter({
  name: "hono",
  answers: "fetch",
  url: (raw: Context) => raw.req.url,
  pattern: writePath,
  async check(stage) {
    build(stage);
  },
  async start(stage) {
    const server = createAdaptorServer({ fetch: build(stage).fetch }) as Server;
    await once(server.listen(0, "127.0.0.1"), "listening");
    const close = async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
  },
});
