import { expect, it } from "vitest";
import { knownToken } from "./known.js";

it("A token of the built-in list is known by its address in any letter case, by its symbol and decimals", () => {
  const usdc = { networkName: "base", token: "USDC", decimals: 6 };
  expect(knownToken("eip155:8453", "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913")).toEqual(usdc);
  expect(knownToken("eip155:8453", "0x833589fcd6edb6e08f4c7c32d4f71b54bda02913")).toEqual(usdc);
  const mint = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v";
  expect(knownToken("solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp", mint)).toMatchObject({ networkName: "solana" });
});

it("Of another token or network no more is said than is known", () => {
  expect(knownToken("eip155:8453", `0x${"12".repeat(20)}`)).toEqual({ networkName: "base" });
  // The same address on another network is another token.
  expect(knownToken("eip155:1", "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913")).toEqual({ networkName: "ethereum" });
  expect(knownToken("eip155:31337", "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913")).toEqual({});
});
