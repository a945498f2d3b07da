import type { FacilitatorRequest, PaymentPayload } from "@turnpike/core/protocol";
import { type Chain, startChain } from "@turnpike/e2e-chain";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import type { Hex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, test } from "vitest";
import { localFacilitator } from "../src/index.js";
import { createPayment, requirementsOf } from "./support/payments.js";
import { balances, chain, facilitator, open, pay } from "./support/stage.js";

describe("a settlement", () => {
  test("moves exactly the amount from payer to seller, and tells the transaction that did", async () => {
    const before = await balances();
    const request = await pay();
    const answer = await facilitator.settle(request);
    expect(answer).toEqual({
      success: true,
      transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/),
      network: chain.network,
      payer: chain.accounts.payer.address,
      amount: "10000",
    });
    const after = await balances();
    expect(after).toEqual({ paid: before.paid - 10_000n, earned: before.earned + 10_000n, kept: before.kept });
    const receipt = await chain.publicClient.getTransactionReceipt({ hash: answer.transaction as Hex });
    expect(receipt).toMatchObject({ status: "success", to: chain.token.address.toLowerCase() });
    expect(receipt.from).toBe(chain.accounts.facilitator.address.toLowerCase());
  });

  test("takes what the official client signs", async () => {
    const requirements = requirementsOf(chain);
    const client = new ExactEvmScheme(privateKeyToAccount(chain.accounts.payer.privateKey));
    const signed = await client.createPaymentPayload(
      2,
      requirements as Parameters<typeof client.createPaymentPayload>[1],
    );
    const { x402Version, payload } = signed as unknown as Pick<PaymentPayload, "x402Version" | "payload">;
    const request: FacilitatorRequest = {
      x402Version: 2,
      paymentPayload: { x402Version, accepted: requirements, payload },
      paymentRequirements: requirements,
    };
    expect(await facilitator.verify(request)).toEqual({ isValid: true, payer: chain.accounts.payer.address });
    expect(await facilitator.settle(request)).toMatchObject({ success: true, amount: "10000" });
    expect((await balances()).earned).toBe(10_000n);
  });

  test("takes a contract wallet's signature", async () => {
    const signer = chain.accounts.payer2;
    const from = await chain.deploySmartWallet(signer.address);
    await chain.mint(from, 10_000n);
    const answer = await facilitator.settle(await pay({ signer, authorization: { from } }));
    expect(answer).toMatchObject({ success: true, payer: from });
    expect(await chain.balanceOf(from)).toBe(0n);
    expect((await balances()).earned).toBe(10_000n);
  });

  test("takes an amount of zero and the largest balance there is", async () => {
    const { paid } = await balances();
    const amounts = ["0", String(paid)];
    for (const amount of amounts) {
      expect(await facilitator.settle(await pay({ requirements: { amount } }))).toMatchObject({
        success: true,
        amount,
      });
    }
    expect(await balances()).toMatchObject({ paid: 0n, earned: paid });
  });
});

test("a contract that takes the call and moves nothing is a failure, with the transaction that showed it", async () => {
  // Answers 0 to a call of 68 bytes, which is `authorizationState`, and 1 to every other.
  const address: Hex = "0x00000000000000000000000000000000000000aa";
  const code = "0x366044141560005260206000f3";
  await chain.publicClient.request({ method: "anvil_setCode", params: [address, code] } as never);
  const pretender = { ...chain, token: { ...chain.token, address } as unknown as Chain["token"] };
  const answer = await facilitator.settle(await createPayment(pretender, { requirements: { amount: "1" } }));
  expect(answer).toMatchObject({ success: false, errorReason: "invalid_transaction_state" });
  const receipt = await chain.publicClient.getTransactionReceipt({ hash: answer.transaction as Hex });
  expect(receipt.status).toBe("success");
});

test("a transfer that would take more gas than allowed is not broadcast", async () => {
  const frugal = open({ maxGas: 30_000n });
  const answer = await frugal.settle(await pay());
  expect(answer).toMatchObject({ success: false, transaction: "" });
  expect((await balances()).earned).toBe(0n);
});

describe("fifty purchases at once", { timeout: 60_000 }, () => {
  // On a busy machine fifty answers at once take longer than one may.
  const rpcTimeout = 30_000;
  test("all settle, each by its own transaction, to the atomic unit", async () => {
    const before = await balances();
    const amounts = Array.from({ length: 50 }, (_, i) => String(1000 + i));
    const requests = await Promise.all(amounts.map((amount) => pay({ requirements: { amount } })));
    const patient = open({ rpcTimeout });
    const answers = await Promise.all(requests.map((request) => patient.settle(request)));
    expect(answers.map(({ success, amount }) => ({ success, amount }))).toEqual(
      amounts.map((amount) => ({ success: true, amount })),
    );
    expect(new Set(answers.map(({ transaction }) => transaction)).size).toBe(50);
    const total = amounts.reduce((sum, amount) => sum + BigInt(amount), 0n);
    expect(await balances()).toEqual({ ...before, paid: before.paid - total, earned: before.earned + total });
  });

  test("all settle in blocks that come by the clock, as on a public chain", async () => {
    await using slow = await startChain({ blockTime: 1 });
    const { privateKey } = slow.accounts.facilitator;
    const patient = localFacilitator({ rpcUrl: slow.rpcUrl, privateKey, network: slow.network, rpcTimeout });
    const requests = await Promise.all(Array.from({ length: 50 }, () => createPayment(slow)));
    const answers = await Promise.all(requests.map((request) => patient.settle(request)));
    expect(answers.filter(({ success }) => success)).toHaveLength(50);
    expect(await slow.balanceOf(slow.accounts.seller.address)).toBe(500_000n);
  });

  test("settle what can be paid when some cannot", async () => {
    const { stranger } = chain.accounts;
    const requests = await Promise.all(
      Array.from({ length: 50 }, (_, i) => pay(i % 5 === 0 ? { signer: stranger } : {})),
    );
    const patient = open({ rpcTimeout });
    const answers = await Promise.all(requests.map((request) => patient.settle(request)));
    expect(answers.filter(({ success }) => success)).toHaveLength(40);
    expect(answers.filter(({ errorReason }) => errorReason === "insufficient_funds")).toHaveLength(10);
    expect((await balances()).earned).toBe(400_000n);
  });
});
