import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { jwtVerify } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConfigError } from "../errors.js";
import { cdp } from "./cdp.js";

const tokens: { path: string; token: string }[] = [];
const server = createServer((request, response) => {
  tokens.push({
    path: `${request.method} ${request.headers.host}${request.url}`,
    token: (request.headers.authorization ?? "").replace("Bearer ", ""),
  });
  response.writeHead(200, { "content-type": "application/json" }).end('{"kinds":[],"isValid":true}');
});
let url = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/platform/v2/x402`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const request = { x402Version: 2, paymentPayload: {}, paymentRequirements: {} } as never;

describe("cdp", () => {
  it("G51 asks for keys that a function gives once, when they are needed, and again while they are missing", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    const { d, x } = privateKey.export({ format: "jwk" });
    const parts = [d, x].map((part) => Buffer.from(part as string, "base64url"));
    const keySecret = Buffer.concat(parts).toString("base64");
    let times = 0;
    let keys: { keyId: string | undefined; keySecret: string | undefined } = { keyId: "key-1", keySecret: undefined };
    const facilitator = cdp(() => {
      times++;
      return keys;
    }, url);
    expect(times).toBe(0);
    await expect(facilitator.ready?.()).rejects.toThrow(/got no keySecret.*variable is set/);
    await expect(facilitator.supported()).rejects.toMatchObject({ code: "facilitator_credentials", sent: false });
    expect(times).toBe(2);
    keys = { keyId: "key-1", keySecret };
    await Promise.all([facilitator.ready?.(), facilitator.supported()]);
    await facilitator.verify(request);
    expect(times).toBe(3);
    expect(tokens.at(-1)?.token).toMatch(/^ey/);
  });

  it("signs a token for each call's verb and path with an Ed25519 key", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const { d, x } = privateKey.export({ format: "jwk" });
    const keySecret = Buffer.concat([
      Buffer.from(d as string, "base64url"),
      Buffer.from(x as string, "base64url"),
    ]).toString("base64");
    const facilitator = cdp({ keyId: "key-1", keySecret }, url);
    tokens.length = 0;
    await facilitator.supported();
    await facilitator.verify(request);
    for (const { path, token } of tokens) {
      const { payload, protectedHeader } = await jwtVerify(token, publicKey, { issuer: "cdp", subject: "key-1" });
      expect(payload.uris).toEqual([path]);
      expect(protectedHeader).toMatchObject({ alg: "EdDSA", kid: "key-1" });
    }
    expect(tokens.map(({ path }) => path.split("x402")[1])).toEqual(["/supported", "/verify"]);
    expect(tokens[0]?.token).not.toBe(tokens[1]?.token);
  });

  it("takes EC keys in both PEM forms that Coinbase issued, line breaks escaped or not", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    for (const type of ["pkcs8", "sec1"] as const) {
      const pem = privateKey.export({ format: "pem", type }) as string;
      for (const keySecret of [pem, pem.replaceAll("\n", "\\n")]) {
        tokens.length = 0;
        await cdp({ keyId: "key-2", keySecret }, url).supported();
        const { protectedHeader } = await jwtVerify(tokens[0]?.token ?? "", publicKey, { issuer: "cdp" });
        expect(protectedHeader.alg).toBe("ES256");
      }
    }
  });

  it("refuses keys that are missing or of no known form at start, without repeating them", () => {
    for (const keys of [
      { keyId: "", keySecret: "x" },
      { keyId: "a", keySecret: "" },
      { keyId: "a", keySecret: "c2VjcmV0" },
    ]) {
      expect(() => cdp(keys)).toThrow(ConfigError);
    }
    expect(() => cdp({ keyId: "a", keySecret: "c2VjcmV0" })).not.toThrow(/c2VjcmV0/);
  });
});
