import { describe, expect, onTestFinished, test, vi } from "vitest";
import { signAuthorization } from "./support/payments.js";
import { balances, chain, facilitator, open, pay } from "./support/stage.js";

/** What everybody hears but the caller that asked first. */
const USED = { success: false, errorReason: "invalid_exact_evm_nonce_already_used", transaction: "" };
const callOf = (token: string | undefined) => (token === undefined ? {} : { token });

describe("the same payment again", () => {
  test("at the same time moves the money once, and its own caller hears of the one transaction each time", async () => {
    const request = await pay();
    const answers = await Promise.all(Array.from({ length: 8 }, () => facilitator.settle(request, { token: "ours" })));
    expect(new Set(answers.map(({ transaction }) => transaction)).size).toBe(1);
    expect(answers.every(({ success }) => success)).toBe(true);
    expect((await balances()).earned).toBe(10_000n);
  });

  test("later tells its own caller the same outcome, also when its time is over", async () => {
    const request = await pay();
    const first = await facilitator.settle(request, { token: "ours" });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 1_800_000 });
    onTestFinished(() => void vi.useRealTimers());
    expect(await facilitator.settle(request, { token: "ours" })).toEqual(first);
    expect((await balances()).earned).toBe(10_000n);
  });

  test("G06 at the same time as another caller's is used for all but the first", async () => {
    const request = await pay();
    const answers = await Promise.all(["a", "b", undefined].map((token) => facilitator.settle(request, callOf(token))));
    expect(answers.map(({ success }) => success)).toEqual([true, false, false]);
    for (const answer of answers.slice(1)) expect(answer).toMatchObject(USED);
  });

  test("G06 later is used for another caller, and for one without a token", async () => {
    const request = await pay();
    const first = await facilitator.settle(request, { token: "a" });
    for (const token of ["b", "", undefined])
      expect(await facilitator.settle(request, callOf(token))).toMatchObject(USED);
    expect(await facilitator.settle(request, { token: "a" })).toEqual(first);
  });

  test("G06 is used for another caller while it is pending, and its own caller hears that it is", async () => {
    await chain.setAutomine(false);
    const slow = open({ settleTimeout: 300 });
    const request = await pay();
    expect(await slow.settle(request, { token: "a" })).toMatchObject({ errorReason: "settlement_pending" });
    expect(await slow.settle(request, { token: "b" })).toMatchObject(USED);
    expect(await slow.settle(request, { token: "a" })).toMatchObject({ errorReason: "settlement_pending" });
  });

  test("G06 without a token is told once", async () => {
    const request = await pay();
    expect(await facilitator.settle(request)).toMatchObject({ success: true });
    expect(await facilitator.settle(request)).toMatchObject(USED);
    expect(await facilitator.settle(request, { token: "late" })).toMatchObject(USED);
  });

  test("is used for all but the first where outcomes are not told again", async () => {
    const strict = open({ retell: false });
    const request = await pay();
    const answers = await Promise.all([1, 2].map(() => strict.settle(request, { token: "ours" })));
    expect(answers.map(({ success }) => success).sort()).toEqual([false, true]);
    expect(await strict.settle(request, { token: "ours" })).toMatchObject(USED);
  });

  test("after a failure that broadcast nothing may come from another caller", async () => {
    const signer = chain.accounts.stranger;
    const request = await pay({ signer });
    expect(await facilitator.settle(request, { token: "a" })).toMatchObject({ errorReason: "insufficient_funds" });
    await chain.mint(signer.address, 10_000n);
    expect(await facilitator.settle(request, { token: "b" })).toMatchObject({ success: true });
  });

  test("is a failure if somebody else used the authorisation", async () => {
    const request = await pay();
    const other = open({ privateKey: chain.accounts.facilitator2.privateKey });
    expect(await other.settle(request)).toMatchObject({ success: true });
    const answer = await facilitator.settle(request);
    expect(answer).toMatchObject({
      success: false,
      errorReason: "invalid_exact_evm_nonce_already_used",
      transaction: "",
    });
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
      errorReason: "invalid_exact_evm_nonce_already_used",
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
