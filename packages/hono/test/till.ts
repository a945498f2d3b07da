import type { PaywallConfig } from "@turnpike/core";
import { payer, readChallenge, readReceipt, startFacilitator, type TestFacilitator } from "@turnpike/testing";
import type { Context } from "hono";
import { afterAll, beforeAll } from "vitest";

const seller = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";

/** What serves requests: an app, or a fetch function over HTTP. */
export interface Served {
  request(path: string, init?: RequestInit): Response | Promise<Response>;
}

/** A facilitator for the tests of one file, and a buyer. */
export function openTill() {
  let facilitator!: TestFacilitator;
  const buyer = payer();
  beforeAll(async () => {
    facilitator = await startFacilitator();
  });
  afterAll(() => facilitator.close());
  return {
    get facilitator() {
      return facilitator;
    },
    config: (more: Partial<PaywallConfig<Context>> = {}): PaywallConfig<Context> => ({
      payTo: seller,
      network: "base-sepolia",
      facilitator: facilitator.url,
      ...more,
    }),
    get charges() {
      return facilitator.charges.length;
    },
    /** Asks, pays what is asked, asks again. */
    async buy(served: Served, path: string, init: RequestInit = {}) {
      const required = readChallenge(await served.request(path, init));
      if (!required) throw new Error(`${path} asks no payment`);
      const headers = new Headers(init.headers);
      headers.set("payment-signature", await buyer.header(required));
      const response = await served.request(path, { ...init, headers });
      return { required, response, receipt: readReceipt(response) };
    },
    buyer,
    payer: buyer.address,
  };
}
