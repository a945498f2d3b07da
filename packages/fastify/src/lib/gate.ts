import { Readable } from "node:stream";
import { optionsReply, originForm, type Payment, type PricedRoute, type Reply } from "@turnpike/core/adapter";
import { absoluteUrl, NodeRequest, serve, writeReply } from "@turnpike/core/node";
import type { FastifyReply, FastifyRequest } from "fastify";

declare module "fastify" {
  interface FastifyRequest {
    /** The payment of this request, on routes that have a price; absent where nothing had to be paid. */
    payment?: Payment | undefined;
  }
}

/** What ends a hook: it goes on, or with an error. */
export type Done = (error?: Error) => void;

/** A Fastify request as the engine asks about it, by the app's own `trustProxy`. */
class Call extends NodeRequest<FastifyRequest> {
  url(): string {
    return absoluteUrl(this.raw.protocol, this.raw.host, this.raw.originalUrl);
  }

  /** What the router has read, which `rewriteUrl` may have changed, and code behind the gate may change again. */
  routed(): string {
    const { url = "/" } = this.raw.raw;
    return originForm(this.method, url) ?? url;
  }

  params(): Record<string, string> {
    return this.raw.params as Record<string, string>;
  }

  /** Patterns of a table are full ones here. The handler for what is not found has none. */
  pattern(own?: string): string | undefined {
    return own ?? this.raw.routeOptions.url;
  }

  address(): string | undefined {
    return this.raw.ip;
  }

  protected override parsedBody(): unknown {
    return this.raw.body;
  }

  protected override uploads(): unknown {
    return (this.raw as { savedRequestFiles?: unknown }).savedRequestFiles;
  }
}

/** The price that each request has been let through by: a price function is not asked again at a later stage. */
const passed = new WeakMap<FastifyRequest, PricedRoute<FastifyRequest>>();

/** Lets a request through to its route once it is paid for. */
export function admit(
  route: PricedRoute<FastifyRequest>,
  request: FastifyRequest,
  reply: FastifyReply,
  done: Done,
): void {
  if (passed.get(request) === route) {
    done();
    return;
  }
  serve(route, new Call(request, request.raw), {
    message: request.raw,
    response: reply.raw,
    headers: () => headersOf(reply),
    reply: (answer) => send(answer, request, reply),
    run(payment) {
      passed.set(request, route);
      if (payment) request.payment = payment;
      done();
    },
    fail: (error) => done(error as Error),
  });
}

/** Responds to `OPTIONS` for a handler of several methods. */
export function answerOptions(methods: readonly string[], request: FastifyRequest, reply: FastifyReply): void {
  send(optionsReply(methods), request, reply);
}

/** Says that nothing is there, as Fastify does, so that nothing behind the paywall serves what the path may be taken for. */
export function answerMissing(request: FastifyRequest, reply: FastifyReply): void {
  const { method, url } = request.raw;
  reply.code(404).send({ message: `Route ${method}:${url} not found`, error: "Not Found", statusCode: 404 });
}

/** Sends a response of the engine's own as a handler would, so that the app's `onSend` hooks run. */
function send(answer: Reply, request: FastifyRequest, reply: FastifyReply): void {
  if (reply.sent) return;
  // For HEAD, Fastify measures the body itself, and Node drops it. Of a body that is not there the length may be known.
  const unmeasured = request.method === "HEAD" && !answer.body?.length;
  const target = {
    set statusCode(status: number) {
      reply.code(status);
    },
    getHeader: (name: string) => reply.getHeader(name),
    // Without the removal, cookies would be added to those that are there.
    setHeader: (name: string, value: string | string[]) => reply.removeHeader(name).header(name, value),
    end: (body?: string | Uint8Array) => reply.send(unmeasured ? Readable.from([]) : body),
  };
  writeReply(target, answer, unmeasured ? "HEAD" : undefined);
}

/** What hooks have set so far. */
function headersOf(reply: FastifyReply): [string, string][] {
  return Object.entries(reply.getHeaders()).flatMap(([name, value]) =>
    [value].flat().map((one): [string, string] => [name, String(one)]),
  );
}
