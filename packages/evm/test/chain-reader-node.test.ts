import { inspect } from "node:util";
import { type ChainPayment, type ChainReader, ConfigError, type Finality } from "@turnpike/core";
import type { FacilitatorRequest } from "@turnpike/core/protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { ChainError, type EvmChainOptions, evmChain } from "../src/index.js";
import { about } from "./support/acts.js";
import { chain, facilitator, node, pay } from "./support/stage.js";
import { findDeadEnd, type Treatment } from "./support/unreliable-node.js";

let reader: ChainReader;
beforeEach(() => {
  reader = open();
});

const open = (options: Partial<EvmChainOptions> = {}) =>
  evmChain({ rpcUrl: node.rpcUrl, network: chain.network, ...options });
const find = (request: FacilitatorRequest, rest: Partial<ChainPayment> = {}, finality: Finality = "included") =>
  reader.find(about(request, rest), finality);
const failure = (code: string) => ({
  name: "ChainError",
  code,
  docs: `node_modules/@turnpike/core/docs/errors.md#${code}`,
});

describe("the options", () => {
  const network = "eip155:8453";

  test("name the one network that is told of, and contact nobody", async () => {
    expect(open({ rpcUrl: await findDeadEnd() }).networks).toEqual(["eip155:84532"]);
  });

  test.each([
    "https://mainnet.example/v2/key?token=1",
    "http://127.0.0.1:8545",
    "http://localhost:8545/rpc",
    "http://[::1]:8545",
  ])("take %s for an endpoint", (rpcUrl) => {
    expect(evmChain({ rpcUrl, network }).networks).toEqual([network]);
  });

  test.each([
    "http://10.0.0.5:8545",
    "http://localhost.example:8545",
    "ws://127.0.0.1:8545",
    "https://user:pass@mainnet.example",
    "mainnet.example",
    "",
  ])("refuse %s for an endpoint", (rpcUrl) => {
    expect(() => evmChain({ rpcUrl, network })).toThrow(ConfigError);
  });

  test("take plain http to another host when told to", () => {
    expect(evmChain({ rpcUrl: "http://10.0.0.5:8545", network, insecure: true }).networks).toEqual([network]);
  });

  test("G42 take a network by its name", () => {
    expect(evmChain({ rpcUrl: "https://node.example", network: "base" }).networks).toEqual(["eip155:8453"]);
  });

  test("tell every mistake at once, without the endpoint's address", () => {
    let error: unknown;
    try {
      evmChain({ rpcUrl: "http://node.example/secret-key", network: "basse", timeout: 0 });
    } catch (thrown) {
      error = thrown;
    }
    expect((error as ConfigError).problems.map(({ code, path }) => [code, path])).toEqual([
      ["invalid_rpc_url", "rpcUrl"],
      ["invalid_network", "network"],
      ["invalid_timeout", "timeout"],
    ]);
    expect(String(error)).not.toContain("secret-key");
  });
});

describe("the chain's node", () => {
  test("of another chain never has a say, and is told so by name", async () => {
    const mistaken = open({ network: "eip155:8453" });
    const request = await pay({ requirements: { network: "eip155:8453" } });
    for (let tries = 0; tries < 2; tries++) {
      await expect(mistaken.find(about(request), "included")).rejects.toMatchObject({
        ...failure("chain_mismatch"),
        message: expect.stringContaining("serves eip155:84532, but eip155:8453 is configured"),
      });
    }
    expect(new Set(node.seen)).toEqual(new Set(["eth_chainId"]));
  });

  test("is asked for its chain once", async () => {
    const request = await pay();
    await find(request);
    await find(request);
    expect(node.seen.filter((method) => method === "eth_chainId")).toHaveLength(1);
  });

  test("that is down makes the question reject, until it is up again", async () => {
    const request = await pay();
    const down = open({ rpcUrl: await findDeadEnd() });
    await expect(down.find(about(request), "included")).rejects.toMatchObject(failure("chain_unavailable"));
    node.treat = () => ({ status: 500 });
    await expect(find(request)).rejects.toMatchObject({ ...failure("chain_unavailable"), status: 500 });
    node.treat = () => "forward";
    expect(await find(request)).toEqual({ type: "unused", expired: false });
  });

  test.each(["eth_chainId", "eth_getBlockByNumber", "eth_call", "eth_getTransactionReceipt", "eth_getLogs"])(
    "that hangs at %s makes the question reject in time",
    async (hanging) => {
      const request = await pay();
      const { transaction } = await facilitator.settle(request);
      node.treat = (method) => (method === hanging ? "stall" : "forward");
      reader = open({ timeout: 300 });
      const known = hanging === "eth_getLogs" ? {} : { transaction };
      await expect(find(request, known)).rejects.toMatchObject(failure("chain_timeout"));
    },
  );

  test("that drags on is given one time limit for all its answers together", async () => {
    const request = await pay();
    await facilitator.settle(request);
    let over = false;
    node.treat = async () => {
      await new Promise((resolve) => setTimeout(resolve, 120));
      return over ? "stall" : "forward";
    };
    reader = open({ timeout: 300 });
    await expect(find(request)).rejects.toMatchObject(failure("chain_timeout"));
    over = true;
  });

  test("is not waited for by who gave up, before or meanwhile", async () => {
    const request = await pay();
    await expect(reader.find(about(request), "included", { signal: AbortSignal.abort() })).rejects.toMatchObject(
      failure("chain_timeout"),
    );
    expect(node.seen).toEqual([]);
    const asker = new AbortController();
    node.treat = () => {
      asker.abort(new Error("gone"));
      return "stall";
    };
    const question = reader.find(about(request), "included", { signal: asker.signal });
    await expect(question).rejects.toMatchObject(failure("chain_timeout"));
    expect(node.seen).toEqual(["eth_chainId"]);
  });

  test.each<[string, Treatment]>([
    ["an error", { answer: { error: { code: -32602, message: "block range too wide" } } }],
    ["status 400", { status: 400 }],
    ["status 413", { status: 413 }],
    ["more than it should", { answer: { result: "x".repeat(5 * 1024 * 1024) } }],
  ])("that answers %s to large ranges of logs is asked for smaller ones", async (_, refusal) => {
    await chain.mine(60);
    const request = await pay();
    const { transaction } = await facilitator.settle(request);
    await chain.mine(60);
    const ranges: number[] = [];
    node.treat = (method, [filter]) => {
      if (method !== "eth_getLogs") return "forward";
      const { fromBlock, toBlock } = filter as { fromBlock: string; toBlock: string };
      ranges.push(Number(toBlock) - Number(fromBlock) + 1);
      return (ranges.at(-1) ?? 0) > 10 ? refusal : "forward";
    };
    expect(await find(request)).toEqual({ type: "settled", transaction, final: true });
    expect(Math.max(...ranges)).toBeGreaterThan(100);
    const before = ranges.length;
    expect(await find(request)).toEqual({ type: "settled", transaction, final: true });
    expect(Math.max(...ranges.slice(before))).toBeLessThanOrEqual(10);
  });

  test("that gives out no logs at all makes the question reject", async () => {
    const request = await pay();
    await facilitator.settle(request);
    node.treat = (method) => (method === "eth_getLogs" ? { answer: { error: NO_SUCH_METHOD } } : "forward");
    await expect(find(request)).rejects.toMatchObject(failure("chain_refused"));
  });

  test.each<[string, Treatment]>([
    ["answers null", { answer: { result: null } }],
    ["refuses", { answer: { error: { code: -39001, message: "unknown block" } } }],
  ])("that %s for the finalized block makes the question reject", async (_, treatment) => {
    const request = await pay();
    node.treat = (_method, [tag]) => (tag === "finalized" ? treatment : "forward");
    await expect(find(request, {}, "finalized")).rejects.toMatchObject(failure("chain_refused"));
    expect(await find(request, {}, 1)).toEqual({ type: "unused", expired: false });
  });

  test("that has not seen the newest block of its neighbour is asked once more", async () => {
    const lagging = { answer: { error: { code: -32000, message: "header not found" } } };
    const seen = new Set<string>();
    node.treat = (method) => {
      if (method !== "eth_call" || seen.has(method)) return "forward";
      seen.add(method);
      return lagging;
    };
    expect(await find(await pay())).toEqual({ type: "unused", expired: false });
  });

  test.each<[string, { result?: unknown }]>([
    ["an object", { result: {} }],
    ["a list", { result: [null] }],
    ["a text", { result: "eight" }],
    ["a number", { result: 8 }],
    ["nothing", {}],
  ])("that answers %s to everything but its chain makes the question reject, or cannot tell", async (_, answer) => {
    const request = await pay();
    const { transaction } = await facilitator.settle(request);
    const settled = { type: "settled", transaction, final: true };
    for (const garbled of ["eth_getBlockByNumber", "eth_call", "eth_getTransactionReceipt", "eth_getLogs"]) {
      node.treat = (method) => (method === garbled ? { answer } : "forward");
      for (const known of [{}, { transaction }]) {
        const finding = await Promise.resolve(find(request, known)).catch((error: unknown) =>
          error instanceof ChainError ? undefined : error,
        );
        expect([undefined, settled], `${garbled}: ${inspect(finding)}`).toContainEqual(finding);
      }
    }
  });

  test("leaves no trace of its address or words in errors, because many providers put a key there", async () => {
    const telling = { answer: { error: { code: -32000, message: node.rpcUrl } } };
    for (const treatment of ["swallow", { status: 401 }, telling] as const) {
      node.treat = () => treatment;
      const error = await Promise.resolve(find(await pay())).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ChainError);
      expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("secret-key");
    }
  });
});

const NO_SUCH_METHOD = { code: -32601, message: "the method does not exist" };
