import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { PaywallConfig } from "@turnpike/core";
import { payer, type RawAnswer, rawRequest, startFacilitator, type TestFacilitator } from "@turnpike/testing";
import express, { type Express, type Request } from "express";
import { afterAll, afterEach, beforeAll } from "vitest";

export const four = "del" in express.application;
/** A wildcard in the running Express's path language. */
export const rest = four ? "*" : "*rest";

const seller = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";

/** A facilitator for the tests of one file, a buyer, and servers that end with each test. */
export function openStand() {
  let facilitator!: TestFacilitator;
  const buyer = payer();
  const servers: Server[] = [];
  beforeAll(async () => {
    facilitator = await startFacilitator();
  });
  afterAll(() => facilitator.close());
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    }
  });
  async function listen(app: Express): Promise<string> {
    const server = app.listen(0, "127.0.0.1");
    servers.push(server);
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  return {
    config: (more: Partial<PaywallConfig<Request>> = {}): PaywallConfig<Request> => ({
      payTo: seller,
      network: "base-sepolia",
      facilitator: facilitator.url,
      ...more,
    }),
    get charges() {
      return facilitator.charges.length;
    },
    listen,
    buyer,
    buy: buyer.buy,
    /** One request, its lines as they are. */
    async raw(app: Express, ...lines: string[]): Promise<RawAnswer> {
      return rawRequest(await listen(app), lines);
    },
    /** The status of a plain request. */
    async status(app: Express, target: string, method = "GET"): Promise<number> {
      return (await rawRequest(await listen(app), [`${method} ${target} HTTP/1.1`])).status;
    },
  };
}

/** An app without the error log of Express's own error handler. */
export function quietApp(): Express {
  const app = express();
  app.set("env", "test");
  return app;
}
