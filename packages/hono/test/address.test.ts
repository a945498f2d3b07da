import { Hono } from "hono";
import { afterEach, describe, expect, it, vi } from "vitest";
import { addressOf } from "../src/lib/address.js";

async function addressIn(env: object, headers: Record<string, string> = {}): Promise<string> {
  const app = new Hono().get("/", (c) => c.text(String(addressOf(c))));
  return (await app.request("/", { headers }, env)).text();
}

afterEach(() => {
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

describe("the client's address", () => {
  const address = "203.0.113.7";

  it("G33 is the connection's, as each runtime has it", async () => {
    const incoming = { socket: { remoteAddress: address } };
    expect(await addressIn({ incoming })).toBe(address);
    expect(await addressIn({ server: { incoming } })).toBe(address);
    const requestIP = () => ({ address });
    expect(await addressIn({ requestIP })).toBe(address);
    expect(await addressIn({ server: { requestIP } })).toBe(address);
    expect(await addressIn({ remoteAddr: { hostname: address } })).toBe(address);
    expect(await addressIn({ requestContext: { http: { sourceIp: address } } })).toBe(address);
  });

  it("G33 is a header's only where the platform writes that over the client's", async () => {
    const headers = { "cf-connecting-ip": address, "x-vercel-forwarded-for": "203.0.113.8", "x-forwarded-for": "::1" };
    expect(await addressIn({}, headers)).toBe("undefined");
    expect(await addressIn({ server: "a binding", requestIP: "another" }, headers)).toBe("undefined");
    vi.stubEnv("VERCEL", "1");
    expect(await addressIn({}, headers)).toBe("203.0.113.8");
    vi.stubGlobal("navigator", { userAgent: "Cloudflare-Workers" });
    expect(await addressIn({}, headers)).toBe(address);
  });
});
