import { createPaywall } from "@turnpike/core";
import { refuseStart, serveShop } from "@turnpike/shop-shared/node";
import next from "next";
import { buildShop } from "./build";
import { closeEngines, provideConfig } from "./engine";

const dir = import.meta.dirname;

await buildShop().catch(refuseStart);

const origin = await serveShop(async (config, origin) => {
  // The routes' modules say what is wrong with it only when they are first asked.
  createPaywall({ ...config, reconcileSeconds: 0 });
  provideConfig(config);
  const app = next({ dev: false, dir, hostname: "127.0.0.1", port: Number(new URL(origin).port) });
  await app.prepare();
  return { listener: app.getRequestHandler(), tolls: { close: closeEngines } };
});
// Nor does the engine in them look after payments that an earlier process left open before it is there.
await fetch(`${origin}/_ledger`).catch(() => {});
