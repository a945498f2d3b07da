// What `npm run demo` shows: one purchase, from the unpaid request to the balances on a chain of its own.
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Chain, startChain } from "@turnpike/e2e-chain";
import { localFacilitator } from "@turnpike/evm";
import { listenFacilitator } from "@turnpike/evm/node";
import { protect } from "@turnpike/express";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import express from "express";
import { privateKeyToAccount } from "viem/accounts";
import { type Balances, readBalances, showBalances, showChallenge, showReceipt, tell, title } from "./transcript.js";

/** One cent in atomic units: USDC has six decimals. */
const price = 10_000n;

async function main(): Promise<boolean> {
  title("Setting the stage");
  await using chain = await startChain();
  const { seller, payer, facilitator: operator } = chain.accounts;
  tell(`A chain of our own runs on this machine. It stands in for Base Sepolia, with its USDC at the same address.`);
  await using facilitator = await serve(chain, operator.privateKey);
  tell("A facilitator checks payments and brings them to the chain. It holds no money.");
  await using shop = await openShop(seller.address, facilitator.url);
  tell(`An Express app sells the weather at ${shop.url}/weather. Its paywall is one line:

    protect(app, { payTo, network: "base-sepolia", facilitator, routes: { "GET /weather": "$0.01" } });`);
  const before = await readBalances(chain);
  showBalances("Balances before", before);

  title("1. Asking without a payment");
  tell(`GET ${shop.url}/weather`);
  const unpaid = await fetch(`${shop.url}/weather`);
  if (unpaid.status !== 402) {
    tell(`It should have been asked to pay, but got ${unpaid.status}.`);
    return false;
  }
  await showChallenge(unpaid);

  title("2. Buying it");
  tell("The same request with @x402/fetch, the official client. It reads the offer, signs a payment and asks again.");
  const buyer = new x402Client().register("eip155:*", new ExactEvmScheme(privateKeyToAccount(payer.privateKey)));
  const paid = await wrapFetchWithPayment(fetch, buyer)(`${shop.url}/weather`);
  const receipt = paid.headers.get("PAYMENT-RESPONSE");
  if (paid.status !== 200 || receipt === null) {
    tell(`It was refused: ${paid.status} ${await paid.text()}`);
    return false;
  }
  await showReceipt(chain, paid, decodePaymentResponseHeader(receipt));

  title("3. The money");
  const after = await readBalances(chain);
  showBalances("Balances after", after);
  const exact = movedExactly(before, after);
  tell(exact ? "Exactly one cent went from the buyer to the seller." : "The balances are not what they should be!");
  return exact;
}

async function serve(chain: Chain, privateKey: string) {
  const server = await listenFacilitator(localFacilitator({ rpcUrl: chain.rpcUrl, privateKey }));
  return { url: server.url, [Symbol.asyncDispose]: () => server.close() };
}

async function openShop(payTo: string, facilitator: string) {
  const app = express();
  protect(app, { payTo, network: "base-sepolia", facilitator, routes: { "GET /weather": "$0.01" } });
  app.get("/weather", (_req, res) => {
    res.json({ weather: "sunny" });
  });
  const server = await new Promise<Server>((resolve, reject) => {
    const listening = app.listen(0, "127.0.0.1", (error) => (error ? reject(error) : resolve(listening)));
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function movedExactly(before: Balances, after: Balances): boolean {
  return after.buyer === before.buyer - price && after.seller === before.seller + price;
}

process.exitCode = (await main()) ? 0 : 1;
