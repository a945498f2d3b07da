import paywall, { createPaywall, paid } from "@turnpike/fastify";
import fastify from "fastify";
import { type OpenShop, payTo } from "./market.js";

export const openFastify: OpenShop = async (facilitator) => {
  const tolls = createPaywall({ payTo, network: "base-sepolia", facilitator, reconcileSeconds: 0 });
  const app = fastify({ forceCloseConnections: true });
  await app.register(paywall, { tolls });
  app.get("/item", { config: { paywall: "$0.01" } }, async (request) => ({ item: 1, paid: request.payment?.amount }));
  app.get("/other", paid(tolls, "$0.02"), async () => ({ item: 2 }));
  const origin = await app.listen({ host: "127.0.0.1", port: 0 });
  return { origin, close: () => app.close() };
};
