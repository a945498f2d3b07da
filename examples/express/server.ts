import type { AddressInfo } from "node:net";
import { paywall, protect } from "@turnpike/express";
import express from "express";

const { PAY_TO: payTo, PORT: port = "3000" } = process.env;
if (!payTo) {
  process.stderr.write("Set PAY_TO to your own address, which is to be paid: PAY_TO=0x… pnpm start\n");
  process.exit(1);
}

const app = express();
protect(app, { payTo, network: "base-sepolia", routes: { "GET /weather": "$0.01" } });

app.get("/weather", (_req, res) => {
  res.json({ weather: "sunny" });
});

paywall.check(app);

const server = app.listen(Number(port), "127.0.0.1", (error) => {
  if (error) throw error;
  process.stdout.write(`Serving http://127.0.0.1:${(server.address() as AddressInfo).port}/weather\n`);
});
