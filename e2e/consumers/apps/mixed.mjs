// One process that requires Turnpike in some of its files and imports it in others.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import * as core from "@turnpike/core";
import * as chain from "@turnpike/core/chain";
import * as adapter from "@turnpike/express";
import * as honoAdapter from "@turnpike/hono";
import { payer, startFacilitator } from "@turnpike/testing";
import express from "express";
import { Hono } from "hono";

const require = createRequire(import.meta.url);
const imported = { ...core, ...chain, ...adapter };
const required = { ...require("@turnpike/core"), ...require("@turnpike/core/chain"), ...require("@turnpike/express") };

const facilitator = await startFacilitator();
const config = () => ({
  payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
  network: "base-sepolia",
  facilitator: facilitator.url,
  reconcileSeconds: 0,
  origin: "https://shop.example",
});
let paidFor = true;

/** A shop of one copy's engine, with the adapter of the other. */
async function open(tolls, { paid }, { requirePaid }) {
  const app = express();
  app.get("/item", paid(tolls, { price: "$0.01", label: "item" }), (req, res) => {
    paidFor &&= requirePaid(req, "$0.01").amount === "10000";
    res.json({ item: 1 });
  });
  const server = createServer(app);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/item`, server };
}

const one = await open(required.createPaywall(config()), imported, required);
const tolls = imported.createPaywall(config());
const other = await open(tolls, required, imported);
const buyer = payer();

async function buy(url) {
  const unpaid = (await fetch(url)).status;
  const purchase = await buyer.buy(url);
  return { statuses: [unpaid, purchase.response.status], header: purchase.header };
}

const requiredEngine = await buy(one.url);
const importedEngine = await buy(other.url);
// Both engines have the store that a process has by default.
const again = await fetch(one.url, { headers: { "payment-signature": importedEngine.header } });
const replayed = [again.status, (await again.json()).item];

const made = {
  ConfigError: (copy) => new copy.ConfigError([]),
  StoreError: (copy) => new copy.StoreError("store_failed", "text"),
  FacilitatorError: (copy) => new copy.FacilitatorError("facilitator_timeout", "text", { sent: true }),
  ChainError: (copy) => new copy.ChainError("chain_timeout", "text"),
  TurnpikeError: (copy) => new copy.TurnpikeError("not_paid", "text"),
};
const errors = Object.entries(made)
  .filter(([name, make]) => {
    const known = (error, copy) => error instanceof copy[name] && error instanceof copy.TurnpikeError;
    const others = Object.keys(made).filter((other) => other !== name && other !== "TurnpikeError");
    return (
      known(make(required), imported) &&
      known(make(imported), required) &&
      others.every((other) => !(make(required) instanceof imported[other]))
    );
  })
  .map(([name]) => name);

/** What the check of an app finds if one copy has guarded it and the other has priced a route. */
function check(app, gates, prices, handler) {
  gates.protect(app, tolls, { "GET /item": "$0.01", "ALL /item": "free" });
  app.get("/item", prices.paid(tolls, "$0.02"), handler);
  try {
    prices.paywall.check(app);
    return "nothing";
  } catch (error) {
    return error.problems.map(({ code }) => code).join();
  }
}
const honoAdapters = [honoAdapter, require("@turnpike/hono")];
const checks = [
  check(express(), imported, required, (_req, res) => res.end()),
  check(express(), required, imported, (_req, res) => res.end()),
  check(new Hono(), ...honoAdapters, (c) => c.text("")),
  check(new Hono(), ...honoAdapters.reverse(), (c) => c.text("")),
];

for (const { server } of [one, other]) {
  server.closeAllConnections();
  server.close();
}
const copies = new Set([required.createPaywall, imported.createPaywall]).size;
process.stdout.write(
  JSON.stringify({
    copies,
    requiredEngine: requiredEngine.statuses,
    importedEngine: importedEngine.statuses,
    replayed,
    charges: facilitator.charges.length,
    paidFor,
    errors,
    checks,
  }),
);
await facilitator.close();
