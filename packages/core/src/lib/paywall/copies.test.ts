import { expect, it, vi } from "vitest";
import { createPaywall } from "./paywall.js";

it("takes an engine that another copy of this module has made, as bundlers load several", async () => {
  const tolls = createPaywall({
    payTo: "0x209693Bc6afc0C5328bA36FaF03C514EF312287C",
    network: "base-sepolia",
    reconcileSeconds: 0,
  });
  vi.resetModules();
  const copy = await import("./paywall.js");
  expect(copy.createPaywall).not.toBe(createPaywall);
  expect(copy.priceRoute(tolls, "$0.01").admit).toBeTypeOf("function");
  expect(copy.openPaywall(tolls).paywall).toBe(tolls);
});
