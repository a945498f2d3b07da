import type { Facilitator } from "@turnpike/core";
import { type Chain, startChain } from "@turnpike/e2e-chain";
import { afterEach, beforeEach } from "vitest";
import { type LocalFacilitatorOptions, localFacilitator } from "../../src/index.js";
import { createPayment, type PaymentChanges } from "./payments.js";
import { startUnreliableNode, type UnreliableNode } from "./unreliable-node.js";

/** What each test of a file starts with, anew: a chain, and a facilitator of ours on it. */
export let chain: Chain;
export let facilitator: Facilitator;
/** Stands between the facilitator and the chain. */
export let node: UnreliableNode;

/** Another facilitator of the same key. */
export const open = (options?: Partial<LocalFacilitatorOptions>): Facilitator => {
  const { privateKey } = chain.accounts.facilitator;
  return localFacilitator({ rpcUrl: node.rpcUrl, privateKey, network: chain.network, ...options });
};

export const pay = (changes?: PaymentChanges) => createPayment(chain, changes);
export const earned = () => chain.balanceOf(chain.accounts.seller.address);

export async function balances() {
  const { payer, seller, facilitator } = chain.accounts;
  const [paid, earned, kept] = await Promise.all(
    [payer, seller, facilitator].map((who) => chain.balanceOf(who.address)),
  );
  return { paid: paid as bigint, earned: earned as bigint, kept: kept as bigint };
}

beforeEach(async () => {
  chain = await startChain();
  node = await startUnreliableNode(chain.rpcUrl);
  facilitator = open();
});

afterEach(async () => {
  await node[Symbol.asyncDispose]();
  await chain.stop();
});
