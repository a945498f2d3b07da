import { describe, expect, test, vi } from "vitest";
import { now, settleAtLast } from "./support/payments.js";
import { balances, chain, facilitator, open, pay } from "./support/stage.js";

/** Transactions of the facilitator that are broadcast and not mined. */
const countWaiting = async () => {
  const { address } = chain.accounts.facilitator;
  const [all, mined] = await Promise.all([
    chain.publicClient.getTransactionCount({ address, blockTag: "pending" }),
    chain.publicClient.getTransactionCount({ address, blockTag: "latest" }),
  ]);
  return all - mined;
};

describe("a transaction that is not mined", () => {
  test("is pending with its hash, and the next call for the payment finds it settled", async () => {
    await chain.setAutomine(false);
    const hasty = open({ settleTimeout: 200 });
    const request = await pay();
    const first = await hasty.settle(request);
    const { payer } = chain.accounts;
    expect(first).toEqual({
      success: false,
      errorReason: "settlement_pending",
      transaction: expect.stringMatching(/^0x[0-9a-f]{64}$/),
      network: chain.network,
      payer: payer.address,
    });
    expect(await hasty.settle(request)).toEqual(first);
    await chain.setAutomine(true);
    expect(await settleAtLast(hasty, request)).toMatchObject({ success: true, transaction: first.transaction });
    expect((await balances()).earned).toBe(10_000n);
  });

  test("is pending with its hash when the caller gives up", async () => {
    await chain.setAutomine(false);
    const request = await pay();
    const leaving = new AbortController();
    const answer = facilitator.settle(request, { signal: leaving.signal });
    await vi.waitFor(async () => expect(await countWaiting()).toBe(1), 5000);
    leaving.abort();
    const first = await answer;
    expect(first).toMatchObject({ success: false, errorReason: "settlement_pending" });
    await chain.setAutomine(true);
    expect(await facilitator.settle(request)).toMatchObject({ success: true, transaction: first.transaction });
  });

  test("is a failure when the authorisation ran out meanwhile, and stays one", async () => {
    await chain.setAutomine(false);
    const hasty = open({ settleTimeout: 200 });
    const request = await pay({ authorization: { validBefore: String(now() + 10) } });
    const first = await hasty.settle(request);
    expect(first).toMatchObject({ errorReason: "settlement_pending" });
    await chain.increaseTime(100);
    const failure = { success: false, errorReason: "invalid_transaction_state", transaction: first.transaction };
    expect(await settleAtLast(hasty, request)).toMatchObject(failure);
    expect(await hasty.settle(request)).toMatchObject(failure);
    expect((await balances()).earned).toBe(0n);
  });

  test("is pending until it has as many confirmations as asked for", async () => {
    const careful = open({ confirmations: 3, settleTimeout: 200 });
    const request = await pay();
    expect(await careful.settle(request)).toMatchObject({ errorReason: "settlement_pending" });
    await chain.mine(1);
    expect(await careful.settle(request)).toMatchObject({ errorReason: "settlement_pending" });
    await chain.mine(1);
    expect(await settleAtLast(careful, request)).toMatchObject({ success: true });
  });

  test("is a failure with its hash when it reverts in the block", async () => {
    await chain.setAutomine(false);
    const request = await pay();
    const other = open({ privateKey: chain.accounts.facilitator2.privateKey, settleTimeout: 200 });
    const hasty = open({ settleTimeout: 200 });
    const pending = await Promise.all([hasty.settle(request), other.settle(request)]);
    expect(pending.map(({ errorReason }) => errorReason)).toEqual(["settlement_pending", "settlement_pending"]);
    await chain.setAutomine(true);
    const outcomes = await Promise.all([settleAtLast(hasty, request), settleAtLast(other, request)]);
    expect(outcomes.filter(({ success }) => success)).toHaveLength(1);
    const failed = outcomes.find(({ success }) => !success);
    expect(failed).toMatchObject({ errorReason: "invalid_transaction_state" });
    expect(pending.map(({ transaction }) => transaction)).toContain(failed?.transaction);
    expect((await balances()).earned).toBe(10_000n);
  });
});
