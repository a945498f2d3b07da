import { createServer } from "node:http";
import { createPaywall } from "@turnpike/core";
import { paid, paywall, protect } from "@turnpike/express";
import express from "express";
import { listen } from "./listen.js";
import { type OpenShop, payTo } from "./market.js";

export const openExpress: OpenShop = async (facilitator) => {
  const tolls = createPaywall({ payTo, network: "base-sepolia", facilitator, reconcileSeconds: 0 });
  const app = express();
  protect(app, tolls, { "GET /item": "$0.01", "ALL /item": "free" });
  app.get("/item", (req, res) => void res.json({ item: 1, paid: req.payment?.amount }));
  app.get("/other", paid(tolls, "$0.02"), (_req, res) => void res.json({ item: 2 }));
  paywall.check(app);
  return listen(createServer(app));
};
