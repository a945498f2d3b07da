import { once } from "node:events";
import type { Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { type Context, Hono, type MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { afterEach, describe, expect, it } from "vitest";
import { paid } from "../src/index.js";
import { peek } from "./hand-ticket.js";
import { openTill } from "./till.js";

const till = openTill();

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
});

/** Posts to the app, by itself and behind Hono's server for Node. */
async function postBothWays(app: Hono, init: RequestInit): Promise<string[]> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const request: RequestInit = { method: "POST", duplex: "half", ...init } as RequestInit;
  const served = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, request);
  return [await (await app.request("/", request)).text(), await served.text()];
}

const text = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes);

/** What the paywall sees of a body, after other middleware, and what the handler answers. */
async function see(init: RequestInit, read: (c: Context) => Promise<unknown>, ...before: MiddlewareHandler[]) {
  const seen: (string | undefined)[] = [];
  const app = new Hono();
  for (const middleware of before) app.use(middleware);
  app.use(peek(8, (bytes) => seen.push(text(bytes))));
  app.post("/", async (c) => c.text(String(await read(c))));
  return { answers: await postBothWays(app, init), seen };
}

describe("the beginning of a request's body", () => {
  const json = '{"a":"long enough"}';
  it.each<[string, (c: Context) => Promise<unknown>, string]>([
    ["json", async (c) => JSON.stringify(await c.req.json()), json],
    ["text", (c) => c.req.text(), json],
    ["arrayBuffer", async (c) => (await c.req.arrayBuffer()).byteLength, `${json.length}`],
    ["blob", async (c) => (await c.req.blob()).text(), json],
    ["the raw body", (c) => new Response(c.req.raw.body).text(), json],
    ["the raw text", (c) => c.req.raw.text(), json],
    ["a copy", (c) => c.req.raw.clone().text(), json],
    ["nothing", async () => "ignored", "ignored"],
  ])("is seen, and the handler reads all of it by %s", async (_, read, answer) => {
    const { answers, seen } = await see({ body: json }, read);
    expect([answers, seen]).toEqual([
      [answer, answer],
      ['{"a":"lo', '{"a":"lo'],
    ]);
  });

  it("is seen of forms", async () => {
    const form = new FormData();
    form.append("a", "1");
    form.append("file", new File(["content"], "name.txt"));
    const read = async (c: Context) => {
      const { a, file } = await c.req.parseBody();
      return `${a} ${await (file as File).text()}`;
    };
    const { answers, seen } = await see({ body: form }, read);
    expect(answers).toEqual(["1 content", "1 content"]);
    expect(seen).toEqual(["------fo", "------fo"]);
  });

  it("is none for a request without one", async () => {
    const { answers, seen } = await see({}, (c) => c.req.text());
    expect([answers, seen]).toEqual([
      ["", ""],
      [undefined, undefined],
    ]);
  });

  it("is seen of a large one, of which the handler still gets every byte", async () => {
    const size = 5 << 20;
    const { answers, seen } = await see({ body: "x".repeat(size) }, async (c) => (await c.req.text()).length);
    expect([answers, seen]).toEqual([
      [`${size}`, `${size}`],
      ["xxxxxxxx", "xxxxxxxx"],
    ]);
  });

  it("is seen, and not twice, when somebody begins to read in the same turn", async () => {
    const begin: MiddlewareHandler = (c, next) => {
      void c.req.raw.body;
      return next();
    };
    for (const body of ["0123456789", "x".repeat(1 << 20)]) {
      const { answers, seen } = await see({ body }, (c) => c.req.text(), begin);
      expect(answers).toEqual([body, body]);
      expect(seen).toEqual([body.slice(0, 8), body.slice(0, 8)]);
    }
  });

  it("is seen behind middleware that limits bodies", async () => {
    const stream = () => new Blob(["0123456789"]).stream() as ReadableStream;
    for (const body of ["0123456789", stream()]) {
      const app = new Hono();
      const seen: unknown[] = [];
      app.use(bodyLimit({ maxSize: 100 }));
      app.use(peek(8, (bytes) => seen.push(text(bytes))));
      app.post("/", async (c) => c.text(await c.req.text()));
      const init = { method: "POST", body, duplex: "half" } as RequestInit;
      expect(await (await app.request("/", init)).text()).toBe("0123456789");
      expect(seen).toEqual(["01234567"]);
    }
  });
});

it("a request leaves its connection to the next one, whether its body is read or not", async () => {
  const app = new Hono();
  app.use(peek(65_536, () => {}));
  app.post("/ignored", (c) => c.text("ignored"));
  app.post("/read", async (c) => c.text(String((await c.req.text()).length)));
  app.post("/begun", async (c) => c.text(String((await c.req.raw.body?.getReader().read())?.done)));
  app.get("/next", (c) => c.text("next"));
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const size = 1 << 20;
  for (const [path, answer] of [
    ["/ignored", "ignored"],
    ["/read", `${size}`],
    ["/begun", "false"],
  ]) {
    const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
    socket.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n${"x".repeat(size)}`);
    socket.write("GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toMatch(new RegExp(`\r\n\r\n${answer}.*\r\n\r\nnext$`, "s"));
  }
});

describe("a body that was read ahead of the paywall", () => {
  const reads: [string, (c: Context) => Promise<unknown>][] = [
    ["json", (c) => c.req.json()],
    ["text", (c) => c.req.text()],
    ["arrayBuffer", (c) => c.req.arrayBuffer()],
    ["blob", (c) => c.req.blob()],
  ];
  it.each(reads)("by %s is seen all the same", async (_, read) => {
    const before: MiddlewareHandler = async (c, next) => {
      await read(c);
      await next();
    };
    const { answers, seen } = await see({ body: '{"a":"b","c":1}' }, (c) => c.req.text(), before);
    expect(answers).toEqual(['{"a":"b","c":1}', '{"a":"b","c":1}']);
    expect(seen).toEqual(['{"a":"b"', '{"a":"b"']);
  });

  it("as a form is the same for the same form, and another for another", async () => {
    const before: MiddlewareHandler = async (c, next) => {
      await c.req.parseBody();
      await next();
    };
    const bytesOf = async (fields: Record<string, string | File>) => {
      const seen: (string | undefined)[] = [];
      const app = new Hono();
      app.use(
        before,
        peek(100, (bytes) => seen.push(text(bytes))),
      );
      app.post("/", async (c) => c.text(String((await c.req.parseBody()).a)));
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      expect(await postBothWays(app, { body: form })).toEqual([String(fields.a), String(fields.a)]);
      expect(seen[0]).toBe(seen[1]);
      return seen[0];
    };
    const forms = [
      { a: "1" },
      { a: "2" },
      { a: "1", b: "" },
      { a: "1", file: new File(["one"], "n") },
      { a: "1", file: new File(["two"], "n") },
      { a: "1", file: new File(["two"], "m") },
    ];
    const seen = [];
    for (const form of forms) {
      seen.push(await bytesOf(form));
      expect(await bytesOf(form)).toBe(seen.at(-1));
    }
    expect(new Set(seen).size).toBe(forms.length);
  });

  it("past Hono is refused by code, since nothing tells it from another then, and nothing is charged", async () => {
    const app = new Hono();
    app.use(async (c, next) => {
      await c.req.raw.text();
      await next();
    });
    let runs = 0;
    app.post("/x", paid(till.config(), "$0.01"), (c) => c.text(`${++runs}`));
    const { response } = await till.buy(app, "/x", { method: "POST", body: "body" });
    expect([response.status, await response.json()]).toEqual([
      408,
      expect.objectContaining({ code: "request_incomplete" }),
    ]);
    expect([runs, till.charges]).toEqual([0, 0]);
  });
});
