import type { ChainPayment, ChainReader, Finality } from "@turnpike/core";
import type { FacilitatorRequest } from "@turnpike/core/protocol";
import { tokenAbi } from "@turnpike/e2e-chain";
import { encodeAbiParameters, encodeFunctionData, type Hex } from "viem";
import { beforeEach, describe, expect, test } from "vitest";
import { evmChain } from "../src/index.js";
import {
  about,
  allow,
  ask,
  type ContractCall,
  cancellationOf,
  deployForwarder,
  send,
  settlementOf,
  together,
} from "./support/acts.js";
import { loadOddContracts } from "./support/contracts.js";
import { chain, facilitator, node, pay } from "./support/stage.js";

let reader: ChainReader;
beforeEach(() => {
  reader = evmChain({ rpcUrl: node.rpcUrl, network: chain.network });
});

const find = (request: FacilitatorRequest, rest: Partial<ChainPayment> = {}, finality: Finality = "included") =>
  reader.find(about(request, rest), finality);

const isRead = (number: string) => (method: string, params: readonly unknown[]) =>
  method === "eth_getBlockByNumber" && params[0] === number;

describe("one transaction with several of a payer's authorisations", () => {
  test("settles each that moved its money", async () => {
    const [one, two, small] = [await pay(), await pay(), await pay({ requirements: { amount: "1" } })] as const;
    const batch = together(settlementOf(one), settlementOf(small), settlementOf(two));
    const { transactionHash: transaction } = await send(chain.accounts.stranger.address, batch);
    for (const request of [one, two, small]) {
      expect(await find(request)).toEqual({ type: "settled", transaction, final: true });
      expect(await find(request, { transaction })).toEqual({ type: "settled", transaction, final: true });
    }
  });

  test("does not count one movement for two of them", async () => {
    const [paid, diverted] = [await pay(), await pay()] as const;
    const batch = together(await divert(diverted), settlementOf(paid));
    const { transactionHash: transaction } = await send(chain.accounts.payer.address, batch);
    expect(await chain.balanceOf(chain.accounts.seller.address)).toBe(10_000n);
    expect(await find(paid)).toEqual({ type: "settled", transaction, final: true });
    expect(await find(diverted)).toEqual({ type: "spent", final: true });
    expect(await find(diverted, { transaction })).toEqual({ type: "spent", final: true });
  });

  test("does not take a movement for that of a cancelled one", async () => {
    const [paid, cancelled] = [await pay(), await pay()] as const;
    const batch = together(await cancellationOf(cancelled), settlementOf(paid));
    const { transactionHash: transaction } = await send(chain.accounts.payer.address, batch);
    expect(await find(paid)).toEqual({ type: "settled", transaction, final: true });
    expect(await find(cancelled, { transaction })).toEqual({ type: "spent", final: true });
  });

  test.each<[string, (diverted: ContractCall, paid: ContractCall) => ContractCall[]]>([
    ["between them", (diverted, paid) => [diverted, movement(), paid]],
    ["before them", (diverted, paid) => [movement(), diverted, paid]],
    ["before each of them", (diverted, paid) => [movement(), diverted, movement(), paid]],
  ])("cannot be told apart when the payer moved money in yet another way %s", async (_, order) => {
    await allow();
    const [paid, diverted] = [await pay(), await pay()] as const;
    const batch = together(...order(await divert(diverted), settlementOf(paid)));
    const { transactionHash: transaction } = await send(payer(), batch);
    for (const request of [paid, diverted]) {
      expect(await find(request)).toBeUndefined();
      expect(await find(request, { transaction })).toBeUndefined();
    }
  });

  test("settles the only one, whatever else the payer moved", async () => {
    await allow();
    const request = await pay();
    const { transactionHash: transaction } = await send(
      payer(),
      together(movement(), settlementOf(request), movement()),
    );
    expect(await find(request)).toEqual({ type: "settled", transaction, final: true });
  });

  test("is of no doubt when none of the money went to the seller", async () => {
    const [one, two] = [await pay(), await pay()] as const;
    await send(chain.accounts.payer.address, together(await divert(one), await divert(two)));
    for (const request of [one, two]) expect(await find(request)).toEqual({ type: "spent", final: true });
  });
});

describe("a token of its own kind", () => {
  test("that uses a nonce and moves nothing leaves the payment spent", async () => {
    const request = await pay({ requirements: { asset: await deployToken({ moves: false, tells: true }) } });
    const { transactionHash: transaction, status } = await send(payer(), settlementOf(request));
    expect(status).toBe("success");
    expect(await find(request)).toEqual({ type: "spent", final: true });
    expect(await find(request, { transaction })).toEqual({ type: "spent", final: true });
  });

  test("that tells of a use behind its movement is understood, also in a batch", async () => {
    const asset = await deployToken({ moves: true, tells: true });
    const [paid, diverted] = [await pay({ requirements: { asset } }), await pay({ requirements: { asset } })] as const;
    const batch = together(settlementOf(paid), await divert(diverted));
    const { transactionHash: transaction } = await send(payer(), batch);
    expect(await find(paid)).toEqual({ type: "settled", transaction, final: true });
    expect(await find(diverted)).toEqual({ type: "spent", final: true });
  });

  test("that tells of no use at all is believed by the transaction that is known, if that is nothing else", async () => {
    const asset = await deployToken({ moves: true, tells: false });
    const [alone, one, two] = [
      await pay({ requirements: { asset } }),
      await pay({ requirements: { asset } }),
      await pay({ requirements: { asset } }),
    ] as const;
    const { transactionHash: transaction } = await send(payer(), settlementOf(alone));
    const batch = await send(payer(), together(settlementOf(one), settlementOf(two)));
    expect(await find(alone, { transaction })).toEqual({ type: "settled", transaction, final: true });
    expect(await find(alone)).toBeUndefined();
    expect(await find(one, { transaction })).toBeUndefined();
    expect(await find(two, { transaction: batch.transactionHash })).toBeUndefined();
  });

  test("that tells of no use at all is not believed when another contract made the call", async () => {
    const asset = await deployToken({ moves: true, tells: false });
    const request = await pay({ requirements: { asset } });
    const to = await deployForwarder(asset);
    const { transactionHash: transaction, logs } = await send(payer(), { ...settlementOf(request), to }, 300_000);
    expect(logs).toHaveLength(1);
    expect(await find(request, { transaction })).toBeUndefined();
  });

  test("that says of itself what another one should have said is not listened to", async () => {
    const request = await pay();
    const { nonce } = request.paymentPayload.payload.authorization as { nonce: Hex };
    const asset = await deployToken({ moves: true, tells: true });
    const alike = await pay({ authorization: { nonce }, requirements: { asset } });
    const batch = together(
      settlementOf(alike),
      await divert(request),
      settlementOf(await pay({ requirements: { asset } })),
    );
    const { transactionHash: transaction } = await send(payer(), batch);
    expect(await find(request)).toEqual({ type: "spent", final: true });
    expect(await find(request, { transaction })).toEqual({ type: "spent", final: true });
    expect(await find(alike)).toEqual({ type: "settled", transaction, final: true });
  });

  test("that neither moves nor tells leaves nothing to be told", async () => {
    const request = await pay({ requirements: { asset: await deployToken({ moves: false, tells: false }) } });
    const { transactionHash: transaction } = await send(payer(), settlementOf(request));
    expect(await find(request, { transaction })).toBeUndefined();
  });
});

describe("a chain that changes", () => {
  test("takes a settlement back, and with it the finding", async () => {
    const before = await ask<Hex>("evm_snapshot");
    const request = await pay();
    const { transaction } = await facilitator.settle(request);
    expect(await find(request, { transaction }, 2)).toEqual({ type: "settled", transaction, final: false });
    await ask("evm_revert", before);
    await chain.mine(3);
    expect(await find(request, { transaction }, 2)).toEqual({ type: "unused", expired: false });
    const again = await send(chain.accounts.stranger.address, settlementOf(request));
    const settled = { type: "settled", transaction: again.transactionHash, final: false };
    expect(await find(request, { transaction }, 2)).toEqual(settled);
  });

  test("cannot be told while the nonce is used and its event is not there yet", async () => {
    const request = await pay();
    await facilitator.settle(request);
    node.treat = (method) => (method === "eth_getLogs" ? { answer: { result: [] } } : "forward");
    expect(await find(request)).toBeUndefined();
  });

  test("cannot be told while the event is there and its transaction is not", async () => {
    const request = await pay();
    await facilitator.settle(request);
    node.treat = (method) => (method === "eth_getTransactionReceipt" ? { answer: { result: null } } : "forward");
    expect(await find(request)).toBeUndefined();
  });

  test("cannot be told while the transaction is there and the nonce is unused", async () => {
    const request = await pay();
    const { transaction } = await facilitator.settle(request);
    const unused = { answer: { result: encodeAbiParameters([{ type: "bool" }], [false]) } };
    node.treat = (method) => (method === "eth_call" ? unused : "forward");
    expect(await find(request, { transaction })).toBeUndefined();
  });

  test("cannot be told while a deeper state says used and the newest unused", async () => {
    const request = await pay();
    await facilitator.settle(request);
    await chain.increaseTime(120);
    await chain.mine(1);
    const head = await ask<Hex>("eth_blockNumber");
    const unused = { answer: { result: encodeAbiParameters([{ type: "bool" }], [false]) } };
    node.treat = (method, params) => (method === "eth_call" && params[1] === head ? unused : "forward");
    expect(await find(request, {}, 1)).toBeUndefined();
  });

  test("cannot be told while the transaction's block is not the one of that number", async () => {
    const request = await pay();
    const { transaction } = await facilitator.settle(request);
    const { blockNumber } = await chain.publicClient.getTransactionReceipt({ hash: transaction as Hex });
    await chain.mine(2);
    const other = await ask("eth_getBlockByNumber", "latest", false);
    const isAsked = isRead(`0x${blockNumber.toString(16)}`);
    node.treat = (method, params) => (isAsked(method, params) ? { answer: { result: other } } : "forward");
    expect(await find(request, { transaction })).toBeUndefined();
    expect(await find(request, { transaction }, 9)).toEqual({ type: "settled", transaction, final: false });
  });

  test("cannot be told while the event and its transaction stand in different blocks", async () => {
    const request = await pay();
    const { transaction } = await facilitator.settle(request);
    const receipt = await ask<object>("eth_getTransactionReceipt", transaction);
    const elsewhere = { answer: { result: { ...receipt, blockHash: `0x${"ab".repeat(32)}` } } };
    node.treat = (method) => (method === "eth_getTransactionReceipt" ? elsewhere : "forward");
    expect(await find(request, {}, 9)).toBeUndefined();
  });

  test("is waited for while its transaction has a receipt and no block yet", async () => {
    const request = await pay();
    const pending = { answer: { result: { status: "0x1", blockNumber: null, blockHash: null, logs: [] } } };
    node.treat = (method) => (method === "eth_getTransactionReceipt" ? pending : "forward");
    expect(await find(request, { transaction: `0x${"ab".repeat(32)}` })).toEqual({ type: "unused", expired: false });
  });

  test("is not read from an event that the node itself calls removed", async () => {
    const request = await pay();
    await facilitator.settle(request);
    const [log] = await ask<object[]>("eth_getLogs", { address: chain.token.address, fromBlock: "latest" });
    const removed = { answer: { result: [{ ...log, removed: true }] } };
    node.treat = (method) => (method === "eth_getLogs" ? removed : "forward");
    expect(await find(request)).toBeUndefined();
  });
});

const payer = () => chain.accounts.payer.address;

/** The same nonce, signed a second time: the money goes to a stranger. */
async function divert({ paymentPayload, paymentRequirements }: FacilitatorRequest): Promise<ContractCall> {
  const { nonce } = paymentPayload.payload.authorization as { nonce: Hex };
  const { amount, asset } = paymentRequirements;
  const authorization = { nonce, to: chain.accounts.stranger.address };
  return settlementOf(await pay({ authorization, requirements: { amount, asset } }));
}

/** The price moves from payer to seller under an allowance, for no payment at all. */
function movement(): ContractCall {
  const args = [payer(), chain.accounts.seller.address, 10_000n] as const;
  return { to: chain.token.address, data: encodeFunctionData({ abi: tokenAbi, functionName: "transferFrom", args }) };
}

async function deployToken({ moves, tells }: { moves: boolean; tells: boolean }): Promise<Hex> {
  const { creation } = (await loadOddContracts()).OddDollar;
  const flags = encodeAbiParameters([{ type: "bool" }, { type: "bool" }], [moves, tells]);
  const { contractAddress } = await send(payer(), { data: `${creation}${flags.slice(2)}` });
  if (!contractAddress) throw new Error("the token was not deployed");
  return contractAddress;
}
