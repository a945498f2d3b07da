import { expect, test } from "vitest";
import type { PaywallConfig } from "../config.js";
import { ConfigError, type ConfigProblem } from "../errors.js";
import { createPaywall } from "./paywall.js";

const config = { payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", network: "base-sepolia" } as const;

function problemsOf(chain: unknown, more: Partial<PaywallConfig> = {}): readonly ConfigProblem[] {
  try {
    createPaywall({ ...config, ...more, chain: chain as NonNullable<PaywallConfig["chain"]> });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

test.each([
  { base: "https://node.example/v2/key?token=1" },
  { "eip155:8453": ["https://one.example", "https://two.example"] },
  { base: "http://127.0.0.1:8545", "base-sepolia": "http://localhost:8545", ethereum: "http://[::1]:8545" },
  [{ base: "https://one.example" }, { polygon: "https://two.example" }],
  [{ networks: ["eip155:1"], find: () => undefined }, { base: "https://one.example" }],
  { networks: ["eip155:1"], find: () => undefined },
])("a chain may be named as %j", (chain) => {
  expect(problemsOf(chain)).toEqual([]);
});

test.each([
  ["http to another host", "http://node.example/secret-key"],
  ["http to a host that looks like this machine", "http://localhost.example/secret-key"],
  ["credentials", "https://secret-key@node.example"],
  ["another protocol", "wss://node.example/secret-key"],
  ["no address", "secret-key"],
  ["nothing", ""],
  ["undefined, as a missing variable gives", undefined],
  ["no address in a list", []],
  ["one bad address in a list", ["https://node.example", "secret-key"]],
  ["a number", 8545],
  ["null", null],
])("a node's address is refused if it is %s, and not quoted", (_, url) => {
  const problems = problemsOf({ base: url });
  expect(problems).toMatchObject([{ code: "invalid_rpc_url", path: "chain.base" }]);
  expect(JSON.stringify(problems)).not.toContain("secret-key");
});

test.each([
  ["a network that nobody knows", { bass: "https://node.example" }, "unknown_network"],
  ["an address in a network's place", { "https://node.example/secret-key": "base" }, "unknown_network"],
  ["a network that is not EVM", { solana: "https://node.example" }, "invalid_network"],
  ["no network at all", {}, "invalid_option"],
  ["an address without its network", "https://node.example/secret-key", "invalid_option"],
  ["half a reader", { find: () => undefined }, "invalid_option"],
])("a start ends with %s", (_, chain, code) => {
  const problems = problemsOf(chain);
  expect(problems.map((problem) => problem.code)).toEqual([code]);
  expect(JSON.stringify(problems)).not.toContain("secret-key");
});

test("every mistake is told at once", () => {
  const codes = problemsOf({ base: "ftp://x", bass: "https://x.example", solana: "https://x.example" });
  expect(codes.map(({ code }) => code)).toEqual(["invalid_rpc_url", "unknown_network", "invalid_network"]);
});

test("finality is served by a node's address, and only for its own network", () => {
  const finality = "finalized" as const;
  expect(problemsOf({ "base-sepolia": "https://node.example" }, { finality, routes: { "GET /": "$1" } })).toEqual([]);
  const tolls = createPaywall({
    ...config,
    finality,
    network: "base-sepolia",
    chain: { "base-sepolia": "https://x.io" },
  });
  expect(() => tolls.price({ price: "$1", network: "sepolia" })).toThrow(/needs a `chain`/);
});

test("a network of the seller's own may be named", () => {
  const networks = [{ id: "eip155:4242", name: "ours", title: "Ours", testnet: true }];
  expect(problemsOf({ ours: "https://node.example" }, { networks })).toEqual([]);
  expect(problemsOf({ "eip155:4242": "https://node.example" }, { networks })).toEqual([]);
});
