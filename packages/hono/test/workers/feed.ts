import { memoryStore, type PaywallConfig } from "@turnpike/core";
import { type Context, Hono } from "hono";
import { upgradeWebSocket } from "hono/cloudflare-workers";
import { paywall } from "../../src/index.js";

/** A Worker whose WebSockets are sold; `/broken` fails where it should open one. */
let app: Hono | undefined;

function open(facilitator: string): Hono {
  const config: PaywallConfig<Context> = {
    payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
    network: "base-sepolia",
    facilitator,
    store: memoryStore(),
    reconcileSeconds: 0,
  };
  const made = new Hono();
  const routes = Object.fromEntries(
    ["after", "before", "background"].map((settle) => [
      `GET /${settle}`,
      { price: "$0.01", settle: settle as "after" | "before" | "background" },
    ]),
  );
  made.use(paywall(config, { ...routes, "GET /broken": "$0.01" }));
  const greet = upgradeWebSocket(() => ({
    onMessage: (event, socket) => socket.send(`you said ${event.data}`),
  }));
  for (const path of ["/after", "/before", "/background"]) made.get(path, greet);
  made.get("/broken", () => {
    throw new Error("no feed today");
  });
  return made;
}

// biome-ignore lint/style/noDefaultExport: how a Worker exports its handlers
export default {
  fetch(request: Request, env: { FACILITATOR: string }): Response | Promise<Response> {
    app ??= open(env.FACILITATOR);
    return app.fetch(request, env);
  },
};
