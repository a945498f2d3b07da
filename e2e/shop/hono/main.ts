import { getRequestListener } from "@hono/node-server";
import { createPaywall } from "@turnpike/core";
import { serveShop } from "@turnpike/shop-shared/node";
import { createShop } from "./app.js";

await serveShop((config) => ({
  listener: getRequestListener(createShop(config).fetch),
  // Of one configuration there is one engine.
  tolls: createPaywall(config),
}));
