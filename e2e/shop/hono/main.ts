import { getRequestListener } from "@hono/node-server";
import { serveShop } from "@turnpike/shop-shared/node";
import { createShop } from "./app.js";

await serveShop((config) => getRequestListener(createShop(config).fetch));
