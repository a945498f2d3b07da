import { describe, expect, it } from "vitest";
import { createPaywall, network, price } from "../../index.js";

const payTo = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";

describe("G48 text that TypeScript cannot see", () => {
  it.each(["$0.01", "$5", "0.01 EURC", "1 0x036CbD53842c5426634e7929541eC2318f3dCF7e"])("is a price: %s", (text) => {
    expect(price(text)).toBe(text);
  });

  it.each([undefined, "", "free", "0.01", "$", "$one", "$1,000", "$1e3", "$-1", "$ 1", "1  USDC", " $1", "$1 "])(
    "is no price, and is refused where it is read: %j",
    (text) => {
      expect(() => price(text)).toThrow(
        expect.objectContaining({
          name: "ConfigError",
          problems: [{ code: "invalid_price", path: "price", message: expect.stringContaining("is not a price") }],
        }),
      );
    },
  );

  it("is shown no further than its beginning if it is no price", () => {
    expect(() => price("x".repeat(500))).not.toThrow(/x{60}/);
  });

  it("is a price in form only: the start knows the tokens and their decimals", () => {
    const tolls = createPaywall({ payTo, network: "base-sepolia" });
    expect(() => tolls.price(price("$0.0000001"))).toThrow(/invalid_price/);
    expect(() => tolls.price(price("1 NOPE"))).toThrow(/invalid_price/);
    expect(() => tolls.price(price("$0"))).toThrow(/invalid_price/);
  });

  it("is a network if the start knows it, by name, by CAIP-2 id, or from the configuration", () => {
    const networks = [{ id: "eip155:999", name: "mine", title: "Mine", testnet: true }];
    for (const text of ["base-sepolia", "eip155:84532"]) createPaywall({ payTo, network: network(text) });
    createPaywall({ payTo, networks, facilitator: "https://facilitator.example", network: network("mine") });
    expect(() => createPaywall({ payTo, network: network("base-sepolja") })).toThrow(/unknown_network/);
    expect(() => createPaywall({ payTo, network: network(undefined) }).price("$1")).toThrow(/missing_network/);
  });
});

it("G48 who is paid and where may be left open by the configuration, and is then asked of each route", () => {
  const open = createPaywall({ payTo: undefined, network: undefined });
  open.price({ price: "$1", payTo, network: "base-sepolia" });
  expect(() => open.price("$1")).toThrow(/missing_network/);
  expect(() => open.price({ price: "$1", network: "base-sepolia" })).toThrow(/missing_pay_to/);
});
