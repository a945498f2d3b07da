import { serve } from "@hono/node-server";
import { paywall, protect } from "@turnpike/hono";
import { Hono } from "hono";

const { PAY_TO: payTo, PORT: port = "3000" } = process.env;
if (!payTo) {
  process.stderr.write("Set PAY_TO to your own address, which is to be paid: PAY_TO=0x… pnpm start\n");
  process.exit(1);
}

const app = new Hono();
protect(app, { payTo, network: "base-sepolia", routes: { "GET /weather": "$0.01" } });

app.get("/weather", (c) => c.json({ weather: "sunny" }));
paywall.check(app);

serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(port) }, (address) => {
  process.stdout.write(`Serving http://127.0.0.1:${address.port}/weather\n`);
});
