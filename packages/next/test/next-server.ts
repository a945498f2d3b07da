import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import type { Path, Stage, StageRoute } from "@turnpike/testing/adapters";
import type { NextRequest } from "next/server.js";
import type { Paid } from "../src/index.js";
import { appDirectory, buildApp } from "./build-app.js";

/** The production build of the test app, served in this process. */
export interface RunningNext {
  readonly origin: string;
  /** Puts the routes of a stage behind the app's route files, in place of those of the stage before. */
  setStage(stage: Stage): void;
  /** How often the paid work of the app's own routes and pages was done. */
  runs(name: string): number;
  close(): Promise<void>;
}

type Context = { params?: Promise<Record<string, string | string[] | undefined>> } & Paid;
type Handler = (request: NextRequest, context: Context) => Response | Promise<Response>;
type Handlers = Record<string, Handler>;
type Adapter = typeof import("../src/index.js");

const STAGE = Symbol.for("turnpike.test.stage");
const RUNS = Symbol.for("turnpike.test.runs");
const shared = globalThis as { [STAGE]?: unknown; [RUNS]?: Record<string, number> };
const everyVerb = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** @param facilitator for the routes that the app prices itself */
export async function startNext(facilitator = "", directory = appDirectory): Promise<RunningNext> {
  await buildApp(directory);
  Object.assign(process.env, { NODE_ENV: "production", NEXT_TELEMETRY_DISABLED: "1" });
  if (facilitator) process.env.TEST_FACILITATOR = facilitator;
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  // Next first: what it sets up in the process must be there before any other module of it is loaded.
  const next = createRequire(import.meta.url)("next") as typeof import("next")["default"];
  const app = next({ dev: false, dir: directory, hostname: "127.0.0.1", port, httpServer: server });
  await app.prepare();
  const handle = app.getRequestHandler();
  const adapter = await import("../src/index.js");
  let headers: Stage["appHeaders"] = [];
  server.on("request", (request, response) => {
    for (const [name, value] of headers) response.setHeader(name, value);
    void handle(request, response);
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    setStage(stage) {
      headers = stage.appHeaders;
      shared[STAGE] = dispatch(stage, adapter);
    },
    runs: (name) => shared[RUNS]?.[name] ?? 0,
    async close() {
      server.closeAllConnections();
      server.close();
      await app.close();
    },
  };
}

/** A path as Next's file names write it. */
function writePath(path: Path): string {
  const write = (part: Path[number]): string => {
    if (typeof part === "string") return part;
    if ("param" in part) return `[${part.param}]`;
    return part.optional ? `[[...${part.rest}]]` : `[...${part.rest}]`;
  };
  return `/${path.map(write).join("/")}`;
}

/** What the route files call. A path of the stage that has no file of its own is served by the app's catch-all. */
function dispatch(stage: Stage, adapter: Adapter) {
  const paths = new Map<string, StageRoute[]>();
  for (const route of stage.routes) {
    const file = writePath([...route.mount.flat(), ...route.path]);
    paths.set(file, [...(paths.get(file) ?? []), route]);
  }
  const files = new Map([...paths].map(([file, routes]) => [file, wrap(stage, routes, adapter)]));
  return async (file: string, request: NextRequest, context: Context): Promise<Response> => {
    const method = request.method === "HEAD" ? "GET" : request.method;
    const place =
      files.has(file) && file !== catchAll ? { file, context } : await findPlace(context, [...files.keys()]);
    const handlers = files.get(place?.file ?? "") ?? {};
    const handler = handlers[method];
    if (handler) return handler(request, place?.context ?? context);
    // As Next answers for a route file without this verb.
    if (Object.keys(handlers).length === 0) return new Response("Not found", { status: 404 });
    return new Response(null, { status: method === "OPTIONS" ? 204 : 405 });
  };
}

/** Next's own server writes down from where a request came. */
const connection = { address: (request: NextRequest) => request.headers.get("x-forwarded-for") ?? undefined };

const catchAll = "/[...path]";

/** Which of the stage's paths has the segments that the app's catch-all got, and the parameters that it gets of them. */
async function findPlace({ params }: Context, files: readonly string[]) {
  const segments = [(await params)?.path ?? []].flat();
  const places = files.filter((file) => file !== catchAll).concat(files.includes(catchAll) ? catchAll : []);
  for (const file of places) {
    const found = matchFile(file, segments);
    if (found) return { file, context: { params: Promise.resolve(found) } };
  }
  return undefined;
}

function matchFile(file: string, segments: readonly string[]): Record<string, string | string[]> | undefined {
  const found: Record<string, string | string[]> = {};
  const pieces = file.split("/").slice(1);
  for (const [index, piece] of pieces.entries()) {
    const segment = segments[index];
    const [, optional, rest, name] = /^\[(\[)?(\.\.\.)?(\w+)\]+$/.exec(piece) ?? [];
    if (rest && name) {
      found[name] = segments.slice(index);
      return segment !== undefined || optional ? found : undefined;
    }
    if (segment === undefined || (name === undefined && segment !== piece)) return undefined;
    if (name !== undefined) found[name] = segment;
  }
  return segments.length === pieces.length ? found : undefined;
}

/** The handlers of one route file as a seller would write it: a table of verbs, and prices on single handlers. */
function wrap(stage: Stage, routes: readonly StageRoute[], { paid, paywall }: Adapter): Handlers {
  const handlers: Handlers = {};
  const table: Record<string, NonNullable<StageRoute["listed"]>> = {};
  for (const route of routes) {
    const { method, listed } = route;
    const handler = serve(route);
    const own =
      route.paid === undefined || stage.unprotected ? handler : paid(stage.config, route.paid, handler, connection);
    for (const verb of method === "ALL" ? everyVerb : [method]) handlers[verb] = own;
    if (listed !== undefined) table[route.verb] = listed;
  }
  if (stage.unprotected || Object.keys(table).length === 0) return handlers;
  const guard = (inner: Handlers): Handlers => paywall(stage.config, inner, table, connection) as Handlers;
  return stage.twice ? guard(guard(handlers)) : guard(handlers);
}

function serve(route: StageRoute): Handler {
  return async (request, { params, payment }) => {
    const values = Object.entries((await params) ?? {}).map(([name, value]) => [name, [value].flat().join("/")]);
    const { pathname, search } = new URL(request.url);
    return route.runFetch({
      method: request.method,
      url: pathname + search,
      params: Object.fromEntries(values),
      payment,
      text: () => request.text(),
    });
  };
}
