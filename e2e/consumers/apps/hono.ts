import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { createPaywall } from "@turnpike/core";
import { paid, paywall, protect } from "@turnpike/hono";
import { Hono } from "hono";
import { listen } from "./listen.js";
import { type OpenShop, payTo } from "./market.js";

export const openHono: OpenShop = async (facilitator) => {
  const tolls = createPaywall({ payTo, network: "base-sepolia", facilitator, reconcileSeconds: 0 });
  const app = new Hono();
  protect(app, tolls, { "GET /item": "$0.01", "ALL /item": "free" });
  app.get("/item", (c) => c.json({ item: 1, paid: c.var.payment?.amount }));
  app.get("/other", paid(tolls, "$0.02"), (c) => c.json({ item: 2 }));
  paywall.check(app);
  return listen(createAdaptorServer(app) as Server);
};
