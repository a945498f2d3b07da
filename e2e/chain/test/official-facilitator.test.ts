import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { x402Client } from "@x402/core/client";
import { HTTPFacilitatorClient } from "@x402/core/server";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import type { ClientEvmSigner } from "@x402/evm";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Chain, startChain } from "../src/index.js";
import { type OfficialFacilitator, startOfficialFacilitator } from "../src/official-facilitator.js";
import { wrap } from "./sign.js";

let chain: Chain;
let facilitator: OfficialFacilitator;
let client: HTTPFacilitatorClient;
beforeAll(async () => {
  chain = await startChain();
  facilitator = await startOfficialFacilitator(chain);
  client = new HTTPFacilitatorClient({ url: facilitator.url });
});
afterAll(async () => {
  await facilitator.close();
  await chain.stop();
});

/** What a seller on this chain asks for. */
function createRequirements(changes: Partial<PaymentRequirements> = {}): PaymentRequirements {
  return {
    scheme: "exact",
    network: chain.network,
    asset: chain.token.address,
    amount: "10000",
    payTo: chain.accounts.seller.address,
    maxTimeoutSeconds: 60,
    extra: { name: "USDC", version: "2" },
    ...changes,
  };
}

/** A payment as the official client makes it. */
function pay(requirements: PaymentRequirements, signer: ClientEvmSigner = payer()): Promise<PaymentPayload> {
  return new x402Client()
    .register("eip155:*", new ExactEvmScheme(signer))
    .createPaymentPayload({ x402Version: 2, resource: { url: "http://127.0.0.1/paid" }, accepts: [requirements] });
}

const payer = () => privateKeyToAccount(chain.accounts.payer.privateKey);
const balances = () =>
  Promise.all([chain.balanceOf(chain.accounts.payer.address), chain.balanceOf(chain.accounts.seller.address)]);

test("it supports the exact scheme on this chain, in versions 2 and 1", async () => {
  expect(await client.getSupported()).toMatchObject({
    kinds: expect.arrayContaining([
      { x402Version: 2, scheme: "exact", network: "eip155:84532" },
      { x402Version: 1, scheme: "exact", network: "base-sepolia" },
    ]),
    signers: { "eip155:*": [chain.accounts.facilitator2.address] },
  });
});

test("a payment of the official client verifies, and settling moves exactly its amount", async () => {
  const requirements = createRequirements({ amount: "12345" });
  const payment = await pay(requirements);
  const [paid, earned] = await balances();
  const { address } = payer();
  expect(await client.verify(payment, requirements)).toEqual({ isValid: true, payer: address });
  expect(await balances()).toEqual([paid, earned]);
  const settled = await client.settle(payment, requirements);
  expect(settled).toMatchObject({ success: true, network: chain.network, payer: address });
  expect(await balances()).toEqual([paid - 12_345n, earned + 12_345n]);
  const receipt = await chain.publicClient.getTransactionReceipt({ hash: settled.transaction as Hex });
  expect(receipt.status).toBe("success");
});

test("a settled payment is refused from then on, with the reason, and others settle after it", async () => {
  const requirements = createRequirements();
  const payment = await pay(requirements);
  await client.settle(payment, requirements);
  const before = await balances();
  const reason = "invalid_exact_evm_nonce_already_used";
  expect(await client.verify(payment, requirements)).toMatchObject({ isValid: false, invalidReason: reason });
  expect(await client.settle(payment, requirements)).toMatchObject({ success: false, errorReason: reason });
  expect(await balances()).toEqual(before);
  expect(await client.settle(await pay(requirements), requirements)).toMatchObject({ success: true });
});

test("it tells apart what is wrong with a payment, by what the token answers", async () => {
  const { stranger } = chain.accounts;
  const cases = [
    [createRequirements({ extra: { name: "USD Coin", version: "2" } }), payer(), "token_name_mismatch"],
    [createRequirements({ extra: { name: "USDC", version: "1" } }), payer(), "token_version_mismatch"],
    [createRequirements(), privateKeyToAccount(stranger.privateKey), "insufficient_balance"],
  ] as const;
  for (const [requirements, signer, reason] of cases) {
    const verdict = await client.verify(await pay(requirements, signer), requirements);
    expect(verdict).toMatchObject({ isValid: false, invalidReason: `invalid_exact_evm_${reason}` });
  }
  const requirements = createRequirements();
  const payment = await pay(requirements);
  const forged = { ...payment, payload: { ...payment.payload, signature: `0x${"12".repeat(64)}1b` } };
  expect(await client.verify(forged, requirements)).toMatchObject({ invalidReason: "invalid_exact_evm_signature" });
});

test("a smart wallet pays with its owner's signature, plain or wrapped", async () => {
  const address = await chain.deploySmartWallet(payer().address);
  await chain.mint(address, 20_000n);
  for (const form of [(signature: Hex) => signature, wrap]) {
    const signTypedData: ClientEvmSigner["signTypedData"] = async (message) =>
      form(await payer().signTypedData(message as never));
    const requirements = createRequirements();
    const payment = await pay(requirements, { address, signTypedData });
    expect(await client.verify(payment, requirements)).toEqual({ isValid: true, payer: address });
    expect(await client.settle(payment, requirements)).toMatchObject({ success: true, payer: address });
  }
  expect(await chain.balanceOf(address)).toBe(0n);
});

test("of 30 payments settled at once, a third of them twice, each moves its amount once", async () => {
  const requirements = createRequirements({ amount: "1000" });
  const payments = await Promise.all(Array.from({ length: 30 }, () => pay(requirements)));
  const [paid, earned] = await balances();
  const results = await Promise.all(
    [...payments, ...payments.slice(0, 10)].map((payment) => client.settle(payment, requirements)),
  );
  expect(results.filter((result) => result.success)).toHaveLength(30);
  expect(await balances()).toEqual([paid - 30_000n, earned + 30_000n]);
  expect(await client.settle(await pay(requirements), requirements)).toMatchObject({ success: true });
});

test("through a slow node, as a new account's first work, payments settle beside repetitions that revert", async () => {
  const requirements = createRequirements({ amount: "1000" });
  const spent = await pay(requirements);
  await client.settle(spent, requirements);
  const payments = await Promise.all(Array.from({ length: 12 }, (_, at) => (at % 3 === 1 ? spent : pay(requirements))));
  const [paid, earned] = await balances();
  await using node = await slowDown(chain.rpcUrl);
  const { privateKey } = chain.accounts.payer2;
  await using other = await startOfficialFacilitator({ ...chain, rpcUrl: node.url }, { privateKey });
  const slow = new HTTPFacilitatorClient({ url: other.url });
  const settlements = payments.map(async (payment, at) => {
    await sleep(8 * at);
    return (await slow.settle(payment, requirements)).success;
  });
  expect(await Promise.all(settlements)).toEqual(payments.map((payment) => payment !== spent));
  expect(await balances()).toEqual([paid - 8_000n, earned + 8_000n]);
});

test("a call that it cannot serve is answered with an error, not with silence", async () => {
  const post = (path: string, body: string) => fetch(facilitator.url + path, { method: "POST", body });
  expect((await post("/verify", "{}")).status).toBe(400);
  expect((await post("/settle", "not json")).status).toBe(500);
  expect((await post("/other", "{}")).status).toBe(404);
});

test("over two chains in one process, each facilitator serves its own, with any key", async () => {
  await using second = await startChain();
  await using other = await startOfficialFacilitator(second, { privateKey: second.accounts.stranger.privateKey });
  const requirements = createRequirements();
  const payment = await pay(requirements);
  const before = await balances();
  const result = await new HTTPFacilitatorClient({ url: other.url }).settle(payment, requirements);
  expect(result).toMatchObject({ success: true });
  expect(await balances()).toEqual(before);
  expect(await second.balanceOf(second.accounts.seller.address)).toBe(10_000n);
  await other.close();
  await expect(fetch(other.url)).rejects.toThrow();
});

/** Stands before a node and takes its time, sending transactions most of all. */
async function slowDown(rpcUrl: string) {
  const server = createServer(async (request, response) => {
    const body = await text(request);
    await sleep(body.includes("eth_sendRawTransaction") ? 30 : 3);
    const answer = await fetch(rpcUrl, { method: "POST", headers: { "content-type": "application/json" }, body });
    response.setHeader("content-type", "application/json").end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
