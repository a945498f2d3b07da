// A small shop on Express whose process is made to die. Started by kill.ts and histories.ts.
import { appendFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createPaywall } from "@turnpike/core";
import { paid, paidUpgrade } from "@turnpike/express";
import express, { type Request, type Response } from "express";
import { askChain } from "./chain.js";
import { killPoints } from "./kill-points.js";
import { nonceOf } from "./payment.js";
import { openStore } from "./store.js";

const { STORE = "", FACILITATOR_URL = "", KILL_POINT, TRACE, RUNS, HANDLER_MS = "0" } = process.env;
const points = killPoints(KILL_POINT, TRACE);
const store = points.store(await openStore(STORE));
const facilitator = points.facilitator(FACILITATOR_URL);
const tolls = createPaywall({
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  network: "base-sepolia",
  facilitator,
  store,
  chain: askChain(FACILITATOR_URL),
  limits: false,
  facilitatorTimeout: { settle: 2_000 },
});

/** A line for each beginning and end of a run, so that whoever reads them sees what this process did before it died. */
const log = (event: "begin" | "end", request: IncomingMessage) => {
  if (RUNS)
    appendFileSync(
      RUNS,
      `${JSON.stringify({ at: Date.now(), pid: process.pid, event, nonce: nonceOf(request.headers["payment-signature"] as string) })}\n`,
    );
};

async function sell(request: Request, response: Response): Promise<void> {
  log("begin", request);
  points.reach("handler begin");
  response.once("finish", () => points.reach("answer sent"));
  const ms = Number(HANDLER_MS);
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * ms));
  points.reach("handler end");
  log("end", request);
  response.json({ goods: request.path });
}

const app = express();
app.get("/after", paid(tolls, "$0.01"), sell);
app.get("/before", paid(tolls, { price: "$0.01", settle: "before" }), sell);
app.get("/_ledger", async (_request, response) => {
  response.json((await tolls.payments({ limit: 100_000 })).payments);
});
app.get("/_open", async (_request, response) => {
  response.json(
    (await tolls.payments({ states: ["running", "settling", "settled", "unknown"], limit: 1_000 })).payments,
  );
});

const server = createServer(app);
/** Goods that leave another way: whatever the price says, they are settled first. */
const upgrade = paidUpgrade(tolls, { price: "$0.01", label: "upgrade" }, async (request, socket) => {
  log("begin", request);
  points.reach("handler begin");
  const ms = Number(HANDLER_MS);
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * ms));
  points.reach("handler end");
  log("end", request);
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: goods\r\n\r\n", () => {
    points.reach("answer sent");
    socket.end("goods");
  });
});
server.on("upgrade", upgrade);
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`ready http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
process.once("SIGTERM", async () => {
  server.close();
  server.closeAllConnections();
  await tolls.close({ seconds: 5 });
  process.exit(0);
});
