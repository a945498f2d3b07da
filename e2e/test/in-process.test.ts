import type { PaywallConfig } from "@turnpike/core";
import { type Chain, startChain } from "@turnpike/e2e-chain";
import { localFacilitator } from "@turnpike/evm";
import { payer, readChallenge, readReceipt } from "@turnpike/testing";
import request from "supertest";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createShop as createExpressShop } from "../shop/express/app.js";
import { createShop as createHonoShop } from "../shop/hono/app.js";

// As sellers test their apps: without a server of their own, and with the facilitator in the same process.
let chain: Chain;
let config: PaywallConfig;
beforeAll(async () => {
  chain = await startChain();
  const { facilitator, seller } = chain.accounts;
  config = {
    payTo: seller.address,
    network: "base-sepolia",
    origin: "https://shop.example",
    facilitator: localFacilitator({ rpcUrl: chain.rpcUrl, privateKey: facilitator.privateKey }),
  };
});
afterAll(() => chain?.stop());

const sign = (headers: Headers) => {
  const challenge = readChallenge({ headers });
  if (!challenge) throw new Error("no payment is asked");
  return payer(chain.accounts.payer.privateKey).header(challenge);
};

const earned = () => chain.balanceOf(chain.accounts.seller.address);

describe("an Express app under supertest", () => {
  test("sells without a listening server", async () => {
    const app = createExpressShop(config);
    const before = await earned();
    const unpaid = await request(app).get("/weather").expect(402);
    const header = await sign(new Headers(unpaid.headers as Record<string, string>));
    const answer = await request(app)
      .get("/weather")
      .set("PAYMENT-SIGNATURE", header)
      .expect(200, { weather: "sunny" });
    expect(readReceipt({ headers: new Headers(answer.headers as Record<string, string>) })).toMatchObject({
      success: true,
    });
    expect(await earned()).toBe(before + 10_000n);
  });
});

describe("a Hono app under app.request()", () => {
  test("sells without a server", async () => {
    const app = createHonoShop(config);
    const before = await earned();
    const unpaid = await app.request("/weather");
    expect(unpaid.status).toBe(402);
    const headers = { "PAYMENT-SIGNATURE": await sign(unpaid.headers) };
    const answer = await app.request("/weather", { headers });
    expect(await answer.json()).toEqual({ weather: "sunny" });
    expect(readReceipt(answer)).toMatchObject({ success: true });
    expect(await earned()).toBe(before + 10_000n);
  });
});
