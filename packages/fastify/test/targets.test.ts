import { once } from "node:events";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import { posix } from "node:path";
import { rawRequest } from "@turnpike/testing";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { expect, it } from "vitest";
import { paywall } from "../src/index.js";
import { openTill } from "./till.js";

const till = openTill();

/** How what stands behind a router makes a path of a target. */
const readers: readonly ((target: string, wildcard: string) => string)[] = [
  (target) => new URL(target, "http://upstream.example").pathname,
  (target) => new URL(`http://upstream.example${target}`).pathname,
  (target) => posix.join("/", target.replace(/[?#].*$/s, "")),
  (target) => posix.join("/", target.replace(/^[a-z]+:\/\/[^/]*/i, "").replace(/[?#].*$/s, "")),
  (_, wildcard) => posix.join("/", wildcard),
  (_, wildcard) => new URL(wildcard, "http://upstream.example").pathname,
];

function leadsToGoods(target: string, wildcard: string): boolean {
  return readers.some((read) => {
    try {
      return read(target, wildcard).startsWith("/premium/");
    } catch {
      return false;
    }
  });
}

async function serve(request: FastifyRequest, reply: FastifyReply) {
  const { "*": wildcard = "" } = (request.params ?? {}) as { "*"?: string };
  const target = (request.raw.url ?? "").replace(/^\/files(?=\/)/, "");
  return reply.send(leadsToGoods(target, wildcard) ? "goods" : "nothing");
}

const fallbacks: Readonly<Record<string, (app: FastifyInstance) => unknown>> = {
  "a catch-all": (app) => app.get("/*", serve),
  "a catch-all below a prefix": (app) => app.get("/files/*", serve),
  "a handler for what is not found": (app) => app.setNotFoundHandler(serve),
};

const table = { "GET /premium/*": "$0.01", "GET /files/premium/*": "$0.01" } as const;

function build(fallback: string, http2: boolean, guarded: boolean): FastifyInstance {
  const options = { forceCloseConnections: true };
  const app = http2 ? (fastify({ ...options, http2 }) as unknown as FastifyInstance) : fastify(options);
  for (const base of ["", "/files"]) app.get(`${base}/premium/none`, serve);
  fallbacks[fallback]?.(app);
  if (guarded) app.register(paywall, till.config({ routes: table }));
  return app;
}

const printable = Array.from({ length: 94 }, (_, at) => String.fromCharCode(at + 33));
const wholeTargets = [
  ...printable.flatMap((first) => [`${first}premium/x`, `${first}/premium/x`, `${first}./premium/x`]),
  ...["premium/x?q", "x/../premium/x", "..//premium/x", "x:/premium/x", "x:premium/x", "x://h/premium/x", "*", ""],
  ...["http:premium/x", "http:/premium/x", "http:///h/premium/x", "https:h/premium/x", "https:\\h\\premium\\x"],
  ...["http://h?/premium/x", "http://h#/premium/x", "http://h\\premium/x", "http://h/premium/x", "HTTP://h//premium/x"],
  ...["//h/premium/x", "///h/premium/x", "/\\h/premium/x", "/\\\\h\\premium/x", "//h:1/x/../premium/x"],
  ...["/x://h/premium/x", "/http:/h/premium/x", "/https:\\h\\premium/x", "/%2fh/premium/x"],
];
const targets = [...wholeTargets, ...wholeTargets.filter((one) => /^[/\\]/.test(one)).map((one) => `/files${one}`)];

async function askStream(session: ClientHttp2Session, scheme: string, path: string): Promise<string> {
  try {
    const stream = session.request({ ":scheme": scheme, ":path": path });
    const [head] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status": number }];
    let body = "";
    for await (const chunk of stream) body += chunk;
    return head[":status"] === 200 ? body : "refused";
  } catch {
    return "refused";
  }
}

/** The targets that give the goods to one who does not pay. */
async function served(app: FastifyInstance, http2: boolean): Promise<string[]> {
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  const found: string[] = [];
  const session = http2 ? connect(origin) : undefined;
  try {
    for (const scheme of session ? ["made-up", "http", "https"] : [""]) {
      for (const target of targets) {
        const body = session
          ? await askStream(session, scheme, target)
          : (await rawRequest(origin, [`GET ${target} HTTP/1.1`])).body.toString();
        if (body === "goods") found.push(`${scheme} ${target}`);
      }
    }
  } finally {
    session?.destroy();
    await app.close();
  }
  return found;
}

it.each(Object.keys(fallbacks))("G12h no target gives priced goods for nothing behind %s", async (fallback) => {
  for (const http2 of [true, false]) {
    const open = await served(build(fallback, http2, false), http2);
    expect(open.length, `without a paywall, HTTP/${http2 ? 2 : 1}`).toBeGreaterThan(http2 ? 20 : 5);
    expect(await served(build(fallback, http2, true), http2), `HTTP/${http2 ? 2 : 1}`).toEqual([]);
  }
});

it("G12i an HTTP/2 target in no form of HTTP is refused, and a plain one is free or sold", async () => {
  const app = build("a catch-all", true, true);
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  const session = connect(origin);
  const ask = async (path: string) => {
    const stream = session.request({ ":scheme": "made-up", ":path": path });
    const [head] = (await once(stream, "response")) as [IncomingHttpHeaders & { ":status": number }];
    let body = "";
    for await (const chunk of stream) body += chunk;
    return { status: head[":status"], body };
  };
  try {
    const refusal = await ask("premium/x");
    expect([refusal.status, JSON.parse(refusal.body).code]).toEqual([400, "ambiguous_path"]);
    expect((await ask("/premium/x")).status).toBe(402);
    expect((await ask("http://h.test/premium/x")).status).toBe(402);
    expect((await ask("/other?x")).status).toBe(200);
    expect((await ask("http://h.test/other")).status).toBe(200);
  } finally {
    session.destroy();
    await app.close();
  }
});
