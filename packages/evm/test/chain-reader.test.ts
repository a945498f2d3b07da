import type { ChainPayment, ChainReader, Finality } from "@turnpike/core";
import type { FacilitatorRequest, JsonObject, PaymentRequirements } from "@turnpike/core/protocol";
import type { Hex } from "viem";
import { beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { evmChain } from "../src/index.js";
import { about, ask, cancellationOf, send, settlementOf } from "./support/acts.js";
import { now } from "./support/payments.js";
import { chain, facilitator, node, pay } from "./support/stage.js";
import { findDeadEnd } from "./support/unreliable-node.js";

let reader: ChainReader;
beforeEach(() => {
  reader = evmChain({ rpcUrl: node.rpcUrl, network: chain.network });
});

const find = (request: FacilitatorRequest, rest: Partial<ChainPayment> = {}, finality: Finality = "included") =>
  reader.find(about(request, rest), finality);

describe("a settled payment", () => {
  test("is found by its transaction, without a search", async () => {
    const request = await pay();
    const { transaction } = await facilitator.settle(request);
    expect(await find(request, { transaction })).toEqual({ type: "settled", transaction, final: true });
    expect(node.seen).not.toContain("eth_getLogs");
  });

  test("is found by its nonce when no transaction is known", async () => {
    const request = await pay();
    const { transaction } = await facilitator.settle(request);
    await facilitator.settle(await pay());
    expect(await find(request)).toEqual({ type: "settled", transaction, final: true });
  });

  test("is found by its nonce when the transaction that is known is another payment's, or no transaction", async () => {
    const request = await pay();
    const { transaction } = await facilitator.settle(request);
    const other = await facilitator.settle(await pay());
    for (const known of [other.transaction, `0x${"ab".repeat(32)}`, "", "0x12", "nonsense"]) {
      expect(await find(request, { transaction: known })).toEqual({ type: "settled", transaction, final: true });
    }
  });

  test("is found whatever the letter case of its addresses and nonce", async () => {
    const request = await pay();
    const { transaction } = await facilitator.settle(request);
    const upper = (hex: unknown) => `0x${String(hex).slice(2).toUpperCase()}`;
    const { authorization, signature } = request.paymentPayload.payload as Record<string, Record<string, string>>;
    const { from, to, nonce } = authorization ?? {};
    const shouted = { ...authorization, from: upper(from), to: upper(to), nonce: upper(nonce) };
    const { asset, payTo } = request.paymentRequirements;
    const finding = await reader.find(
      {
        payload: { ...request.paymentPayload, payload: { authorization: shouted, signature } },
        requirements: { ...request.paymentRequirements, asset: upper(asset), payTo: upper(payTo) },
        transaction: upper(transaction),
        since: now(),
      },
      "included",
    );
    expect(finding).toEqual({ type: "settled", transaction, final: true });
  });

  test("is final once so many blocks lie upon it as were asked for", async () => {
    const request = await pay();
    const { transaction } = await facilitator.settle(request);
    const settled = { type: "settled", transaction };
    await chain.mine(2);
    expect(await find(request, {}, 2)).toEqual({ ...settled, final: true });
    expect(await find(request, {}, 3)).toEqual({ ...settled, final: false });
    expect(await find(request, { transaction }, 3)).toEqual({ ...settled, final: false });
    expect(await find(request, {}, 100_000)).toEqual({ ...settled, final: false });
    await chain.mine(1);
    expect(await find(request, { transaction }, 3)).toEqual({ ...settled, final: true });
  });

  test("is final once the chain itself calls its block finalized", async () => {
    const request = await pay();
    const { transaction } = await facilitator.settle(request);
    await chain.mine(10);
    expect(await find(request, {}, "finalized")).toEqual({ type: "settled", transaction, final: false });
    await chain.mine(100);
    expect(await find(request, {}, "finalized")).toEqual({ type: "settled", transaction, final: true });
  });

  test("is found when a stranger settled it first, also where our own transaction failed for that", async () => {
    const request = await pay();
    const { seller, stranger, facilitator } = chain.accounts;
    const theirs = await send(stranger.address, settlementOf(request));
    const ours = await send(facilitator.address, settlementOf(request), 300_000);
    expect([theirs.status, ours.status]).toEqual(["success", "reverted"]);
    expect(await chain.balanceOf(seller.address)).toBe(10_000n);
    const settled = { type: "settled", transaction: theirs.transactionHash, final: true };
    expect(await find(request)).toEqual(settled);
    expect(await find(request, { transaction: ours.transactionHash })).toEqual(settled);
  });
});

describe("a payment that is not settled", () => {
  test("is unused", async () => {
    expect(await find(await pay())).toEqual({ type: "unused", expired: false });
  });

  test("is unused when its transaction failed, or was never seen", async () => {
    const request = await pay({
      authorization: { validAfter: String(now() + 3600), validBefore: String(now() + 7200) },
    });
    const { status, transactionHash } = await send(chain.accounts.stranger.address, settlementOf(request), 300_000);
    expect(status).toBe("reverted");
    expect(await find(request, { transaction: transactionHash })).toEqual({ type: "unused", expired: false });
    const unseen = `0x${"cd".repeat(32)}`;
    expect(await find(request, { transaction: unseen })).toEqual({ type: "unused", expired: false });
  });

  test("expires by the chain's time, at the depth that was asked for, and never by the local clock", async () => {
    const request = await pay();
    const since = now();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 86_400_000 });
    onTestFinished(() => void vi.useRealTimers());
    const unused = { type: "unused", expired: false };
    expect(await find(request, { since })).toEqual(unused);
    vi.useRealTimers();
    await chain.increaseTime(120);
    expect(await find(request)).toEqual({ ...unused, expired: true });
    expect(await find(request, {}, 1)).toEqual(unused);
    expect(await find(request, {}, "finalized")).toEqual(unused);
    await chain.mine(1);
    expect(await find(request, {}, 1)).toEqual({ ...unused, expired: true });
    expect(await find(request, {}, 2)).toEqual(unused);
    await chain.mine(100);
    expect(await find(request, {}, "finalized")).toEqual({ ...unused, expired: true });
  });

  test("has not expired in the last second of its window", async () => {
    const { timestamp } = await chain.publicClient.getBlock();
    const end = timestamp + 1000n;
    const request = await pay({ authorization: { validBefore: String(end) } });
    await ask("evm_setNextBlockTimestamp", Number(end));
    await chain.mine(1);
    expect(await find(request)).toEqual({ type: "unused", expired: false });
    await ask("evm_setNextBlockTimestamp", Number(end) + 1);
    await chain.mine(1);
    expect(await find(request)).toEqual({ type: "unused", expired: true });
  });

  test("expires also at a depth of which the node keeps no state", async () => {
    const request = await pay();
    await chain.increaseTime(120);
    await chain.mine(700);
    const gone = { answer: { error: { code: -32000, message: "missing trie node" } } };
    node.treat = (method, params) => (method === "eth_call" && isDeep(params) ? gone : "forward");
    expect(await find(request, {}, 600)).toEqual({ type: "unused", expired: true });
    expect(node.seen.filter((method) => method === "eth_call")).toHaveLength(2);
  });

  test("is spent when the payer cancelled it", async () => {
    const request = await pay();
    const { transactionHash: transaction } = await send(chain.accounts.stranger.address, await cancellationOf(request));
    expect(await find(request)).toEqual({ type: "spent", final: true });
    expect(await find(request, { transaction })).toEqual({ type: "spent", final: true });
    expect(await find(request, {}, 1)).toEqual({ type: "spent", final: false });
  });

  test("is spent when the payer signed its nonce a second time, for somebody else", async () => {
    const request = await pay();
    const { nonce } = request.paymentPayload.payload.authorization as Record<string, string>;
    const { payer, stranger } = chain.accounts;
    const twin = await pay({ authorization: { nonce: nonce as Hex, to: stranger.address } });
    const { transactionHash: transaction } = await send(payer.address, settlementOf(twin));
    expect(await find(request)).toEqual({ type: "spent", final: true });
    expect(await find(request, { transaction })).toEqual({ type: "spent", final: true });
  });

  test("is spent when its nonce was used for another amount", async () => {
    const request = await pay();
    const { nonce } = request.paymentPayload.payload.authorization as Record<string, string>;
    const twin = await pay({ authorization: { nonce: nonce as Hex, value: "9999" } });
    await send(chain.accounts.payer.address, settlementOf(twin));
    expect(await find(request)).toEqual({ type: "spent", final: true });
  });
});

describe("a payment that nobody here can read", () => {
  test.each<[string, Partial<PaymentRequirements>]>([
    ["another network", { network: "eip155:8453" }],
    ["another scheme", { scheme: "upto" }],
    ["another recipient", { payTo: `0x${"1".repeat(40)}` }],
    ["another amount", { amount: "9999" }],
    ["an asset that is no contract's address", { asset: "USD" }],
    ["another way to transfer", { extra: { assetTransferMethod: "erc7710" } }],
    ["Permit2, with another form", { extra: { assetTransferMethod: "permit2" } }],
  ])("for %s, is not asked about", async (_, change) => {
    const unreachable = evmChain({ rpcUrl: await findDeadEnd(), network: chain.network });
    const payment = about(await pay());
    const requirements = { ...payment.requirements, ...change };
    expect(await unreachable.find({ ...payment, requirements }, "included")).toBeUndefined();
  });

  test.each<[string, (authorization: unknown) => JsonObject]>([
    ["both forms of authorisation", (authorization) => ({ authorization, permit2Authorization: {} })],
    ["no authorisation", () => ({ transaction: "AA==" })],
    ["a nonce of another form", (authorization) => ({ authorization: { ...(authorization as object), nonce: 1 } })],
  ])("for %s, is not asked about", async (_, change) => {
    const unreachable = evmChain({ rpcUrl: await findDeadEnd(), network: chain.network });
    const payment = about(await pay());
    const payload = { ...payment.payload, payload: change(payment.payload.payload.authorization) };
    expect(await unreachable.find({ ...payment, payload }, "included")).toBeUndefined();
  });

  test("for a token that counts no nonces, cannot be told", async () => {
    for (const asset of [chain.accounts.stranger.address, "0xcA11bde05977b3631167028862bE2a173976CA11"]) {
      expect(await find(await pay({ requirements: { asset } }))).toBeUndefined();
    }
  });
});

/** Whether a question is about a state below the 400 newest blocks. */
function isDeep(params: readonly unknown[]): boolean {
  return Number(params[1]) < 400;
}
