import { createPaywall, memoryStore, type PaymentRecord, type RefundSender } from "@turnpike/core";
import type { Hex } from "viem";
import { expect, test } from "vitest";
import { ask, send } from "./support/acts.js";
import { codeOf, given, oddTokens, openSender, oweTo, plan } from "./support/refunds.js";
import { chain, node } from "./support/stage.js";
import type { Treatment } from "./support/unreliable-node.js";

const SEND = "eth_sendRawTransaction";
const RECEIPT = "eth_getTransactionReceipt";
/** More blocks than the development chain takes to call one final. */
const FINAL = 80;

const fund = (amount = 10_000n) => chain.mint(chain.accounts.seller.address, amount);
const sends = () => node.seen.filter((method) => method === SEND).length;
/** A transaction of the seller's that has nothing to do with refunds. */
async function useNonce(): Promise<void> {
  await ask("anvil_impersonateAccount", chain.accounts.seller.address);
  await send(chain.accounts.seller.address, { to: chain.accounts.payer.address });
}

test("what is sent twice is paid once, and the chain is looked at ahead of sending", async () => {
  await fund(20_000n);
  const sender = openSender();
  const refunding = await plan(sender);
  expect(await sender.send(refunding)).toEqual({ type: "confirmed" });
  expect(sends()).toBe(1);
  for (const again of [sender, openSender()]) expect(await again.send(refunding)).toEqual({ type: "confirmed" });
  expect(sends()).toBe(1);
  expect(await given()).toBe(10_000n);
});

test("several at once with the same plan pay once", async () => {
  await fund(50_000n);
  const refunding = await plan(openSender());
  const all = await Promise.all(Array.from({ length: 5 }, () => openSender().send(refunding)));
  expect(all).toEqual(Array.from({ length: 5 }, () => ({ type: "confirmed" })));
  expect(await given()).toBe(10_000n);
});

test("it counts once it lies deep enough", async () => {
  await fund();
  const hasty = openSender({ confirmations: 4, timeout: 300 });
  const refunding = await plan(hasty);
  await expect.poll(() => hasty.send(refunding), { timeout: 60_000 }).toEqual({ type: "pending", reason: "shallow" });
  await chain.mine(3);
  expect(await hasty.send(refunding)).toEqual({ type: "confirmed" });
  expect(await given()).toBe(10_000n);
});

test("one that is not mined in time is gone on with, also where the node has dropped it", async () => {
  await fund();
  await chain.setAutomine(false);
  const hasty = openSender({ timeout: 300 });
  const refunding = await plan(hasty);
  for (let tries = 0; tries < 2; tries++) {
    expect(await hasty.send(refunding)).toEqual({ type: "pending", reason: "unmined" });
  }
  await ask("anvil_dropTransaction", refunding.refund?.transaction);
  expect(await hasty.send(refunding)).toEqual({ type: "pending", reason: "unmined" });
  await chain.setAutomine(true);
  expect(await openSender().send(refunding)).toEqual({ type: "confirmed" });
  expect(await given()).toBe(10_000n);
});

test("it is void once another transaction has its nonce for good, and not before", async () => {
  await fund(20_000n);
  const hasty = openSender({ timeout: 300 });
  const refunding = await plan(hasty);
  await useNonce();
  expect(await hasty.send(refunding)).toEqual({ type: "pending", reason: "nonce_used" });
  await chain.mine(FINAL);
  expect(await hasty.send(refunding)).toEqual({ type: "void" });
  expect(sends()).toBe(0);
  expect(await given()).toBe(0n);
  const { refund: _, ...owed } = refunding;
  const patient = openSender();
  expect(await patient.send(await plan(patient, owed))).toEqual({ type: "confirmed" });
});

test("it is not void where the node forgets the past, and where it does not know which blocks are final it has to be old", async () => {
  await fund();
  const hasty = openSender({ timeout: 300 });
  const refunding = await plan(hasty);
  await useNonce();
  await chain.mine(FINAL);
  const forgets: Treatment = { answer: { error: { code: -32000, message: "missing trie node" } } };
  node.treat = (method, [, at]) =>
    method === "eth_getTransactionCount" && String(at).startsWith("0x") ? forgets : "forward";
  expect(await hasty.send(refunding)).toEqual({ type: "pending", reason: "nonce_used" });
  const unknown: Treatment = { answer: { error: { code: -32602, message: "unknown block tag" } } };
  node.treat = (_, [at]) => (at === "finalized" ? unknown : "forward");
  expect(await hasty.send(refunding)).toEqual({ type: "pending", reason: "nonce_used" });
  await chain.mine(400);
  expect(await hasty.send(refunding)).toEqual({ type: "void" });
});

test("it is never void because a node does not show its receipt", async () => {
  await fund();
  const hasty = openSender({ timeout: 300 });
  const refunding = await plan(hasty);
  node.treat = (method) => (method === RECEIPT ? { answer: { result: null } } : "forward");
  const pending = { type: "pending", reason: "nonce_used" };
  await expect.poll(() => hasty.send(refunding), { timeout: 60_000 }).toEqual(pending);
  await chain.mine(FINAL);
  expect(await hasty.send(refunding)).toEqual(pending);
  node.treat = () => "forward";
  expect(await openSender().send(refunding)).toEqual({ type: "confirmed" });
  expect(sends()).toBe(1);
});

test("one that reverts is void once that is final", async () => {
  await fund();
  const hasty = openSender({ timeout: 300 });
  const refunding = await plan(hasty);
  await ask("anvil_setCode", chain.token.address, oddTokens.frozen);
  await expect.poll(() => hasty.send(refunding), { timeout: 60_000 }).toEqual({ type: "pending", reason: "reverted" });
  await chain.mine(FINAL);
  expect(await hasty.send(refunding)).toEqual({ type: "void" });
  expect(sends()).toBe(1);
});

test("one that succeeds without moving the amount is nothing that a machine decides", async () => {
  const asset: Hex = `0x${"0d".repeat(20)}`;
  await ask("anvil_setCode", asset, oddTokens.pretending);
  const sender = openSender();
  const refunding = await plan(sender, oweTo({ offer: { ...oweTo().offer, asset } }));
  await chain.mine(FINAL);
  for (let tries = 0; tries < 2; tries++) expect(await codeOf(sender.send(refunding))).toBe("refund_unclear");
  expect(sends()).toBe(1);
});

test("one that the node does not take is gone on with once it does", async () => {
  await fund();
  const { address } = chain.accounts.seller;
  const hasty = openSender({ timeout: 300 });
  const refunding = await plan(hasty);
  await ask("anvil_setBalance", address, "0x10");
  expect(await hasty.send(refunding)).toEqual({ type: "pending", reason: "not_accepted" });
  await ask("anvil_setBalance", address, "0x8ac7230489e80000");
  expect(await openSender().send(refunding)).toEqual({ type: "confirmed" });
});

test("the fees may rise meanwhile, and what they are not enough for waits", async () => {
  await fund();
  const hasty = openSender({ timeout: 300 });
  const refunding = await plan(hasty);
  const { maxFeePerGas } = JSON.parse(refunding.refund?.plan ?? "");
  await ask("anvil_setNextBlockBaseFeePerGas", `0x${(BigInt(maxFeePerGas) * 2n).toString(16)}`);
  await chain.mine();
  expect(await hasty.send(refunding)).toMatchObject({ type: "pending" });
  for (let blocks = 0; blocks < 12; blocks++) await chain.mine();
  expect(await openSender().send(refunding)).toEqual({ type: "confirmed" });
  expect(await given()).toBe(10_000n);
});

test("of two equal ones that were planned with one nonce each is a transaction of its own, and the second is void in the end, and is then planned anew", async () => {
  await fund(20_000n);
  const [one, other] = [openSender(), openSender({ timeout: 300 })];
  const [first, second] = [await plan(one), await plan(other)];
  expect(first.refund?.transaction).not.toBe(second.refund?.transaction);
  expect(await one.send(first)).toEqual({ type: "confirmed" });
  expect(await other.send(second)).toEqual({ type: "pending", reason: "nonce_used" });
  await chain.mine(FINAL);
  expect(await other.send(second)).toEqual({ type: "void" });
  expect(await given()).toBe(10_000n);
});

test("only its own account goes on with it, and only with a plan that gives back this payment", async () => {
  await fund();
  const sender = openSender();
  const refunding = await plan(sender);
  const stranger = openSender({ privateKey: chain.accounts.payer.privateKey });
  for (const act of ["prepare", "send"] as const) expect(await codeOf(stranger[act](refunding))).toBe("refund_key");
  const stored = JSON.parse(refunding.refund?.plan ?? "");
  const changed = (plan: unknown): PaymentRecord => ({
    ...refunding,
    refund: { ...refunding.refund, plan: typeof plan === "string" ? plan : JSON.stringify(plan) },
  });
  const thief = stored.data.replace(chain.accounts.stranger.address.slice(2).toLowerCase(), "66".repeat(20));
  const plans = [
    ...[{ data: thief }, { to: chain.accounts.stranger.address }, { chainId: 1 }].map((one) => ({ ...stored, ...one })),
    ...["", "{}", "[]", "null", { ...stored, version: 2 }, { ...stored, gas: 5 }, { ...stored, nonce: -1 }],
  ];
  for (const wrong of plans) expect(await codeOf(sender.send(changed(wrong)))).toBe("refund_plan");
  for (const members of [{ nonce: 5 }, { gas: "90000" }, { maxFeePerGas: `${stored.maxFeePerGas}0` }]) {
    expect(await codeOf(sender.send(changed({ ...stored, ...members })))).toBe("refund_key");
  }
  expect(sends()).toBe(0);
});

test("whatever a node does wrong, a refund is neither taken for void nor made a second time", async () => {
  await fund(20_000n);
  const hasty = openSender({ timeout: 150, rpcTimeout: 60 });
  const refunding = await plan(openSender());
  const other = await send(chain.accounts.payer.address, { to: chain.accounts.payer2.address });
  const foreign = await chain.publicClient.request({ method: RECEIPT, params: [other.transactionHash] });
  const refusal = (message: string): Treatment => ({ answer: { error: { code: -32000, message } } });
  const results = [null, "0x", "0x0", {}, [], "0xffffffffffffffff", foreign, { ...foreign, status: "0x0" }];
  const treatments: Treatment[] = [
    ...(["swallow", "stall", "forward and hang up", { status: 500 }, { status: 429 }] as const),
    ...[refusal("internal"), refusal("nonce too low"), refusal("replacement transaction underpriced"), { answer: {} }],
    ...results.map((result) => ({ answer: { result } })),
  ];
  const methods = [RECEIPT, "eth_getTransactionCount", "eth_getBlockByNumber", SEND, "eth_chainId"];
  const ends = new Set<string>();
  for (const method of methods) {
    for (const treatment of treatments) {
      node.treat = (asked) => (asked === method ? treatment : "forward");
      const end = await hasty.send(refunding).then(
        ({ type }) => type,
        (error) => error.code,
      );
      ends.add(String(end));
    }
  }
  expect([...ends].filter((end) => !/^(pending|confirmed|chain_[a-z]+)$/.test(end))).toEqual([]);
  node.treat = () => "forward";
  await chain.mine(FINAL);
  expect(await openSender().send(refunding)).toEqual({ type: "confirmed" });
  expect(await given()).toBe(10_000n);
});

/** Records with these payments, and operators on them. */
async function keep(...debts: PaymentRecord[]) {
  const store = memoryStore();
  for (const debt of debts) await store.insert({ ...debt, holder: debt.id }, 0);
  const operator = () =>
    createPaywall({
      payTo: undefined,
      network: undefined,
      store,
      reconcileSeconds: 0,
      facilitator: "http://127.0.0.1:9",
      logger: false,
    });
  const states = async () => (await operator().payments()).payments.map(({ state }) => state);
  return { operator, states };
}

test("refunds of several payments at once by one sender are all made, one behind the other", async () => {
  await fund(30_000n);
  const debts = [oweTo(), oweTo(), oweTo()];
  const { operator, states } = await keep(...debts);
  const [tolls, sender] = [operator(), openSender()];
  const all = await Promise.all(debts.map(({ id }) => tolls.refund(id, sender)));
  expect(all.map(({ type }) => type)).toEqual(["refunded", "refunded", "refunded"]);
  expect(await states()).toEqual(["refunded", "refunded", "refunded"]);
  expect(await given()).toBe(30_000n);
});

test("of several operators that refund one payment at once one wins, and the payer gets the money once", async () => {
  await fund(100_000n);
  const debts = Array.from({ length: 5 }, () => oweTo());
  const { operator, states } = await keep(...debts);
  for (const { id } of debts) {
    const all = await Promise.allSettled(Array.from({ length: 4 }, () => operator().refund(id, openSender())));
    const ends = all.map((one) => (one.status === "fulfilled" ? one.value.type : one.reason.code));
    expect(ends).toContain("refunded");
    expect(ends.filter((end) => !["refunded", "record_conflict", "not_owed"].includes(end))).toEqual([]);
  }
  expect(await given()).toBe(50_000n);
  expect(await states()).toEqual(debts.map(() => "refunded"));
});

test("a dry run shows what would be sent and changes nothing, also where a refund is under way", async () => {
  await fund();
  const debt = oweTo();
  const { operator, states } = await keep(debt);
  const shown: unknown[] = [];
  const confirm = (planned: unknown) => {
    shown.push(planned);
    return false;
  };
  expect(await operator().refund(debt.id, openSender(), { confirm })).toMatchObject({ type: "planned" });
  expect(await states()).toEqual(["owed"]);
  await chain.setAutomine(false);
  const hasty: RefundSender = openSender({ timeout: 200 });
  expect(await operator().refund(debt.id, hasty)).toMatchObject({ type: "pending", reason: "unmined" });
  const sent = sends();
  expect(await operator().refund(debt.id, openSender(), { confirm })).toMatchObject({ type: "planned" });
  expect(sends()).toBe(sent);
  const { stranger, seller } = chain.accounts;
  const facts = { from: seller.address, to: stranger.address, amount: "10000", token: "USDC", decimals: 6 };
  expect(shown).toMatchObject([
    { ...facts, network: chain.network, resumed: false },
    { ...facts, resumed: true },
  ]);
  await chain.setAutomine(true);
  expect(await operator().refund(debt.id, openSender())).toMatchObject({ type: "refunded" });
  expect(await given()).toBe(10_000n);
});
