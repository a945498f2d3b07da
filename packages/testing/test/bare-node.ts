import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { createPaywall } from "@turnpike/core";
import {
  compileTable,
  type Payment,
  type PricedRoute,
  type ReadPath,
  type Segment,
  type Table,
} from "@turnpike/core/adapter";
import { absoluteUrl, NodeRequest, serve, verbOf } from "@turnpike/core/node";
import type { Path, Stage, StageAnswer, StageRoute } from "../src/adapters.js";

/** The smallest adapter there is: `node:http` with a router of a few lines. It shows that the suite asks nothing more. */
export async function startBareNode(stage: Stage): Promise<{ origin: string; close(): Promise<void> }> {
  const table = stage.unprotected ? undefined : priceTable(stage);
  const config = stage.config;
  const routes = stage.routes.map((route) => {
    const own =
      route.paid !== undefined && !stage.unprotected
        ? createPaywall(config).price<IncomingMessage>(route.paid)
        : undefined;
    return { route, own, match: compile([...route.mount.flat(), ...route.path]) };
  });
  const server = createServer((message, response) => {
    const found = routes.find(({ route, match }) => serves(route, verbOf(message)) && match(pathOf(message)));
    for (const [name, value] of stage.appHeaders) response.setHeader(name, value);
    const passed = table?.paths.filter(({ native }) => compile(segmentsOf(native))(pathOf(message))) ?? [];
    const priced = found?.own ?? table?.route(passed, verbOf(message));
    if (!found && !priced) return void response.writeHead(404).end();
    const run = (payment?: Payment): void => {
      if (!found) return void response.writeHead(404).end();
      answer(found.route, found.match(pathOf(message)) ?? {}, message, response, payment);
    };
    if (!priced) return run();
    const gates = stage.twice ? [priced, priced] : [priced];
    const pattern = found && writePath([...found.route.mount.flat(), ...found.route.path]);
    pass(gates, new BareRequest(message, pattern), message, response, run);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => close(server) };
}

export const writePath = (path: Path): string =>
  path
    .map((part) =>
      typeof part === "string" ? `/${part}` : "param" in part ? `/:${part.param}` : part.optional ? "/**" : "/*",
    )
    .join("");

class BareRequest extends NodeRequest<IncomingMessage> {
  readonly #pattern: string | undefined;

  constructor(message: IncomingMessage, pattern: string | undefined) {
    super(message, message);
    this.#pattern = pattern;
  }

  url(): string {
    return absoluteUrl("http", this.message.headers.host, this.message.url ?? "/");
  }
  params(): Record<string, string> {
    return {};
  }
  pattern(own?: string): string | undefined {
    return own ?? this.#pattern;
  }
  address(): string | undefined {
    return this.message.socket.remoteAddress;
  }
}

function pass(
  gates: readonly PricedRoute<IncomingMessage>[],
  request: BareRequest,
  message: IncomingMessage,
  response: ServerResponse,
  run: (payment?: Payment) => void,
): void {
  const [gate, ...rest] = gates;
  if (!gate) {
    run();
    return;
  }
  serve(gate, request, {
    message,
    response,
    run: (payment) => (rest.length > 0 ? pass(rest, request, message, response, run) : run(payment)),
    fail: () => void response.writeHead(500).end(),
  });
}

function answer(
  route: StageRoute,
  params: Record<string, string>,
  message: IncomingMessage,
  response: ServerResponse,
  payment?: Payment,
): void {
  const fail = (): void => {
    if (response.headersSent) response.destroy();
    else response.writeHead(500, { "content-type": "text/plain" }).end("error");
  };
  if (route.raw) {
    Promise.resolve(route.runNode(message, response)).catch(fail);
    return;
  }
  const request = { method: verbOf(message), url: message.url ?? "/", params, payment, text: () => text(message) };
  route
    .run(request)
    .then((given) => send(given, response))
    .catch(fail);
}

async function send({ status, headers, body }: StageAnswer, response: ServerResponse): Promise<void> {
  response.statusCode = status;
  for (const [name, value] of headers) response.appendHeader(name, value);
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) {
    response.end(body);
    return;
  }
  for await (const chunk of body) if (!response.write(chunk)) await once(response, "drain");
  response.end();
}

function priceTable(stage: Stage): Table<IncomingMessage> | undefined {
  const routes = stage.table(writePath);
  return Object.keys(routes).length > 0 ? compileTable({ ...stage.config, routes }, undefined, readPath) : undefined;
}

function readPath(pattern: string): ReadPath {
  const shape = segmentsOf(pattern).map((part): Segment => {
    if (typeof part === "string") return { type: "literal", text: part };
    return { type: "param" in part ? "param" : "rest" };
  });
  return { native: pattern, shapes: [shape] };
}

const segmentsOf = (pattern: string): Path =>
  pattern
    .split("/")
    .slice(1)
    .map((text) =>
      text.startsWith(":")
        ? { param: text.slice(1) }
        : text.startsWith("*")
          ? { rest: "rest", optional: text === "**" }
          : text,
    );

/** What a pattern reads off a path; nothing if it does not match. */
function compile(path: Path): (target: string) => Record<string, string> | undefined {
  const source = path.map((part) => {
    if (typeof part === "string") return `/${part}`;
    if ("param" in part) return `/(?<${part.param}>[^/]+)`;
    return part.optional ? `(?<${part.rest}>/.*)?` : `/(?<${part.rest}>.+)`;
  });
  const pattern = new RegExp(`^${source.join("")}$`);
  return (target) => {
    const match = pattern.exec(target);
    return match ? { ...match.groups } : undefined;
  };
}

const pathOf = (message: IncomingMessage): string => (message.url ?? "/").split("?", 1)[0] ?? "/";

const serves = ({ method }: StageRoute, verb: string): boolean =>
  method === "ALL" || method === verb || (method === "GET" && verb === "HEAD");

async function close(server: Server): Promise<void> {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
}
