import { request as httpRequest } from "node:http";
import { type Facilitator, FacilitatorError, httpFacilitator } from "@turnpike/core";
import { type Chain, startChain } from "@turnpike/e2e-chain";
import { HTTPFacilitatorClient } from "@x402/core/server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { localFacilitator, serveFacilitator } from "../src/index.js";
import { type FacilitatorServer, listenFacilitator } from "../src/node.js";
import { createPayment, type PaymentChanges } from "./support/payments.js";
import { findDeadEnd } from "./support/unreliable-node.js";

let chain: Chain;
let facilitator: Facilitator;
let server: FacilitatorServer;
beforeAll(async () => {
  chain = await startChain();
  const { privateKey } = chain.accounts.facilitator;
  facilitator = localFacilitator({ rpcUrl: chain.rpcUrl, privateKey, network: chain.network });
  server = await listenFacilitator(facilitator);
});
afterAll(async () => {
  await server.close();
  await chain.stop();
});

const pay = (changes?: PaymentChanges) => createPayment(chain, changes);
type Call = (path: string, init?: RequestInit) => Promise<Response>;
const overHttp: Call = (path, init) => fetch(`${server.url}${path}`, init);
const asFetch: Call = (path, init) =>
  serveFacilitator(facilitator)(new Request(`http://facilitator.test${path}`, init));
const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: typeof body === "string" ? body : JSON.stringify(body),
});

describe.each([
  ["over Node's HTTP server", overHttp],
  ["as a fetch handler", asFetch],
])("a facilitator %s", (_, call) => {
  test("tells what it supports, also below another path and to HEAD", async () => {
    const answer = await call("/some/where/supported?x=/verify");
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("application/json");
    expect(await answer.json()).toEqual(await facilitator.supported());
    const head = await call("/supported", { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
  });

  test("verifies and settles", async () => {
    const request = await pay();
    const payer = chain.accounts.payer.address;
    const verified = await call("/verify", json(request));
    expect([verified.status, await verified.json()]).toEqual([200, { isValid: true, payer }]);
    const settled = await call("/settle", json(request));
    expect(settled.status).toBe(200);
    expect(await settled.json()).toMatchObject({ success: true, network: chain.network, payer, amount: "10000" });
  });

  test("G06 tells a success again to the caller whose header has the token that came first, and to nobody else", async () => {
    const request = await pay();
    const settle = async (token?: string) => {
      const answer = await call(
        "/settle",
        json(request, token === undefined ? {} : { "Turnpike-Settle-Token": token }),
      );
      return (await answer.json()) as { readonly success: boolean; readonly errorReason?: string };
    };
    expect(await settle("a")).toMatchObject({ success: true });
    expect(await settle("a")).toMatchObject({ success: true });
    const used = { success: false, errorReason: "invalid_exact_evm_nonce_already_used", transaction: "" };
    for (const other of ["b", "a, a", "", undefined]) expect(await settle(other)).toMatchObject(used);
  });

  test("answers a refusal of the protocol with 200", async () => {
    const request = await pay({ signer: chain.accounts.stranger });
    const verified = await call("/verify", json(request));
    expect([verified.status, await verified.json()]).toMatchObject([
      200,
      { isValid: false, invalidReason: "insufficient_funds" },
    ]);
    const settled = await call("/settle", json(request));
    expect([settled.status, await settled.json()]).toMatchObject([200, { success: false, transaction: "" }]);
  });

  test("reads null as absent, as clients in other languages write it", async () => {
    const request = await pay();
    const paymentPayload = { ...request.paymentPayload, resource: null, extensions: null };
    expect((await call("/verify", json({ ...request, paymentPayload }))).status).toBe(200);
  });

  test.each<[string, string, RequestInit, number, string]>([
    ["another path", "/discovery", {}, 404, "not_found"],
    ["no path", "/", {}, 404, "not_found"],
    ["GET of /verify", "/verify", {}, 405, "method_not_allowed"],
    ["PUT of /settle", "/settle", { method: "PUT" }, 405, "method_not_allowed"],
    ["POST of /supported", "/supported", json({}), 405, "method_not_allowed"],
    ["no media type", "/verify", { method: "POST", body: new Uint8Array([123, 125]) }, 415, "unsupported_media_type"],
    [
      "another media type",
      "/verify",
      json({}, { "content-type": "application/jsonlines" }),
      415,
      "unsupported_media_type",
    ],
    ["too long a body", "/verify", json(`{"a":"${"a".repeat(64 * 1024)}"}`), 413, "body_too_large"],
    ["no JSON", "/settle", json("{"), 400, "invalid_json"],
    ["no UTF-8", "/settle", { ...json(""), body: new Uint8Array([0x22, 0xff, 0x22]) }, 400, "invalid_json"],
    ["an empty body", "/settle", json(""), 400, "invalid_json"],
    ["another shape", "/verify", json({ x402Version: 2 }), 400, "invalid_request"],
    ["an array", "/verify", json([]), 400, "invalid_request"],
    [
      "version 1",
      "/verify",
      json({ x402Version: 1, paymentPayload: {}, paymentRequirements: {} }),
      400,
      "invalid_request",
    ],
  ])("refuses %s", async (_name, path, init, status, code) => {
    const answer = await call(path, init);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toBe("application/problem+json");
    expect(await answer.json()).toMatchObject({ status, code, title: expect.any(String), detail: expect.any(String) });
    if (status === 405) expect(answer.headers.get("allow")).toBe(path === "/supported" ? "GET, HEAD" : "POST");
  });
});

describe("a facilitator that cannot answer", () => {
  test("gives 503 with Retry-After while its chain cannot be reached, and none of its words", async () => {
    const { privateKey } = chain.accounts.facilitator;
    const down = localFacilitator({ rpcUrl: await findDeadEnd(), privateKey, network: chain.network });
    for (const path of ["verify", "settle"]) {
      const handle = serveFacilitator(down);
      const answer = await handle(new Request(`http://facilitator.test/${path}`, json(await pay())));
      expect(answer.status).toBe(503);
      expect(answer.headers.get("retry-after")).toBe("2");
      expect(await answer.json()).toMatchObject({ code: "facilitator_unreachable" });
    }
  });

  test("gives 500 when it throws something else, and none of its words", async () => {
    const broken: Facilitator = {
      ...facilitator,
      supported: () => Promise.reject(new Error("secret")),
      verify: () => {
        throw new FacilitatorError("facilitator_busy", "secret", { sent: false });
      },
      settle: () => Promise.reject(undefined),
    };
    const handle = serveFacilitator(broken);
    const answers = [
      await handle(new Request("http://facilitator.test/supported")),
      await handle(new Request("http://facilitator.test/verify", json(await pay()))),
      await handle(new Request("http://facilitator.test/settle", json(await pay()))),
    ];
    expect(answers.map(({ status }) => status)).toEqual([500, 503, 500]);
    for (const answer of answers) expect(await answer.text()).not.toContain("secret");
  });
});

describe("over HTTP", () => {
  test("the paywall's own client sends the token of a settlement", async () => {
    const request = await pay();
    const client = httpFacilitator(server.url);
    expect(await client.settle(request, { token: "a" })).toMatchObject({ success: true });
    expect(await client.settle(request, { token: "b" })).toMatchObject({ success: false, transaction: "" });
    expect(await client.settle(request, { token: "a" })).toMatchObject({ success: true });
  });

  test("the paywall's own client and the official one can use it", async () => {
    const ours = httpFacilitator(server.url);
    expect(await ours.supported()).toEqual(await facilitator.supported());
    const request = await pay();
    expect(await ours.verify(request)).toMatchObject({ isValid: true });
    expect(await ours.settle(request)).toMatchObject({ success: true });
    const official = new HTTPFacilitatorClient({ url: server.url });
    const { paymentPayload, paymentRequirements } = await pay();
    type Arguments = Parameters<typeof official.settle>;
    const pair = [paymentPayload, paymentRequirements] as unknown as Arguments;
    expect((await official.getSupported()).kinds).toEqual((await facilitator.supported()).kinds);
    expect(await official.verify(...pair)).toMatchObject({ isValid: true });
    expect(await official.settle(...pair)).toMatchObject({ success: true, network: chain.network });
  });

  test("a body that never ends is refused while it is still coming", async () => {
    const { port } = new URL(server.url);
    const headers = { "content-type": "application/json" };
    const sending = httpRequest({ host: "127.0.0.1", port, method: "POST", path: "/settle", headers });
    const status = new Promise((resolve, reject) => {
      sending.once("response", (response) => resolve(response.statusCode));
      sending.once("error", reject);
    });
    sending.write("a".repeat(70 * 1024));
    expect(await status).toBe(413);
    sending.destroy();
  });

  test("a port that is taken is an error, and a closed server takes no more calls", async () => {
    const port = Number(new URL(server.url).port);
    await expect(listenFacilitator(facilitator, { port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    const other = await listenFacilitator(facilitator, { host: "127.0.0.1" });
    expect((await fetch(`${other.url}/supported`)).status).toBe(200);
    await other.close();
    await expect(fetch(`${other.url}/supported`)).rejects.toThrow();
  });
});
