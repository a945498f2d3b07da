import { expect, test, vi } from "vitest";
import { earned, facilitator, node, pay } from "./support/stage.js";
import type { Treatment } from "./support/unreliable-node.js";

const SEND = "eth_sendRawTransaction";

test("a caller that gives up before the broadcast prevents it", async () => {
  const proceed = holdBack("eth_estimateGas");
  const leaving = new AbortController();
  const answer = facilitator.settle(await pay(), { signal: leaving.signal });
  await vi.waitFor(() => expect(node.seen).toContain("eth_estimateGas"));
  leaving.abort();
  await expect(answer).rejects.toMatchObject({ code: "facilitator_timeout", sent: false });
  proceed();
  // The abandoned settlement comes as far as to ask for a nonce; the next one follows it in line.
  await vi.waitFor(() => expect(node.seen).toContain("eth_getTransactionCount"));
  expect(await facilitator.settle(await pay())).toMatchObject({ success: true });
  expect(node.seen.filter((method) => method === SEND)).toHaveLength(1);
  expect(await earned()).toBe(10_000n);
});

test("a caller that gives up does not stop a settlement that another one waits for", async () => {
  const proceed = holdBack("eth_estimateGas");
  const leaving = new AbortController();
  const request = await pay();
  const left = facilitator.settle(request, { signal: leaving.signal });
  const stays = facilitator.settle(request);
  await vi.waitFor(() => expect(node.seen).toContain("eth_estimateGas"));
  leaving.abort();
  await expect(left).rejects.toMatchObject({ code: "facilitator_timeout", sent: true });
  proceed();
  expect(await stays).toMatchObject({ success: true });
});

test("a caller that has given up already is not served", async () => {
  const signal = AbortSignal.abort();
  await expect(facilitator.settle(await pay(), { signal })).rejects.toMatchObject({ sent: false });
  expect(node.seen).not.toContain(SEND);
});

/** Hands a method on only once the returned function is called. */
function holdBack(held: string): () => void {
  let proceed: () => void = () => undefined;
  const gate = new Promise<Treatment>((resolve) => {
    proceed = () => resolve("forward");
  });
  node.treat = (method) => (method === held ? gate : "forward");
  return () => proceed();
}
