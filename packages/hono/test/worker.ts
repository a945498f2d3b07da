import type { Hono } from "hono";
import { createShop } from "./runtime-shop.js";

let app: Hono | undefined;

// biome-ignore lint/style/noDefaultExport: workerd asks for one
export default {
  fetch(request: Request, { SHOP }: { readonly SHOP: string }, context: never): Response | Promise<Response> {
    const [config, coded] = JSON.parse(SHOP);
    app ??= createShop(config, coded);
    return app.fetch(request, {}, context);
  },
};
