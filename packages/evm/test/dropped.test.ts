import { type Hex, keccak256 } from "viem";
import { expect, onTestFinished, test, vi } from "vitest";
import { now, settleAtLast } from "./support/payments.js";
import { chain, earned, facilitator, node, open, pay } from "./support/stage.js";

const SEND = "eth_sendRawTransaction";

test("a transaction that the node dropped is offered again", async () => {
  await chain.setAutomine(false);
  const hasty = open({ settleTimeout: 200 });
  const request = await pay();
  const { transaction } = await hasty.settle(request);
  await drop(transaction);
  expect(await hasty.settle(request)).toMatchObject({ errorReason: "settlement_pending", transaction });
  await chain.setAutomine(true);
  expect(await settleAtLast(hasty, request)).toMatchObject({ success: true, transaction });
});

test("a transaction that the node dropped is offered again while somebody waits for it", async () => {
  await chain.setAutomine(false);
  const answer = facilitator.settle(await pay());
  await vi.waitFor(() => expect(node.seen).toContain("eth_getTransactionReceipt"));
  await drop(keccak256(node.paramsOf(SEND)[0] as Hex));
  passTime(6);
  await vi.waitFor(() => expect(node.paramsOf(SEND)).toHaveLength(2), 5000);
  await chain.setAutomine(true);
  expect(await answer).toMatchObject({ success: true });
});

test("a dropped transaction that nobody waits for does not hold up the ones behind it", async () => {
  await chain.setAutomine(false);
  const hasty = open({ settleTimeout: 200 });
  const { transaction } = await hasty.settle(await pay());
  await drop(transaction);
  passTime(31);
  const request = await pay();
  await hasty.settle(request);
  await chain.setAutomine(true);
  expect(await settleAtLast(hasty, request)).toMatchObject({ success: true });
  expect(await earned()).toBe(20_000n);
});

test("a dropped transaction whose authorisation ran out is a failure", async () => {
  await chain.setAutomine(false);
  const hasty = open({ settleTimeout: 200 });
  const request = await pay({ authorization: { validBefore: String(now() + 10) } });
  const { transaction } = await hasty.settle(request);
  await drop(transaction);
  await chain.increaseTime(100);
  const answer = await settleAtLast(hasty, request);
  expect(answer).toMatchObject({ success: false, errorReason: "invalid_transaction_state", transaction });
});

/** Moves this process's clock ahead. */
function passTime(seconds: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + seconds * 1000 });
  onTestFinished(() => void vi.useRealTimers());
}

async function drop(transaction: string): Promise<void> {
  await chain.publicClient.request({ method: "anvil_dropTransaction", params: [transaction as Hex] } as never);
}
