import { createPaywall } from "@turnpike/core";
import type { Request } from "express";
import { paid, paywall } from "./index.js";

const config = { payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", network: "base-sepolia" };

/** Once, an engine's own table stood in the way, and the parameter of a price function in a table had no type. */
paywall({ ...config, routes: { "GET /a": (req) => (req satisfies Request).path && "$1" } });
paywall(config, {
  "GET /a": { price: (req) => `$${(req satisfies Request).query.n}`, preview: (req) => ({ path: req.path }) },
});
paid(createPaywall(config), (req) => (req satisfies Request).path && "$1");
