import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { FacilitatorError } from "../errors.js";
import type { FacilitatorRequest } from "../protocol/types.js";
import { createTransport as createFetchTransport } from "./fetch-transport.js";
import { httpFacilitator } from "./http.js";
import { createTransport as createNodeTransport } from "./node-transport.js";

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const servers: Server[] = [];

afterEach(async () => {
  await Promise.all(
    servers.splice(0).map((server) => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    }),
  );
});

async function listen(handler: Handler): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => handler(request, response, body));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const json = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) => {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
};

const offer = {
  scheme: "exact",
  network: "eip155:84532",
  amount: "1",
  asset: "0xa",
  payTo: "0xb",
  maxTimeoutSeconds: 60,
};
const request: FacilitatorRequest = {
  x402Version: 2,
  paymentPayload: { x402Version: 2, accepted: offer, payload: {} },
  paymentRequirements: offer,
};

async function failure(promise: Promise<unknown>): Promise<FacilitatorError> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(FacilitatorError);
  return error as FacilitatorError;
}

describe.each([
  ["node", createNodeTransport],
  ["fetch", createFetchTransport],
])("the %s transport", (_, createTransport) => {
  const get = (url: string, signal = AbortSignal.timeout(5_000)) =>
    createTransport()({ method: "GET", url, headers: {}, signal });

  it("carries method, path, headers and body, and reads the answer", async () => {
    const url = await listen(({ method, url: path, headers }, response, body) => {
      json(
        response,
        200,
        { method, path, key: headers["x-key"], length: headers["content-length"], body },
        { "x-answer": "1" },
      );
    });
    const answer = await createTransport()({
      method: "POST",
      url: `${url}/settle`,
      headers: { "x-key": "k" },
      body: '{"a":"é"}',
      signal: AbortSignal.timeout(5_000),
    });
    expect(JSON.parse(answer.text)).toEqual({
      method: "POST",
      path: "/settle",
      key: "k",
      length: "10",
      body: '{"a":"é"}',
    });
    expect(answer.header("x-answer")).toBe("1");
  });

  it("knows that nothing was sent when nobody listens", async () => {
    const server = createTcpServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => server.once("listening", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect(await failure(get(`http://127.0.0.1:${port}/`))).toMatchObject({
      code: "facilitator_unreachable",
      sent: false,
    });
  });

  it("takes a connection that is cut after the request for one that may have been heard", async () => {
    let heard = 0;
    const url = await listen((incoming) => {
      heard++;
      incoming.socket.destroy();
    });
    expect(await failure(get(url))).toMatchObject({ code: "facilitator_disconnected", sent: true });
    expect(heard).toBe(1);
  });

  it("takes an answer that breaks off for no answer", async () => {
    const url = await listen((incoming, response) => {
      response.writeHead(200, { "content-length": "100" }).write("{");
      setImmediate(() => incoming.socket.destroy());
    });
    expect(await failure(get(url))).toMatchObject({ code: "facilitator_disconnected", sent: true });
  });

  it("ends a call when its time is up, whether the answer has not begun or does not end", async () => {
    const silent = await listen(() => undefined);
    expect(await failure(get(silent, AbortSignal.timeout(50)))).toMatchObject({
      code: "facilitator_timeout",
      sent: true,
    });
    const endless = await listen((_incoming, response) => response.writeHead(200).write("{"));
    expect(await failure(get(endless, AbortSignal.timeout(50)))).toMatchObject({
      code: "facilitator_timeout",
      sent: true,
    });
  });

  it("F17 follows no redirect, and asks nobody else", async () => {
    let elsewhere = 0;
    const other = await listen((_incoming, response) => {
      elsewhere++;
      json(response, 200, {});
    });
    for (const status of [301, 302, 303, 307, 308]) {
      const url = await listen((_incoming, response) => response.writeHead(status, { location: other }).end());
      expect(await failure(get(url))).toMatchObject({ code: "facilitator_redirect", status });
    }
    expect(elsewhere).toBe(0);
  });

  it("F15 stops reading an answer that is too large", async () => {
    const url = await listen((_incoming, response) => {
      response.writeHead(200);
      const pump = () => {
        while (!response.destroyed && response.write("x".repeat(16_384)));
        if (!response.destroyed) response.once("drain", pump);
      };
      pump();
    });
    expect(await failure(get(url))).toMatchObject({ code: "facilitator_too_large", sent: true });
  });
});

describe("the node transport on a kept connection", () => {
  it("does not send a request again when the connection turns out to be dead", async () => {
    let heard = 0;
    const url = await listen((incoming, response) => {
      if (++heard === 1) return json(response, 200, {});
      incoming.socket.destroy();
    });
    const transport = createNodeTransport();
    const send = () => transport({ method: "POST", url, headers: {}, body: "{}", signal: AbortSignal.timeout(5_000) });
    await send();
    expect(await failure(send())).toMatchObject({ code: "facilitator_disconnected", sent: true });
    expect(heard).toBe(2);
  });

  it("carries many calls at once", async () => {
    let open = 0;
    let most = 0;
    const waiting: (() => void)[] = [];
    const url = await listen((_incoming, response) => {
      most = Math.max(most, ++open);
      waiting.push(() => json(response, 200, {}));
      if (waiting.length === 64) for (const answer of waiting) answer();
    });
    const transport = createNodeTransport();
    const calls = Array.from({ length: 64 }, () =>
      transport({ method: "GET", url, headers: {}, signal: AbortSignal.timeout(5_000) }),
    );
    await Promise.all(calls);
    expect(most).toBe(64);
  });
});

describe("an HTTP facilitator", () => {
  it("56 57 sends verify and settle in the protocol's form, below its base path, with credentials made for each call", async () => {
    const seen: unknown[] = [];
    const url = await listen(({ method, url: path, headers }, response, body) => {
      seen.push({
        method,
        path,
        authorization: headers.authorization,
        type: headers["content-type"],
        body: body && JSON.parse(body),
      });
      const answers: Record<string, unknown> = {
        "/x402/verify": { isValid: true, payer: "0xc", surprise: 1 },
        "/x402/settle": { success: true, transaction: "0x1", network: "eip155:84532", errorReason: null },
        "/x402/supported": { kinds: [] },
      };
      json(response, 200, answers[path ?? ""]);
    });
    const facilitator = httpFacilitator(`${url}/x402/`, {
      headers: ({ operation, url: target }) => ({ authorization: `${operation} ${new URL(target).pathname}` }),
    });
    expect(facilitator.id).toBe(`${url}/x402`);
    expect(await facilitator.verify(request)).toEqual({ isValid: true, payer: "0xc" });
    expect(await facilitator.settle(request)).toEqual({ success: true, transaction: "0x1", network: "eip155:84532" });
    expect(await facilitator.supported()).toEqual({ kinds: [], extensions: [], signers: {} });
    expect(seen).toEqual([
      {
        method: "POST",
        path: "/x402/verify",
        authorization: "verify /x402/verify",
        type: "application/json",
        body: request,
      },
      {
        method: "POST",
        path: "/x402/settle",
        authorization: "settle /x402/settle",
        type: "application/json",
        body: request,
      },
      { method: "GET", path: "/x402/supported", authorization: "supported /x402/supported", type: undefined, body: "" },
    ]);
  });

  it("believes a refusal with a 4xx status, but no success and nothing of a 5xx", async () => {
    const answer = async (status: number, body: unknown) => {
      const url = await listen((_incoming, response) => json(response, status, body));
      return httpFacilitator(url).settle(request);
    };
    const refusal = { success: false, errorReason: "insufficient_funds", transaction: "", network: "eip155:84532" };
    expect(await answer(400, refusal)).toEqual(refusal);
    for (const status of [408, 429, 500, 503])
      expect(await failure(answer(status, refusal))).toMatchObject({ code: "facilitator_status", sent: true, status });
    expect(await failure(answer(400, { ...refusal, success: true }))).toMatchObject({ code: "facilitator_status" });
  });

  it("F14 refuses answers that are not of the protocol's form", async () => {
    for (const body of [null, [], "yes", 1, {}, { isValid: "true" }, { isValid: 1 }, { isValid: null }]) {
      const url = await listen((_incoming, response) => json(response, 200, body));
      expect(await failure(httpFacilitator(url).verify(request))).toMatchObject({
        code: "facilitator_unreadable",
        sent: true,
      });
    }
    const html = await listen((_incoming, response) =>
      response.writeHead(200, { "content-type": "text/html" }).end('{"isValid":true}'),
    );
    expect(await failure(httpFacilitator(html).verify(request))).toMatchObject({ code: "facilitator_unreadable" });
  });

  it("F24 keeps the facilitator's words out of its errors, and caps the wait that it asks for", async () => {
    const url = await listen((_incoming, response) =>
      json(response, 503, { error: "SECRET" }, { "retry-after": "3600" }),
    );
    const error = await failure(httpFacilitator(url).verify(request));
    expect(error.retryAfter).toBe(5);
    expect(`${error.stack}${JSON.stringify(error)}${String(error.cause)}`).not.toContain("SECRET");
  });

  it("sends nothing when its credentials cannot be made", async () => {
    let heard = 0;
    const url = await listen((_incoming, response) => {
      heard++;
      json(response, 200, {});
    });
    const headers = () => Promise.reject(new Error("no key"));
    expect(await failure(httpFacilitator(url, { headers }).settle(request))).toMatchObject({
      code: "facilitator_credentials",
      sent: false,
    });
    expect(heard).toBe(0);
  });
});
