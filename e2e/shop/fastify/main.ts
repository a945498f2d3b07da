import { createPaywall } from "@turnpike/core";
import { serveShop } from "@turnpike/shop-shared/node";
import { createShop } from "./app.js";

await serveShop(async (config) => {
  const app = await createShop(config);
  // Of one configuration there is one engine.
  return { listener: (request, response) => app.routing(request, response), tolls: createPaywall(config) };
});
