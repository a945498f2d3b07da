import { createShop } from "./runtime-shop.js";

declare const Bun: { serve(options: object): { readonly url: URL } };

const [config, coded] = JSON.parse(process.argv[2] ?? "");
const app = createShop(config, coded);
const { url } = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: app.fetch });
process.stdout.write(`${url.href}\n`);
