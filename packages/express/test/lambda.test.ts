import { IncomingMessage, ServerResponse } from "node:http";
import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import serverlessExpress from "@codegenie/serverless-express";
import { readChallenge } from "@turnpike/testing";
import express, { type Express, type Request, type RequestHandler, type Response } from "express";
import serverless from "serverless-http";
import { describe, expect, it } from "vitest";
import { paywall } from "../src/index.js";
import { openStand, quietApp } from "./stand.js";

const stand = openStand();

interface Answer {
  readonly statusCode: number;
  readonly body: string;
  readonly headers?: Record<string, unknown>;
  readonly multiValueHeaders?: Record<string, unknown[]>;
}
type Invoke = (event: object) => Promise<Answer>;

/** Ways in which an Express app runs on AWS Lambda. */
const hosts: Record<string, (app: Express) => Invoke> = {
  "serverless-http": (app) => {
    const handler = serverless(app as never) as (event: object, context: object) => Promise<object>;
    return async (event) => (await handler(event, {})) as Answer;
  },
  "serverless-express": (app) => {
    const handler = serverlessExpress({ app: app as never }) as unknown as (
      event: object,
      context: object,
    ) => Promise<Answer>;
    return (event) => handler(event, {});
  },
};

/** What API Gateway sends for an HTTP request. */
function eventOf(body: string | undefined, headers: Record<string, string>, method = "POST", base64 = false): object {
  const http = { method, path: "/paid", protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "test" };
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: "/paid",
    rawQueryString: "",
    headers: { host: "shop.example", ...headers },
    requestContext: { http, domainName: "shop.example", stage: "$default" },
    body: body === undefined ? "" : base64 ? Buffer.from(body).toString("base64") : body,
    isBase64Encoded: base64,
  };
}

const headerOf = ({ headers, multiValueHeaders }: Answer, name: string): string | null => {
  const [, value] =
    Object.entries({ ...headers, ...multiValueHeaders }).find(([key]) => key.toLowerCase() === name) ?? [];
  return value === undefined ? null : String(value);
};

function appOf(handler: (req: Request, res: Response) => unknown, ...middleware: RequestHandler[]): Express {
  const app = quietApp();
  app.use(...(middleware as [RequestHandler]));
  app.all("/paid", (req, res, next) => void Promise.resolve(handler(req, res)).catch(next));
  return app;
}

const price = (settle: "after" | "before" = "after") =>
  paywall(stand.config({ routes: { "ALL /paid": { price: "$0.01", settle } } }));
const json = { "content-type": "application/json" };

async function pay(invoke: Invoke, body: string | undefined, method = "POST") {
  const unpaid = await invoke(eventOf(body, json, method));
  const challenge = readChallenge({ headers: { get: (name) => headerOf(unpaid, name) } });
  if (!challenge) throw new Error(`No challenge: ${JSON.stringify(unpaid)}`);
  const header = await stand.buyer.header(challenge);
  const ask = (other: string | undefined, base64 = false) =>
    invoke(eventOf(other, { ...json, "payment-signature": header }, method, base64));
  return { ask, first: await ask(body) };
}

for (const [name, host] of Object.entries(hosts)) {
  describe(`on Lambda by ${name}`, () => {
    it.each<[string, () => RequestHandler[]]>([
      ["that is parsed behind the paywall", () => [price(), express.json()]],
      ["that was parsed ahead of it", () => [express.json(), price()]],
    ])("G58 a payment is for one body %s", async (_, middleware) => {
      const invoke = host(appOf((req, res) => res.json(req.body), ...middleware()));
      const { ask, first } = await pay(invoke, '{"b":2}');
      expect([first.statusCode, first.body]).toEqual([200, '{"b":2}']);
      expect(JSON.parse((await ask('{"b":3}')).body)).toMatchObject({ code: "payment_bound" });
      const again = await ask('{"b":2}', true);
      expect([again.statusCode, again.body]).toEqual([200, '{"b":2}']);
    });

    it("G58 what is owed runs for the body that was paid for", async () => {
      const runs: string[] = [];
      const handler = async (req: Request, res: Response) => {
        const body = (await buffer(req)).toString();
        runs.push(body);
        if (runs.length === 1) throw new Error("The first run fails");
        res.send(body);
      };
      const { ask, first } = await pay(host(appOf(handler, price("before"))), '{"b":2}');
      expect(first.statusCode).toBe(500);
      expect(JSON.parse((await ask('{"b":3}')).body)).toMatchObject({ code: "payment_bound" });
      expect((await ask('{"b":2}')).body).toBe('{"b":2}');
      expect(runs).toEqual(['{"b":2}', '{"b":2}']);
    });

    it.each(["DELETE", "GET"])("G58 a body of %s counts", async (method) => {
      const invoke = host(appOf(async (req, res) => res.send((await buffer(req)).toString()), price()));
      const { ask, first } = await pay(invoke, "one", method);
      expect([first.statusCode, first.body]).toEqual([200, "one"]);
      expect(JSON.parse((await ask("two")).body)).toMatchObject({ code: "payment_bound" });
    });

    it("G58 a request without a body is served", async () => {
      const { first } = await pay(host(appOf((_, res) => res.send("bare"), price())), undefined, "GET");
      expect([first.statusCode, first.body]).toEqual([200, "bare"]);
    });
  });
}

describe("a platform that has read the body", () => {
  /** A request as a platform hands it over: announced, read, and with what the platform has made of it. */
  function handOver(headers: Record<string, string>, more: object): Promise<{ status: number; body: string }> {
    const app = appOf((_, res) => res.send("sold"), price());
    const message = new IncomingMessage(new PassThrough() as never);
    Object.assign(message, {
      method: "POST",
      url: "/paid",
      complete: true,
      headers: { host: "shop.example", ...headers },
    });
    message.push(null);
    Object.assign(message, more);
    const response = new ServerResponse(message);
    const socket = new PassThrough();
    response.assignSocket(socket as never);
    app(message as never, response as never);
    return new Promise((resolve) => {
      response.once("finish", async () => {
        socket.end();
        resolve({ status: response.statusCode, body: (await buffer(socket)).toString() });
      });
    });
  }

  async function outcome(one: object, two: object): Promise<string[]> {
    const headers = { "content-length": "7", "content-type": "application/json" };
    const { challenge } = await stand.buy(`${await stand.listen(appOf((_, res) => res.send("sold"), price()))}/paid`, {
      method: "POST",
      headers: { host: "shop.example" },
    });
    const resource = { ...challenge.resource, url: "http://shop.example/paid" };
    const paid = { ...headers, "payment-signature": await stand.buyer.header({ ...challenge, resource }) };
    const codes: string[] = [];
    for (const more of [one, two, one]) {
      const { status, body } = await handOver(paid, more);
      codes.push(status === 200 ? "sold" : (/"code":"(\w+)"/.exec(body)?.[1] ?? String(status)));
    }
    return codes;
  }

  it("G58b binds the payment to the bytes, the text or the value that it left", async () => {
    const bound = ["sold", "payment_bound", "sold"];
    const raw = (text: string) => ({ rawBody: Buffer.from(text), body: { same: true } });
    expect(await outcome(raw('{"b":2}'), raw('{"b":3}'))).toEqual(bound);
    expect(await outcome({ rawBody: '{"b":2}' }, { rawBody: '{"b":3}' })).toEqual(bound);
    expect(await outcome({ body: Buffer.from('{"b":2}') }, { body: Buffer.from('{"b":3}') })).toEqual(bound);
    expect(await outcome({ body: '{"b":2}' }, { body: '{"b":3}' })).toEqual(bound);
    expect(await outcome({ body: { b: 2 } }, { body: { b: 3 } })).toEqual(bound);
  });

  it("G58c refuses a body that was announced and of which nothing is there", async () => {
    const refused = Array(3).fill("request_incomplete");
    expect(await outcome({}, { body: undefined })).toEqual(refused);
    expect(await outcome({ body: null }, { rawBody: "" })).toEqual(refused);
  });
});
