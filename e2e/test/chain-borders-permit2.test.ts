import type { Facilitator, PaywallConfig } from "@turnpike/core";
import type { PaymentPayload } from "@turnpike/core/protocol";
import { type Chain, startChain } from "@turnpike/e2e-chain";
import { evmChain } from "@turnpike/evm";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { privateKeyToAccount } from "viem/accounts";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Counter, lost, openCounter } from "./support/counter.js";
import { invalidate, isPermitUsed, plantPermit2, send, submitPermit, transfer } from "./support/payer-acts.js";

// The same borders for Permit2, whose nonces a payer can make invalid without paying.

let chain: Chain;
let config: PaywallConfig;

beforeEach(async () => {
  chain = await startChain();
  await plantPermit2(chain);
  const { address, name, version } = chain.token;
  config = {
    payTo: chain.accounts.seller.address,
    network: "base-sepolia",
    tokens: [
      {
        network: "base-sepolia",
        symbol: "USDC",
        address,
        decimals: 6,
        dollar: true,
        transferMethod: "permit2",
        eip712: { name, version },
      },
    ],
    facilitator: permit2Facilitator(),
  };
});
afterEach(() => chain?.stop());

const payer = () => chain.accounts.payer.address;
const seller = () => chain.accounts.seller.address;
const earned = () => chain.balanceOf(seller());

/** Its first settle call is cut. Then it tells what the chain says of the nonce, as the reference facilitator does. */
function permit2Facilitator(): Facilitator {
  let cut = false;
  return {
    id: "local:permit2",
    supported: async () => ({
      kinds: [{ x402Version: 2, scheme: "exact", network: chain.network }],
      extensions: [],
      signers: {},
    }),
    verify: async () => ({ isValid: true, payer: payer() }),
    settle: async ({ paymentPayload }) => {
      if (!cut) {
        cut = true;
        throw lost();
      }
      const used = await isPermitUsed(chain, paymentPayload);
      const common = { network: chain.network, payer: payer() };
      if (used) return { success: false, errorReason: "permit2_invalid_nonce", transaction: "", ...common };
      const transaction = await send(chain, chain.accounts.facilitator.address, submitPermit(paymentPayload));
      return { success: true, transaction, ...common };
    },
  };
}

async function signPermit(counter: Counter): Promise<PaymentPayload> {
  const { accepts, resource } = await counter.challenge();
  const [requirements] = accepts;
  if (!requirements) throw new Error("nothing is offered");
  const client = new ExactEvmScheme(privateKeyToAccount(chain.accounts.payer.privateKey));
  const signed = await client.createPaymentPayload(2, requirements as never);
  return { x402Version: 2, resource, accepted: requirements, payload: signed.payload as PaymentPayload["payload"] };
}

async function openCut(more: Partial<PaywallConfig>): Promise<[Counter, PaymentPayload]> {
  const counter = await openCounter({ ...config, facilitator: permit2Facilitator(), ...more });
  const payment = await signPermit(counter);
  const first = await counter.pay(payment);
  if (more.settle !== "background") expect(first).toMatchObject({ status: 503, code: "settlement_unknown" });
  await expect.poll(counter.states).toEqual(["unknown"]);
  return [counter, payment];
}

test.each(["after", "before", "background"] as const)(
  "G01 without a chain to ask, an invalidated Permit2 payment stays unknown and delivers nothing, settling %s",
  async (settle) => {
    const before = await earned();
    const [counter, payment] = await openCut({ settle });
    const runs = counter.runs();
    await send(chain, payer(), invalidate(payment));
    for (let tries = 0; tries < 3; tries++) {
      const again = await counter.pay(payment);
      expect([again.status, again.receipt?.success ?? false]).toEqual([503, false]);
    }
    expect([counter.runs(), await counter.states(), await earned()]).toEqual([runs, ["unknown"], before]);
  },
);

describe.each([
  ["a node's address", () => ({ "eip155:84532": [chain.rpcUrl] })],
  ["evmChain", () => evmChain({ rpcUrl: chain.rpcUrl, network: chain.network })],
] as [string, () => NonNullable<PaywallConfig["chain"]>][])("with a chain by %s", (_, reader) => {
  test("G01 an invalidated Permit2 payment is refused for good", async () => {
    const before = await earned();
    const [counter, payment] = await openCut({ chain: reader() });
    await send(chain, payer(), invalidate(payment));
    expect((await counter.pay(payment)).status).toBe(503);
    await chain.mine(13);
    const refused = await counter.pay(payment);
    expect([refused.status === 200, refused.receipt?.success ?? false]).toEqual([false, false]);
    expect([counter.runs(), await counter.states(), await earned()]).toEqual([1, ["failed"], before]);
  });

  test("G01 an invalidated Permit2 payment beside a plain transfer of the same amount delivers nothing", async () => {
    const [counter, payment] = await openCut({ chain: reader() });
    await send(chain, payer(), transfer(chain, seller(), 10_000n));
    await send(chain, payer(), invalidate(payment));
    await chain.mine(13);
    const again = await counter.pay(payment);
    expect([again.status === 200, again.receipt?.success ?? false, counter.runs()]).toEqual([false, false, 1]);
  });

  test("G01 a Permit2 payment that was settled unheard is found, and delivers once", async () => {
    const before = await earned();
    const [counter, payment] = await openCut({ settle: "before", chain: reader() });
    const transaction = await send(chain, chain.accounts.stranger.address, submitPermit(payment));
    for (let tries = 0; tries < 2; tries++) {
      expect(await counter.pay(payment)).toMatchObject({ status: 200, receipt: { success: true, transaction } });
    }
    expect([counter.runs(), (await earned()) - before]).toEqual([1, 10_000n]);
  });
});
