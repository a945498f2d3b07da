import { createPaywall, type Facilitator, FacilitatorError, memoryStore, type PaywallConfig } from "@turnpike/core";
import { type Chain, startChain } from "@turnpike/e2e-chain";
import { evmChain, localFacilitator } from "@turnpike/evm";
import { encodeHeader, payer, readChallenge, readReceipt } from "@turnpike/testing";
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from "vitest";
import { createShop } from "../shop/hono/app.js";

// What the chain says of payments about which a facilitator says nothing, or something else.

let chain: Chain;
let honest: Facilitator;
let config: PaywallConfig;

beforeAll(async () => {
  chain = await startChain();
  const { facilitator, seller } = chain.accounts;
  honest = localFacilitator({ rpcUrl: chain.rpcUrl, privateKey: facilitator.privateKey });
  config = {
    payTo: seller.address,
    network: "base-sepolia",
    origin: "https://shop.example",
    facilitator: honest,
    chain: evmChain({ rpcUrl: chain.rpcUrl, network: chain.network }),
    reconcileSeconds: 0,
  };
});
afterAll(() => chain?.stop());

const earned = () => chain.balanceOf(chain.accounts.seller.address);
const mine = (blocks: number) =>
  chain.publicClient.request({ method: "anvil_mine", params: [`0x${blocks.toString(16)}`] } as never);
const lost = () => new FacilitatorError("facilitator_disconnected", "the answer was lost", { sent: true });

/** A facilitator that settles in its own way. */
const withSettle = (settle: Facilitator["settle"], id = honest.id): Facilitator => ({ ...honest, id, settle });

/** A shop and the engine of an operator on the same records, and one payment for it. */
async function open(more: Partial<PaywallConfig>) {
  const shared = { ...config, store: memoryStore(), ...more };
  const app = createShop(shared);
  const unpaid = await app.request("/weather");
  const challenge = readChallenge(unpaid);
  if (!challenge) throw new Error("no payment is asked");
  const payload = await payer(chain.accounts.payer.privateKey).sign(challenge);
  const headers = { "PAYMENT-SIGNATURE": encodeHeader(payload) };
  return {
    operator: createPaywall(shared),
    shared,
    payload,
    pay: (shop = app) => Promise.resolve(shop.request("/weather", { headers })),
  };
}

const codeOf = async (response: Response) => ((await response.json()) as { readonly code?: string }).code;

test("D21 what was settled and not heard of is found on the chain, and delivered with its real transaction", async () => {
  let settles = 0;
  const lossy = withSettle(async (request) => {
    settles++;
    await honest.settle(request);
    throw lost();
  });
  const { pay } = await open({ facilitator: lossy });
  const before = await earned();
  expect((await pay()).status).toBe(503);
  const answer = await pay();
  expect(answer.status).toBe(200);
  const receipt = readReceipt(answer);
  expect(receipt).toMatchObject({ success: true, payer: chain.accounts.payer.address });
  const hash = receipt?.transaction as `0x${string}`;
  expect((await chain.publicClient.getTransactionReceipt({ hash })).status).toBe("success");
  expect([settles, (await earned()) - before]).toEqual([1, 10_000n]);
});

test("D21b the operator's pass finds it as well, and the payment collects what it is owed", async () => {
  const lossy = withSettle(async (request) => {
    await honest.settle(request);
    throw lost();
  });
  const { operator, pay } = await open({ facilitator: lossy });
  expect((await pay()).status).toBe(503);
  expect(await operator.reconcile()).toMatchObject({ examined: 1, settled: 1, open: 0 });
  expect((await operator.payments()).payments).toMatchObject([{ state: "owed", receipt: { success: true } }]);
  expect((await pay()).status).toBe(200);
  expect((await operator.payments()).payments).toMatchObject([{ state: "delivered", runs: 1 }]);
});

test("an unused payment is settled again at once where its facilitator is gone, since the chain says so", async () => {
  const gone = withSettle(() => Promise.reject(lost()), "local:gone");
  const { pay, shared } = await open({ facilitator: gone });
  const before = await earned();
  expect((await pay()).status).toBe(503);
  const { chain: _, ...blind } = { ...shared, facilitator: honest };
  const unresolved = await pay(createShop(blind));
  expect(unresolved.status).toBe(503);
  expect(unresolved.headers.get("payment-required")).toBeNull();
  expect(await codeOf(unresolved)).toBe("settlement_unresolved");
  expect((await pay(createShop({ ...shared, facilitator: honest }))).status).toBe(200);
  expect((await earned()) - before).toBe(10_000n);
});

test("an operator resolves by hand what nobody can tell, and the payment is then served", async () => {
  const gone = withSettle(() => Promise.reject(lost()), "local:gone");
  const { pay, shared } = await open({ facilitator: gone });
  expect((await pay()).status).toBe(503);
  const { chain: _, ...blind } = { ...shared, facilitator: honest };
  const operator = createPaywall(blind);
  const [record] = (await operator.payments({ states: ["unknown"] })).payments;
  const transaction = `0x${"12".repeat(32)}`;
  await expect(operator.resolve("nothing", "settled")).rejects.toMatchObject({ code: "not_unknown" });
  await expect(operator.resolve(record?.id ?? "", "settled", { transaction: "0x12" })).rejects.toMatchObject({
    code: "invalid_transaction",
  });
  const resolved = await operator.resolve(record?.id ?? "", "settled", { transaction });
  expect(resolved).toMatchObject({ state: "owed", receipt: { success: true, transaction } });
  expect((await pay(createShop(blind))).status).toBe(200);
});

test("an operator cannot resolve with a transaction that the chain contradicts, or that another sale has, but by force", async () => {
  const gone = withSettle(() => Promise.reject(lost()), "local:gone");
  const sold = await open({ facilitator: honest });
  expect((await sold.pay()).status).toBe(200);
  const [sale] = (await sold.operator.payments()).payments;
  const transaction = sale?.transaction ?? sale?.receipt?.transaction ?? "";
  const { pay, shared } = await open({ facilitator: gone, store: sold.shared.store });
  expect((await pay()).status).toBe(503);
  const asking = createPaywall({ ...shared, facilitator: honest });
  const { chain: _, ...blind } = { ...shared, facilitator: honest };
  const operator = createPaywall(blind);
  const [record] = (await operator.payments({ states: ["unknown"] })).payments;
  const id = record?.id ?? "";
  await expect(asking.resolve(id, "settled", { transaction })).rejects.toMatchObject({
    code: "transaction_contradicted",
  });
  for (const spelling of [transaction, `0x${transaction.slice(2).toUpperCase()}`]) {
    await expect(operator.resolve(id, "settled", { transaction: spelling })).rejects.toMatchObject({
      code: "transaction_taken",
    });
  }
  expect((await operator.payments({ states: ["unknown"] })).payments).toMatchObject([{ id }]);
  const resolved = await operator.resolve(id, "settled", { transaction, force: true });
  expect(resolved).toMatchObject({ state: "owed", receipt: { transaction } });
});

test("an operator resolves with the transaction that has settled the payment, as the chain shows", async () => {
  const deaf = withSettle(async (request) => {
    await honest.settle(request);
    throw lost();
  }, "local:deaf");
  const { pay, shared } = await open({ facilitator: deaf });
  const { chain: reader, ...blind } = shared;
  expect((await pay(createShop(blind))).status).toBe(503);
  const operator = createPaywall({ ...shared, ...(reader ? { chain: reader } : {}) });
  const [record] = (await operator.payments({ states: ["unknown"] })).payments;
  const block = await chain.publicClient.getBlock({ blockTag: "latest" });
  const transaction = block.transactions[0] ?? "";
  expect(await operator.resolve(record?.id ?? "", "settled", { transaction })).toMatchObject({ state: "owed" });
});

test("finality: an answer waits until its transfer lies as deep as the route asks for", async () => {
  const { pay } = await open({ finality: 3, facilitatorTimeout: { settle: 5_000 } });
  const answer = pay();
  const mining = setInterval(() => void mine(1), 200);
  const { status } = await answer;
  clearInterval(mining);
  expect(status).toBe(200);
});

test("finality: what does not come deep enough in time is pending, and is delivered once it has", async () => {
  const { operator, pay } = await open({ finality: 3, facilitatorTimeout: { settle: 600 } });
  const before = await earned();
  const pending = await pay();
  expect(pending.status).toBe(503);
  expect(readReceipt(pending)).toMatchObject({ success: false, errorReason: "settlement_pending" });
  expect(pending.headers.get("payment-required")).toBeNull();
  expect((await operator.payments()).payments).toMatchObject([{ state: "unknown" }]);
  await mine(3);
  expect((await pay()).status).toBe(200);
  expect((await earned()) - before).toBe(10_000n);
});

test("F27 a success that moved nothing is not believed where the chain has to confirm it", async () => {
  const [other] = (await chain.publicClient.getBlock({ blockTag: "latest" })).transactions;
  const block = await chain.publicClient.getBlock({ blockNumber: 1n });
  const transaction = other ?? block.transactions[0] ?? "";
  const liar = withSettle(async ({ paymentRequirements }) => ({
    success: true,
    transaction,
    network: paymentRequirements.network,
    payer: chain.accounts.payer.address,
  }));
  const { operator, pay } = await open({
    facilitator: liar,
    finality: "included",
    facilitatorTimeout: { settle: 600 },
  });
  const before = await earned();
  expect((await pay()).status).toBe(503);
  expect((await operator.payments()).payments).toMatchObject([{ state: "unknown" }]);
  expect(await earned()).toBe(before);
});

test("D20 an unknown payment that the chain never saw fails once the chain's time and the own clock are past it", async () => {
  const { operator, pay, payload } = await open({ facilitator: withSettle(() => Promise.reject(lost())) });
  const before = await earned();
  expect((await pay()).status).toBe(503);
  expect(await operator.reconcile()).toMatchObject({ examined: 1, open: 1 });
  const { validBefore } = payload.payload.authorization as { readonly validBefore: string };
  const { timestamp } = await chain.publicClient.getBlock();
  const seconds = Number(validBefore) - Number(timestamp) + 1;
  await chain.publicClient.request({ method: "evm_increaseTime", params: [seconds] } as never);
  await mine(14);
  // The chain's clock alone may be a node's mistake.
  await expect.poll(async () => (await operator.reconcile()).examined, { interval: 500 }).toBe(1);
  expect((await operator.payments()).payments).toMatchObject([{ state: "unknown" }]);
  vi.useFakeTimers({ toFake: ["Date"], now: Number(validBefore) * 1_000 + 1_000 });
  onTestFinished(() => void vi.useRealTimers());
  await expect.poll(async () => (await operator.reconcile()).failed, { interval: 500 }).toBe(1);
  expect((await operator.payments()).payments).toMatchObject([{ state: "failed", reason: "settlement_expired" }]);
  expect(await earned()).toBe(before);
});
