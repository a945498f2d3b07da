import { createPaywall } from "@turnpike/core";
import { refuseStart, serveShop } from "@turnpike/shop-shared/node";
import next from "next";
import { buildApp } from "./build";

const dir = import.meta.dirname;

// The routes' modules are loaded once while Next builds; what they read then is read again at every start.
const placeholders = {
  FACILITATOR_URL: "http://127.0.0.1:9",
  PAY_TO: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  ORIGIN: "http://127.0.0.1",
};
await buildApp(dir, placeholders).catch(refuseStart);

await serveShop(async (config, origin) => {
  // The routes' modules say what is wrong with it only when they are first asked.
  createPaywall(config);
  process.env.ORIGIN = config.origin ?? origin;
  const app = next({ dev: false, dir, hostname: "127.0.0.1", port: Number(new URL(origin).port) });
  await app.prepare();
  return app.getRequestHandler();
});
