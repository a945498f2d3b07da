import { expect, it } from "vitest";
import { createPaywall } from "../index.js";
import { looksSecret, withoutSecrets } from "./secrets.js";

const hex = "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318";
const base58 = "5MaiiCavjCmn9Hs1o3eznqDEhRwxo7pXiAYez7keQUviUkauRiTMD8DrESdrNjN8zd9mTmVhRvBJeg5vhyvgrAhG";
const phrase = "test test test test test test test test test test test junk";

/** What a start says that fails. */
function problemOf(payTo: string, network: string = "base-sepolia"): string {
  try {
    createPaywall({ payTo, network: network as "base" }).price("$0.01");
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

it.each([
  ["with 0x", `0x${hex}`, "base-sepolia"],
  ["without 0x", hex, "base-sepolia"],
  ["in base58", base58, "solana-devnet"],
  ["as a list of numbers", JSON.stringify(Array.from({ length: 64 }, (_, i) => i + 1)), "solana-devnet"],
  ["as a phrase", phrase, "base-sepolia"],
])(
  "G39 names a private key %s that is given as payTo as one, and shows no more than its beginning",
  (_, key, network) => {
    const message = problemOf(key, network);
    expect(message).toContain("looks like a private key");
    expect(message).toContain("invalid_pay_to");
    expect(message).not.toContain(key.slice(8, 20));
  },
);

it("G39b shows no key that stands in another option", () => {
  let message = "";
  try {
    createPaywall({ payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C", network: `0x${hex}` as "base" }).price(
      hex as "$1",
    );
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toContain("0x4c08…");
  expect(message).not.toContain(hex.slice(8));
});

it("leaves addresses, prices and paths as they are", () => {
  for (const text of [
    '"0x209693Bc6afc0C5328bA36FaF03C514EF312287C" cannot be paid',
    "7EcDhSYGxXyscszYEp35KHN8vvw3svAuLKTzXwCFLtV",
    `routes["GET /files/${"a1-".repeat(30)}"].price`,
  ]) {
    expect(withoutSecrets(text)).toBe(text);
    expect(looksSecret(text)).toBe(false);
  }
});
