import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createPaywall, type Facilitator, FacilitatorError, memoryStore, type PaywallConfig } from "@turnpike/core";
import type { PaymentPayload, PaymentRequired } from "@turnpike/core/protocol";
import type { Chain } from "@turnpike/e2e-chain";
import { paywall } from "@turnpike/express";
import { encodeHeader, payer, readChallenge, readReceipt } from "@turnpike/testing";
import express from "express";
import { onTestFinished } from "vitest";

/** One priced route that counts its runs, on records of its own unless told otherwise. */
export async function openCounter(config: PaywallConfig) {
  const shared: PaywallConfig = { reconcileSeconds: 0, store: memoryStore(), ...config };
  const tolls = createPaywall(shared);
  const app = express();
  let runs = 0;
  app.use(paywall(tolls, { "GET /goods": "$0.01" }));
  app.get("/goods", (_request, response) => {
    runs++;
    response.json({ goods: true });
  });
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await tolls.close({ seconds: 1 });
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/goods`;
  return {
    tolls,
    shared,
    runs: () => runs,
    challenge: async (): Promise<PaymentRequired> => {
      const challenge = readChallenge(await fetch(url));
      if (!challenge) throw new Error("no payment is asked");
      return challenge;
    },
    /** Sends a payment; tells what a buyer sees. */
    pay: async (payment: PaymentPayload) => {
      const response = await fetch(url, { headers: { "PAYMENT-SIGNATURE": encodeHeader(payment) } });
      const body = (await response.json().catch(() => undefined)) as { readonly code?: string } | undefined;
      return { status: response.status, code: body?.code, receipt: readReceipt(response) };
    },
    states: async () => (await tolls.payments()).payments.map(({ state }) => state),
  };
}

export type Counter = Awaited<ReturnType<typeof openCounter>>;

/** A payment by EIP-3009 for what a counter asks. */
export async function sign(chain: Chain, counter: Counter): Promise<PaymentPayload> {
  return payer(chain.accounts.payer.privateKey).sign(await counter.challenge());
}

export const lost = () => new FacilitatorError("facilitator_disconnected", "the answer was lost", { sent: true });

/** A facilitator whose first settle call is cut before it did anything, or after. */
export function cutOnce(honest: Facilitator, when: "before" | "after" = "before"): Facilitator {
  let cut = false;
  return {
    ...honest,
    settle: async (request, options) => {
      if (cut) return honest.settle(request, options);
      cut = true;
      if (when === "after") await honest.settle(request, options);
      throw lost();
    },
  };
}
