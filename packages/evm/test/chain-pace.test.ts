import { createPaywall, memoryStore, type StoredPayment } from "@turnpike/core";
import { createReader } from "@turnpike/core/chain";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { about } from "./support/acts.js";
import { chain, facilitator, node, pay } from "./support/stage.js";
import { startUnreliableNode, type UnreliableNode } from "./support/unreliable-node.js";

// How often a node is asked: one that is busy, slow or broken must not be asked in a tight loop, and holds up no other.

let second: UnreliableNode;
beforeEach(async () => {
  second = await startUnreliableNode(chain.rpcUrl);
  onTestFinished(() => second[Symbol.asyncDispose]());
});

const open = (...nodes: readonly string[]) => createReader({ network: chain.network, nodes, timeout: 4_000 });
const asked = (method: string) => node.seen.filter((seen) => seen === method).length;

describe("a chain's node", () => {
  test("that has too much to do is asked for logs a few times only, with growing pauses", async () => {
    const request = await pay();
    await facilitator.settle(request);
    node.seen.length = 0;
    const times: number[] = [];
    node.treat = (method) => {
      if (method !== "eth_getLogs") return "forward";
      times.push(performance.now());
      return { answer: { error: { code: 429, message: "too many requests" } } };
    };
    await expect(open(node.rpcUrl).find(about(request), "included")).rejects.toMatchObject({ code: "chain_refused" });
    expect(times.length).toBeGreaterThan(1);
    expect(times.length).toBeLessThanOrEqual(5);
    const pauses = times.slice(1).map((time, at) => time - (times[at] as number));
    // Timers may come a little early, and never earlier than that.
    for (const [at, pause] of pauses.entries()) expect(pause).toBeGreaterThan(90 * 2 ** at);
  });

  test("that breaks off each answer is asked twice for each, at once for none", async () => {
    const request = await pay();
    node.seen.length = 0;
    node.treat = () => "swallow";
    await expect(open(node.rpcUrl).find(about(request), "included")).rejects.toMatchObject({
      code: "chain_unavailable",
    });
    expect(node.seen).toEqual(["eth_chainId", "eth_chainId"]);
  });

  test("that hangs keeps twenty payments from no other node", async () => {
    const requests = [];
    for (let i = 0; i < 20; i++) requests.push(await pay());
    node.treat = () => "stall";
    const reader = open(node.rpcUrl, second.rpcUrl);
    const findings = await Promise.all(requests.map((request) => reader.find(about(request), "included")));
    expect(findings).toEqual(requests.map(() => ({ type: "unused", expired: false })));
  });

  test("is asked about an open payment by the first of many passes only", async () => {
    const request = await pay();
    const lost = { ...facilitator, settle: () => Promise.reject(new Error("lost")) };
    const store = memoryStore();
    const tolls = createPaywall({
      payTo: request.paymentRequirements.payTo,
      network: "base-sepolia",
      facilitator: lost,
      chain: open(node.rpcUrl),
      reconcileSeconds: 0,
      store,
    });
    onTestFinished(() => tolls.close());
    const now = Date.now();
    const record: StoredPayment = {
      id: "open",
      version: 1,
      state: "unknown",
      route: "GET /a",
      request: "GET /a",
      offer: request.paymentRequirements,
      facilitator: lost.id,
      payload: request.paymentPayload,
      runs: 1,
      holder: "none",
      createdAt: now,
      updatedAt: now,
      times: { unknown: now },
    };
    await store.insert(record, 0);
    node.seen.length = 0;
    const passes = [];
    for (let i = 0; i < 20; i++) passes.push(await tolls.reconcile());
    expect(passes.map(({ examined }) => examined)).toEqual([1, ...Array<number>(19).fill(0)]);
    expect(asked("eth_call")).toBe(1);
  });
});
