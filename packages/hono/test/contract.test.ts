import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { getConnInfo } from "@hono/node-server/conninfo";
import { createPaywall } from "@turnpike/core";
import { type Path, type Stage, type StageRoute, testAdapter } from "@turnpike/testing/adapters";
import { type Context, Hono } from "hono";
import { paid, paywall } from "../src/index.js";

const writePath = (path: Path): string =>
  path.map((part) => (typeof part === "string" ? `/${part}` : "param" in part ? `/:${part.param}` : "/*")).join("");

const handle = (route: StageRoute) => (c: Context) => {
  const url = c.req.url.slice(c.req.url.indexOf("/", "https://".length));
  const { payment } = c.var;
  return route.runFetch({ method: c.req.method, url, params: c.req.param(), payment, text: () => c.req.text() });
};

/** The client's address, which Hono does not know by itself. */
const connection = { address: (c: Context) => getConnInfo(c).remote.address };

function build(stage: Stage): Hono {
  const app = new Hono();
  const config = { ...stage.config, routes: stage.table(writePath) };
  app.use(async (c, next) => {
    for (const [name, value] of stage.appHeaders) c.header(name, value);
    await next();
  });
  if (Object.keys(config.routes).length > 0 && !stage.unprotected) {
    for (let times = stage.twice ? 2 : 1; times > 0; times--) app.use(paywall(config, undefined, connection));
  }
  for (const route of stage.routes) {
    const gates =
      route.paid === undefined || stage.unprotected ? [] : [paid(createPaywall(stage.config), route.paid, connection)];
    const own = new Hono().on(route.method, [writePath(route.path)], ...gates, handle(route));
    const mounted = route.mount.reduceRight((inner, base) => new Hono().route(writePath(base), inner), own);
    app.route("/", mounted);
  }
  if (!stage.unprotected) paywall.check(app);
  return app;
}

testAdapter({
  name: "hono",
  answers: "fetch",
  url: (raw: Context) => raw.req.url,
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
