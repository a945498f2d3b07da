import { createPaywall } from "@turnpike/core";
import { serveShop } from "@turnpike/shop-shared/node";
import { createShop } from "./app.js";

// Of one configuration there is one engine.
await serveShop((config) => ({ listener: createShop(config), tolls: createPaywall(config) }));
