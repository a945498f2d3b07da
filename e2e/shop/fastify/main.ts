import { serveShop } from "@turnpike/shop-shared/node";
import { createShop } from "./app.js";

await serveShop(async (config) => {
  const app = await createShop(config);
  return (request, response) => app.routing(request, response);
});
