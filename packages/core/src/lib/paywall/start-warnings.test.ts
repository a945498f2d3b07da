import { expect, onTestFinished, test, vi } from "vitest";
import type { PaywallConfig } from "../config.js";
import type { Facilitator } from "../facilitator/types.js";
import type { NetworkName } from "../prices.js";
import { createPaywall } from "./paywall.js";

const payTo = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
const facilitator = "https://facilitator.example";

/** Starts an engine with a price; tells the codes that its logger heard. */
function start(config: Partial<PaywallConfig>, ...networks: readonly NetworkName[]): string[] {
  const heard: string[] = [];
  const warn = (_message: string, facts?: Readonly<Record<string, unknown>>) => void heard.push(String(facts?.code));
  const logger = { info: () => undefined, warn, error: () => undefined };
  const tolls = createPaywall({ payTo, network: undefined, facilitator, ...config, logger });
  for (const network of networks) tolls.price({ price: "$1", network });
  return heard.filter((code) => code !== "TURNPIKE_MEMORY");
}

test("G03 an engine that takes real money without a chain to ask says so once, at its start", () => {
  expect(start({ network: "base" })).toEqual(["TURNPIKE_CHAIN"]);
  expect(start({ network: ["base-sepolia", "base"] })).toEqual(["TURNPIKE_CHAIN"]);
  expect(start({}, "base", "polygon", "base")).toEqual(["TURNPIKE_CHAIN"]);
  expect(start({ network: "base", chain: { polygon: "https://node.example" } })).toEqual(["TURNPIKE_CHAIN"]);
});

test("G03 it is silent on test networks, and where every main network can be asked about", () => {
  expect(start({ network: "base-sepolia" })).toEqual([]);
  expect(start({ network: "base", chain: { base: "https://node.example" } })).toEqual([]);
  expect(start({ network: "base", chain: { networks: ["eip155:8453"], find: () => undefined } })).toEqual([]);
  expect(start({ chain: { "eip155:8453": "https://node.example" } }, "base", "base-sepolia")).toEqual([]);
});

test("G03b responses that leave ahead of real money, with no chain to ask, are warned of once", () => {
  const settle = "background";
  expect(start({ network: "base", settle })).toEqual(["TURNPIKE_CHAIN", "TURNPIKE_BACKGROUND"]);
  expect(start({ settle }, "base", "polygon")).toEqual(["TURNPIKE_CHAIN", "TURNPIKE_BACKGROUND"]);
  expect(start({ network: "base", settle, chain: { base: "https://node.example" } })).toEqual([]);
  expect(start({ network: "base-sepolia", settle })).toEqual([]);
});

test("G03 without a logger the runtime's own warning says it, by its code", async () => {
  const heard: string[] = [];
  const hear = (warning: Error) => void heard.push(`${(warning as { code?: string }).code}: ${warning.message}`);
  process.on("warning", hear);
  onTestFinished(() => void process.off("warning", hear));
  createPaywall({ payTo, facilitator, network: "base" });
  await expect.poll(() => heard.join()).toMatch(/TURNPIKE_CHAIN: .*Base.*paywall\.resolve/);
});

test("G42 two copies of the module, as Next.js may load them, warn once", async () => {
  const heard: string[] = [];
  const hear = (warning: Error) => void heard.push(String((warning as { code?: string }).code));
  process.on("warning", hear);
  onTestFinished(() => void process.off("warning", hear));
  for (let copy = 0; copy < 2; copy++) {
    vi.resetModules();
    const { createPaywall: start } = await import("./paywall.js");
    start({ payTo, facilitator, network: "polygon" });
  }
  await expect.poll(() => heard).toEqual(["TURNPIKE_CHAIN"]);
});

test("a logger that throws stops no start", () => {
  const fail = () => {
    throw new Error("no log");
  };
  createPaywall({ payTo, facilitator, network: "base", logger: { info: fail, warn: fail, error: fail } });
});

test("G06 settling before at a facilitator that tells a success again to anybody is warned of", () => {
  const retelling: Facilitator = {
    id: "local:retelling",
    retells: true,
    supported: () => Promise.reject(new Error("not asked")),
    verify: () => Promise.reject(new Error("not asked")),
    settle: () => Promise.reject(new Error("not asked")),
  };
  const network = "base-sepolia";
  expect(start({ network, facilitator: retelling, settle: "before" })).toEqual(["TURNPIKE_RETELL"]);
  expect(start({ network, facilitator: retelling, settle: "after" })).toEqual([]);
  expect(start({ network, facilitator: { ...retelling, retells: false }, settle: "before" })).toEqual([]);
});
