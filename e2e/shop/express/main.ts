import { serveShop } from "@turnpike/shop-shared/node";
import { createShop } from "./app.js";

await serveShop((config) => createShop(config));
