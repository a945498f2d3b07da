import { describe, expect, onTestFinished, test, vi } from "vitest";
import { signAuthorization } from "./support/payments.js";
import { balances, chain, facilitator, open, pay } from "./support/stage.js";

describe("the same payment again", () => {
  test("at the same time moves the money once, and every caller hears of the one transaction", async () => {
    const request = await pay();
    const answers = await Promise.all(Array.from({ length: 8 }, () => facilitator.settle(request)));
    expect(new Set(answers.map(({ transaction }) => transaction)).size).toBe(1);
    expect(answers.every(({ success }) => success)).toBe(true);
    expect((await balances()).earned).toBe(10_000n);
  });

  test("later tells the same outcome, also when its time is over", async () => {
    const request = await pay();
    const first = await facilitator.settle(request);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_800_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect(await facilitator.settle(request)).toEqual(first);
    expect((await balances()).earned).toBe(10_000n);
  });

  test("is a failure for all but the first where outcomes are not told again", async () => {
    const strict = open({ retell: false });
    const request = await pay();
    const answers = await Promise.all([strict.settle(request), strict.settle(request)]);
    expect(answers.map(({ success }) => success).sort()).toEqual([false, true]);
    const again = await strict.settle(request);
    expect(again).toMatchObject({ success: false, errorReason: "invalid_transaction_state" });
    expect(again.transaction).toBe(answers[0]?.transaction);
  });

  test("is a failure if somebody else used the authorisation", async () => {
    const request = await pay();
    const other = open({ privateKey: chain.accounts.facilitator2.privateKey });
    expect(await other.settle(request)).toMatchObject({ success: true });
    const answer = await facilitator.settle(request);
    expect(answer).toMatchObject({ success: false, errorReason: "invalid_transaction_state", transaction: "" });
  });

  test("with another signature or other terms does not hear of the first one's outcome", async () => {
    const { payer, stranger } = chain.accounts;
    const request = await pay();
    await facilitator.settle(request);
    const authorization = request.paymentPayload.payload.authorization as Parameters<typeof signAuthorization>[2];
    const signature = await signAuthorization(chain, stranger, authorization);
    const forged = { ...request.paymentPayload, payload: { authorization, signature } };
    const answer = await facilitator.settle({ ...request, paymentPayload: forged });
    expect(answer).toMatchObject({ success: false, errorReason: "invalid_exact_evm_payload_signature" });
    const dearer = await pay({
      signer: payer,
      requirements: { amount: "20000" },
      authorization: { nonce: authorization.nonce },
    });
    expect(await facilitator.settle(dearer)).toMatchObject({
      success: false,
      errorReason: "invalid_transaction_state",
    });
  });

  test("can be tried again after a failure that broadcast nothing", async () => {
    const signer = chain.accounts.stranger;
    const request = await pay({ signer });
    expect(await facilitator.settle(request)).toMatchObject({ errorReason: "insufficient_funds", transaction: "" });
    await chain.mint(signer.address, 10_000n);
    expect(await facilitator.settle(request)).toMatchObject({ success: true });
  });
});
