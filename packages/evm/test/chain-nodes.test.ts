import { inspect } from "node:util";
import type { ChainReader } from "@turnpike/core";
import { ChainError, createReader } from "@turnpike/core/chain";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { about } from "./support/acts.js";
import { chain, facilitator, node, pay } from "./support/stage.js";
import { findDeadEnd, startUnreliableNode, type UnreliableNode } from "./support/unreliable-node.js";

// Several nodes of one chain: what one cannot tell, the next is asked.

let second: UnreliableNode;
beforeEach(async () => {
  second = await startUnreliableNode(chain.rpcUrl);
  onTestFinished(() => second[Symbol.asyncDispose]());
});

const open = (...nodes: readonly string[]): ChainReader =>
  createReader({ network: chain.network, nodes, timeout: 4_000 });

async function settled() {
  const request = await pay();
  const { transaction } = await facilitator.settle(request);
  node.seen.length = 0;
  return { request, finding: { type: "settled", transaction, final: true } };
}

describe("of two nodes", () => {
  test("the second is not asked while the first can tell", async () => {
    const { request, finding } = await settled();
    expect(await open(node.rpcUrl, second.rpcUrl).find(about(request), "included")).toEqual(finding);
    expect(second.seen).toEqual([]);
  });

  test("the second is asked where nobody listens at the first", async () => {
    const { request, finding } = await settled();
    expect(await open(await findDeadEnd(), second.rpcUrl).find(about(request), "included")).toEqual(finding);
  });

  test.each([
    ["has too much to do", { status: 429 }],
    ["is broken", { status: 500 }],
    ["redirects", { status: 302 }],
    ["hangs", "stall"],
    ["breaks off", "swallow"],
    ["serves another chain", { answer: { result: "0x1" } }],
    ["refuses everything", { answer: { error: { code: -32005, message: "limit exceeded" } } }],
    ["answers with nonsense", { answer: { result: [] } }],
  ] as const)("the second is asked where the first %s", async (_, treatment) => {
    const { request, finding } = await settled();
    node.treat = () => treatment;
    expect(await open(node.rpcUrl, second.rpcUrl).find(about(request), "included")).toEqual(finding);
  });

  test.each([
    ["number", { number: `0x${"f".repeat(1_000_000)}` }],
    ["number", { number: `0x1${"0".repeat(16)}` }],
    ["number", { number: "0x" }],
    ["number", { number: 12 }],
    ["timestamp", { timestamp: `0x${"f".repeat(1_000_000)}` }],
    ["hash", { hash: "0x" }],
  ])("the second is asked where the first has a block of an impossible %s", async (_, wrong) => {
    const { request, finding } = await settled();
    const block = await chain.publicClient.request({ method: "eth_getBlockByNumber", params: ["latest", false] });
    const answer = { result: { ...block, ...wrong } };
    node.treat = (method) => (method === "eth_getBlockByNumber" ? { answer } : "forward");
    expect(await open(node.rpcUrl, second.rpcUrl).find(about(request), "included")).toEqual(finding);
  });

  test("the second is asked where the first has a receipt of an impossible block", async () => {
    const { request, finding } = await settled();
    const { transaction } = finding;
    const receipt = await chain.publicClient.request({
      method: "eth_getTransactionReceipt",
      params: [transaction as `0x${string}`],
    });
    const answer = { result: { ...receipt, blockNumber: `0x${"f".repeat(1_000_000)}` } };
    node.treat = (method) => (method === "eth_getTransactionReceipt" ? { answer } : "forward");
    const reader = open(node.rpcUrl, second.rpcUrl);
    expect(await reader.find(about(request, { transaction }), "included")).toEqual(finding);
  });

  test("the second is asked where the first has the transaction, and not yet what it changed", async () => {
    const { request, finding } = await settled();
    const unused = { answer: { result: `0x${"0".repeat(64)}` } };
    node.treat = (method) => (method === "eth_call" ? unused : "forward");
    const { transaction } = finding;
    const reader = open(node.rpcUrl, second.rpcUrl);
    expect(await reader.find(about(request, { transaction }), "included")).toEqual(finding);
  });

  test("none can tell: the first one's error says why, without an address", async () => {
    const { request } = await settled();
    node.treat = () => ({ answer: { result: "0x1" } });
    second.treat = () => ({ status: 500 });
    const asked = open(node.rpcUrl, second.rpcUrl).find(about(request), "included");
    const error = await Promise.resolve(asked).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ChainError);
    expect(error).toMatchObject({ code: "chain_mismatch" });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("secret-key");
  });

  test("who gives up at the first waits for no other", async () => {
    const { request } = await settled();
    const asker = new AbortController();
    node.treat = () => {
      asker.abort();
      return "stall";
    };
    const asked = open(node.rpcUrl, second.rpcUrl).find(about(request), "included", { signal: asker.signal });
    await expect(asked).rejects.toMatchObject({ code: "chain_timeout" });
    expect(second.seen).toEqual([]);
  });
});
