import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createSocketServer } from "node:net";
import type { PaymentRequired } from "@turnpike/core/protocol";
import { recoverTypedDataAddress } from "viem";
import { expect, it } from "vitest";
import { authorizationTypes } from "../authorization.js";
import { encodings } from "./encodings.js";
import { decodeHeader, encodeHeader } from "./header.js";
import { payer } from "./payer.js";
import { rawRequest } from "./raw-request.js";

const key = `0x${"5".repeat(64)}` as const;
const required: PaymentRequired = {
  x402Version: 2,
  resource: { url: "https://api.example.com/é✓" },
  accepts: [
    { scheme: "upto", network: "eip155:1", amount: "1", asset: "0x1", payTo: "0x2", maxTimeoutSeconds: 1 },
    {
      scheme: "exact",
      network: "eip155:84532",
      amount: "10000",
      asset: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
      payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
      maxTimeoutSeconds: 60,
      extra: { name: "USDC", version: "2" },
    },
  ],
};

async function serve(listener: RequestListener, use: (origin: string) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

it("signs the first offer that it can pay, so that the signature recovers to its address", async () => {
  const buyer = payer(key);
  const payload = await buyer.sign(required);
  expect(payload.accepted).toEqual(required.accepts[1]);
  const { authorization, signature } = payload.payload as {
    authorization: Record<string, string>;
    signature: `0x${string}`;
  };
  const signer = await recoverTypedDataAddress({
    domain: {
      name: "USDC",
      version: "2",
      chainId: 84532,
      verifyingContract: required.accepts[1]?.asset as `0x${string}`,
    },
    types: authorizationTypes,
    primaryType: "TransferWithAuthorization",
    message: authorization as never,
    signature,
  });
  expect(signer).toBe(buyer.address);
  expect(authorization).toMatchObject({ from: buyer.address, value: "10000", to: required.accepts[1]?.payTo });
});

it("never signs the same nonce twice, and signs tampered members as given", async () => {
  const buyer = payer(key);
  const payloads = await Promise.all([buyer.sign(required), buyer.sign(required, { authorization: { value: "1" } })]);
  const [first, second] = payloads.map(({ payload }) => payload.authorization as Record<string, string>);
  expect(first?.nonce).not.toBe(second?.nonce);
  expect(second?.value).toBe("1");
  await expect(buyer.sign({ ...required, accepts: [] })).rejects.toThrow(/no offer/);
});

it("writes one payment in other bytes that mean the same", async () => {
  const payload = await payer(key).sign(required);
  const honest = encodeHeader(payload);
  const { signature } = payload.payload as { signature: string };
  const seen = new Set([honest]);
  for (const [name, encode] of Object.entries(encodings)) {
    const header = encode(payload);
    expect(seen.has(header), name).toBe(false);
    seen.add(header);
    const read = decodeHeader(header) as { payload: { signature: string; authorization: { nonce: string } } };
    expect(read.payload.signature.toLowerCase(), name).toBe(signature.toLowerCase());
  }
});

it("pays what a 402 asks and reads the receipt", async () => {
  const receipt = { success: true, transaction: "0x1", network: "eip155:84532" };
  const listener: RequestListener = (request, response) => {
    const header = request.headers["payment-signature"];
    if (header === undefined) response.writeHead(402, { "PAYMENT-REQUIRED": encodeHeader(required) }).end("{}");
    else response.writeHead(200, { "PAYMENT-RESPONSE": encodeHeader(receipt) }).end(header);
  };
  await serve(listener, async (origin) => {
    const purchase = await payer(key).buy(`${origin}/paid`);
    expect(purchase.receipt).toEqual(receipt);
    expect(purchase.challenge).toEqual(required);
    expect(decodeHeader(await purchase.response.text())).toEqual(purchase.payload);
  });
});

it("reads an answer as it stood on the wire, trailers included", async () => {
  const listener: RequestListener = (request, response) => {
    response.writeHead(203, "Quite Right", ["X-One", "1", "x-one", "2", "Trailer", "X-Sum"]);
    response.write(`${request.url} `);
    response.addTrailers({ "X-Sum": "abc" });
    response.end("é");
  };
  await serve(listener, async (origin) => {
    const answer = await rawRequest(origin, ["GET /a/../b%2F HTTP/1.1"]);
    expect([answer.status, answer.reason, answer.header("X-ONE")]).toEqual([203, "Quite Right", "1, 2"]);
    expect(answer.headers.slice(0, 2)).toEqual([
      ["X-One", "1"],
      ["x-one", "2"],
    ]);
    expect(answer.body.toString()).toBe("/a/../b%2F é");
    expect(answer.trailers).toEqual([["X-Sum", "abc"]]);
  });
});

it("sends exactly the bytes that it is given, and refuses to read what is no answer", async () => {
  const received: Buffer[] = [];
  const server = createSocketServer((socket) => {
    socket.on("data", (chunk) => {
      received.push(chunk);
      socket.end("nothing of HTTP");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const bytes = Buffer.from("GET \\..\\ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
  await expect(rawRequest(origin, bytes)).rejects.toThrow(/No HTTP answer/);
  expect(Buffer.concat(received)).toEqual(bytes);
  server.close();
});
