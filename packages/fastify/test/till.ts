import type { PaywallConfig } from "@turnpike/core";
import { payer, rawRequest, startFacilitator, type TestFacilitator } from "@turnpike/testing";
import { type FastifyInstance, type FastifyRequest, type FastifyServerOptions, fastify } from "fastify";
import { afterAll, afterEach, beforeAll } from "vitest";

const seller = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";

/** A facilitator and a buyer for the tests of one file, and apps that are closed after each. */
export function openTill() {
  let facilitator!: TestFacilitator;
  const buyer = payer();
  const apps: FastifyInstance[] = [];
  beforeAll(async () => {
    facilitator = await startFacilitator();
  });
  afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())));
  afterAll(() => facilitator.close());
  return {
    buyer,
    get facilitator() {
      return facilitator;
    },
    get charges() {
      return facilitator.charges.length;
    },
    config: (more: Partial<PaywallConfig<FastifyRequest>> = {}): PaywallConfig<FastifyRequest> => ({
      payTo: seller,
      network: "base-sepolia",
      facilitator: facilitator.url,
      ...more,
    }),
    app(options: FastifyServerOptions = {}): FastifyInstance {
      const app = fastify({ forceCloseConnections: true, ...options });
      apps.push(app);
      return app;
    },
  };
}

/** A listening app, by its origin. */
export async function listen(app: FastifyInstance) {
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  const ask = (path: string, init: RequestInit = {}) => fetch(origin + path, { redirect: "manual", ...init });
  return {
    origin,
    ask,
    /** The status of an unpaid request. */
    status: async (path: string, method = "GET") => (await ask(path, { method })).status,
    raw: (target: string, method = "GET") => rawRequest(origin, [`${method} ${target} HTTP/1.1`]),
  };
}
