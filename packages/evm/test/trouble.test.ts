import { startChain } from "@turnpike/e2e-chain";
import { createWalletClient, type Hex, http, parseGwei, parseTransaction } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { settleAtLast } from "./support/payments.js";
import { chain, earned, facilitator, node, open, pay } from "./support/stage.js";
import type { Treatment } from "./support/unreliable-node.js";

const SEND = "eth_sendRawTransaction";

const payMany = (count: number) => Promise.all(Array.from({ length: count }, () => pay()));
/** Treats the nth broadcasts (from 1) as told, everything else well. */
const onBroadcast = (treat: (nth: number) => Treatment) => {
  let broadcasts = 0;
  node.treat = (method) => (method === SEND ? treat(++broadcasts) : "forward");
};
const refusal = (message: string): Treatment => ({ answer: { error: { code: -32000, message } } });

test("a broadcast that the node refuses is an error with nothing sent, and leaves no gap for the others", async () => {
  onBroadcast((nth) => (nth % 3 === 0 ? refusal("insufficient funds for gas * price + value") : "forward"));
  const requests = await payMany(12);
  const answers = await Promise.allSettled(requests.map((request) => facilitator.settle(request)));
  const refused = answers.filter((answer) => answer.status === "rejected");
  expect(refused.map(({ reason }) => reason)).toEqual(
    Array.from({ length: 4 }, () => expect.objectContaining({ name: "FacilitatorError", sent: false })),
  );
  expect(answers.filter((answer) => answer.status === "fulfilled" && answer.value.success)).toHaveLength(8);
  expect(await earned()).toBe(80_000n);
});

test("a payment whose broadcast was refused can be settled by the next call", async () => {
  onBroadcast((nth) => (nth === 1 ? refusal("transaction underpriced") : "forward"));
  const request = await pay();
  await expect(facilitator.settle(request)).rejects.toMatchObject({ code: "facilitator_status", sent: false });
  expect(await facilitator.settle(request)).toMatchObject({ success: true });
  expect(await earned()).toBe(10_000n);
});

test("a node that is too busy for a broadcast is given another chance", async () => {
  onBroadcast((nth) => (nth === 1 ? { status: 429 } : nth === 3 ? refusal("request rate exceeded") : "forward"));
  // Well before a transaction that may be lost is offered again.
  const hasty = open({ settleTimeout: 3000 });
  expect(await hasty.settle(await pay())).toMatchObject({ success: true });
  expect(await hasty.settle(await pay())).toMatchObject({ success: true });
  expect(await earned()).toBe(20_000n);
});

test("a broadcast whose answer is lost settles, and those behind it too", async () => {
  onBroadcast((nth) => (nth === 2 ? "forward and hang up" : "forward"));
  const answers = await Promise.all((await payMany(6)).map((request) => facilitator.settle(request)));
  expect(answers.every(({ success }) => success)).toBe(true);
  expect(await earned()).toBe(60_000n);
});

test("a broadcast that may never have arrived is offered again before others take the next nonce", async () => {
  onBroadcast((nth) => (nth === 1 || nth === 4 ? "swallow" : "forward"));
  const answers = await Promise.all((await payMany(6)).map((request) => facilitator.settle(request)));
  expect(answers.every(({ success }) => success)).toBe(true);
  const nonces = node.paramsOf(SEND).map((raw) => parseTransaction(raw as Hex).nonce ?? 0);
  expect(nonces).toEqual([0, 0, 1, 2, 2, 3, 4, 5]);
  expect(await earned()).toBe(60_000n);
});

test("an error that nobody understands leaves the payment pending, never failed", async () => {
  onBroadcast((nth) => (nth === 1 ? refusal("the gremlins have it") : "forward"));
  const hasty = open({ settleTimeout: 200 });
  const request = await pay();
  const first = await hasty.settle(request);
  expect(first).toMatchObject({ success: false, errorReason: "settlement_pending" });
  expect(await settleAtLast(hasty, request)).toMatchObject({ success: true, transaction: first.transaction });
});

test("while the node cannot be asked after a broadcast, the payment is pending, then settled", async () => {
  const hasty = open({ settleTimeout: 200 });
  const request = await pay();
  onBroadcast(() => {
    node.treat = () => "swallow";
    return "forward and hang up";
  });
  const first = await hasty.settle(request);
  expect(first).toMatchObject({ success: false, errorReason: "settlement_pending" });
  expect(await hasty.settle(request)).toEqual(first);
  node.treat = () => "forward";
  expect(await settleAtLast(hasty, request)).toMatchObject({ success: true, transaction: first.transaction });
  expect(await earned()).toBe(10_000n);
});

test("a broadcast that never reaches the node is an error with nothing sent", async () => {
  const request = await pay();
  node.treat = (method) => {
    // The next connection finds nobody.
    if (method === "eth_getTransactionCount") void node[Symbol.asyncDispose]();
    return "forward";
  };
  await expect(facilitator.settle(request)).rejects.toMatchObject({ name: "FacilitatorError", sent: false });
  expect(await earned()).toBe(0n);
});

test("while transactions wait to be mined the chain is not asked for nonces", async () => {
  await chain.setAutomine(false);
  const hasty = open({ settleTimeout: 200 });
  const requests = await payMany(10);
  await Promise.all(requests.map((request) => hasty.settle(request)));
  expect(node.seen.filter((method) => method === "eth_getTransactionCount")).toHaveLength(1);
  await chain.setAutomine(true);
  const answers = await Promise.all(requests.map((request) => settleAtLast(hasty, request)));
  expect(answers.every(({ success }) => success)).toBe(true);
});

test("a key that another program uses as well still settles", async () => {
  const { rpcUrl, accounts, publicClient } = chain;
  const account = privateKeyToAccount(accounts.facilitator.privateKey);
  const wallet = createWalletClient({ account, chain: publicClient.chain, transport: http(rpcUrl) });
  expect(await facilitator.settle(await pay())).toMatchObject({ success: true });
  // Nonces of transactions that wait in the pool are not counted by what this facilitator remembers.
  await chain.setAutomine(false);
  const hasty = open({ settleTimeout: 300 });
  const [first, second] = await payMany(2);
  expect(await hasty.settle(first as never)).toMatchObject({ errorReason: "settlement_pending" });
  // At such a fee it cannot be pushed aside.
  const fees = { maxFeePerGas: parseGwei("100"), maxPriorityFeePerGas: parseGwei("50") };
  await wallet.sendTransaction({ to: accounts.stranger.address, value: 1n, ...fees });
  expect(await hasty.settle(second as never)).toMatchObject({ errorReason: "settlement_pending" });
  await chain.setAutomine(true);
  expect(await settleAtLast(hasty, first as never)).toMatchObject({ success: true });
  expect(await settleAtLast(hasty, second as never)).toMatchObject({ success: true });
  expect(await earned()).toBe(30_000n);
});

test("a chain that starts anew under a running facilitator is served from its first nonce", async () => {
  await Promise.all((await payMany(3)).map((request) => facilitator.settle(request)));
  await using fresh = await startChain();
  node.target = fresh.rpcUrl;
  expect(await facilitator.settle(await pay())).toMatchObject({ success: true });
  expect(await fresh.balanceOf(fresh.accounts.seller.address)).toBe(10_000n);
});
