import { inspect } from "node:util";
import { ConfigError } from "@turnpike/core";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { expect, test } from "vitest";
import { type LocalFacilitatorOptions, localFacilitator } from "../src/index.js";

const rpcUrl = "http://127.0.0.1:8545";

test("a local facilitator's id names its account and network, and nothing of it shows the key", () => {
  const privateKey = generatePrivateKey();
  const { address } = privateKeyToAccount(privateKey);
  const facilitator = localFacilitator({ rpcUrl, privateKey, network: "eip155:84532" });
  expect(facilitator.id).toBe(`local:${address}@eip155:84532`);
  expect(inspect(facilitator, { depth: 9, showHidden: true })).not.toContain(privateKey.slice(2, 20));
});

test("every mistake in the options is told at once, without the key", () => {
  const privateKey = "0x1234567890abcdef";
  const options = { rpcUrl: "ws://node", privateKey, network: "basse", tokens: ["USDC"], confirmations: 0, maxGas: 5 };
  let error: unknown;
  try {
    localFacilitator({ ...options, settleTimeout: -1, rpcTimeout: 0.5 } as unknown as LocalFacilitatorOptions);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).problems.map(({ path }) => path)).toEqual([
    "rpcUrl",
    "privateKey",
    "network",
    "tokens",
    "confirmations",
    "settleTimeout",
    "rpcTimeout",
    "maxGas",
  ]);
  expect(String(error)).not.toContain(privateKey);
});

test.each(["", "0x", `0x${"0".repeat(64)}`, `0x${"f".repeat(64)}`, "1".repeat(64), 5, undefined])(
  "%j is no private key",
  (privateKey) => {
    expect(() => localFacilitator({ rpcUrl, privateKey } as LocalFacilitatorOptions)).toThrow(ConfigError);
  },
);

test("a start contacts nobody", () => {
  expect(() => localFacilitator({ rpcUrl, privateKey: generatePrivateKey() })).not.toThrow();
});
