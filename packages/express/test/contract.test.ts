import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { createPaywall } from "@turnpike/core";
import {
  type Fallback,
  type Path,
  type Stage,
  type StageAnswer,
  type StageRoute,
  testAdapter,
} from "@turnpike/testing/adapters";
import express, { type Express, type Request, type Response, type Router } from "express";
import { paid, paywall, protect } from "../src/index.js";

const four = "del" in express.application;

const writePart = (part: Path[number]): string => {
  if (typeof part === "string") return `/${part}`;
  if ("param" in part) return `/:${part.param}`;
  return four ? "/*" : part.optional ? `{/*${part.rest}}` : `/*${part.rest}`;
};
const writePath = (path: Path): string => path.map(writePart).join("");

function send(response: Response, { status, headers, body }: StageAnswer): void {
  response.status(status);
  for (const [name, value] of headers) response.append(name, value);
  if (body === undefined) response.end();
  else if (typeof body === "string") response.send(body);
  else if (body instanceof Uint8Array) response.send(Buffer.from(body));
  else Readable.from(body).pipe(response);
}

const handle =
  (route: StageRoute) =>
  async (req: Request, res: Response): Promise<void> => {
    const params = req.params as Record<string, string>;
    const { method, originalUrl: url, payment } = req;
    if (route.raw) await route.runNode(req, res);
    else send(res, await route.run({ method, url, params, payment, text: () => text(req) }));
  };

/** The table of a stage's gate: relative to the path that the gate is mounted below. */
function tableOf({ gate, table }: Stage) {
  const below = typeof gate === "object" ? gate.below : [];
  return table((path) => {
    const inside = below.every((part, at) => JSON.stringify(part) === JSON.stringify(path[at]));
    return writePath(inside ? path.slice(below.length) : path) || "/";
  });
}

function addGate(app: Express, stage: Stage): void {
  const { gate } = stage;
  const config = { ...stage.config, routes: tableOf(stage) };
  if (Object.keys(config.routes).length === 0) return;
  for (let times = stage.twice ? 2 : 1; times > 0; times--) {
    if (gate === "app") protect(app, { ...config });
    else if (gate === "never") paywall({ ...config });
    else if (typeof gate === "object") app.use(writePath(gate.below), paywall({ ...config }));
    else app.use(paywall({ ...config }));
  }
}

function addRoute(app: Express, stage: Stage, route: StageRoute): void {
  const own = route.mount.reduce<Router>((parent, base) => {
    const router = express.Router({ mergeParams: true });
    parent.use(writePath(base), router);
    return router;
  }, app);
  const gates = route.paid === undefined || stage.unprotected ? [] : [paid(createPaywall(stage.config), route.paid)];
  const verb = route.method.toLowerCase() as "get";
  own[verb](writePath(route.path), ...gates, (req, res, next) => {
    handle(route)(req, res).catch(next);
  });
}

function addFallback(app: Express, { kind, folder, run }: Fallback): void {
  if (kind === "files") {
    app.use(express.static(folder ?? ".", { extensions: ["html"], dotfiles: "allow" }));
    return;
  }
  const serve = async (req: Request, res: Response): Promise<void> => {
    const { method, originalUrl: url } = req;
    send(res, await run({ method, url, params: {}, text: () => text(req) }));
  };
  if (kind === "not-found") app.use(serve);
  else app.all(four ? "*" : "/{*path}", serve);
}

function build(stage: Stage): Express {
  const app = express();
  app.use((_req, res, next) => {
    for (const [name, value] of stage.appHeaders) res.setHeader(name, value);
    next();
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
  name: four ? "express 4" : "express 5",
  answers: "node",
  url: (raw: Request) => raw.originalUrl,
  pattern: writePath,
  async check(stage) {
    build(stage);
  },
  async start(stage) {
    const server = build(stage).listen(0, "127.0.0.1");
    await once(server, "listening");
    const close = async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
  },
  exceptions: four ? { P21b: "Express 4 has no catch-all that may be empty and ends at a segment" } : {},
});
