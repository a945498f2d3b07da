import type { Facilitator, PaywallConfig } from "@turnpike/core";
import type { PaymentPayload } from "@turnpike/core/protocol";
import { type Chain, startChain } from "@turnpike/e2e-chain";
import { evmChain, localFacilitator } from "@turnpike/evm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Counter, cutOnce, lost, openCounter, sign } from "./support/counter.js";
import { ask, cancel, send, submit, together, transfer } from "./support/payer-acts.js";

// A payer can use up a nonce without paying. Nothing is delivered unless a transfer shows.

let chain: Chain;
let honest: Facilitator;
let config: PaywallConfig;

beforeAll(async () => {
  chain = await startChain();
  const { facilitator, seller } = chain.accounts;
  honest = localFacilitator({ rpcUrl: chain.rpcUrl, privateKey: facilitator.privateKey });
  config = { payTo: seller.address, network: "base-sepolia", facilitator: honest };
});
afterAll(() => chain?.stop());

const payer = () => chain.accounts.payer.address;
const stranger = () => chain.accounts.stranger.address;
const seller = () => chain.accounts.seller.address;
const earned = () => chain.balanceOf(seller());

/** The two ways to name a chain. */
const readers: readonly [string, () => NonNullable<PaywallConfig["chain"]>][] = [
  ["a node's address", () => ({ "base-sepolia": chain.rpcUrl })],
  ["evmChain", () => evmChain({ rpcUrl: chain.rpcUrl, network: chain.network })],
];

/** The first settle call of a payment is cut. */
async function openCut(more: Partial<PaywallConfig>): Promise<[Counter, PaymentPayload]> {
  const counter = await openCounter({ ...config, facilitator: cutOnce(honest), ...more });
  const payment = await sign(chain, counter);
  const first = await counter.pay(payment);
  if (more.settle !== "background") expect(first).toMatchObject({ status: 503, code: "settlement_unknown" });
  await expect.poll(counter.states).toEqual(["unknown"]);
  return [counter, payment];
}

describe.each(["after", "before", "background"] as const)("without a chain to ask, settling %s", (settle) => {
  test("G01 a cancelled payment whose settlement was cut stays unknown, and delivers nothing", async () => {
    const before = await earned();
    const [counter, payment] = await openCut({ settle });
    const runs = counter.runs();
    await send(chain, payer(), await cancel(chain, payment));
    for (let tries = 0; tries < 3; tries++) {
      const again = await counter.pay(payment);
      expect(again.status).toBe(503);
      expect(again.receipt?.success).not.toBe(true);
    }
    await counter.tolls.reconcile();
    expect([counter.runs(), await counter.states(), await earned()]).toEqual([runs, ["unknown"], before]);
  });

  test("G01 an operator ends it, either way", async () => {
    const [counter, payment] = await openCut({ settle });
    const transaction = await send(chain, payer(), submit(chain, payment));
    expect((await counter.pay(payment)).status).toBe(503);
    const [record] = (await counter.tolls.payments()).payments;
    await counter.tolls.resolve(record?.id ?? "", "settled", { transaction });
    const { status, receipt } = await counter.pay(payment);
    expect(status).toBe(200);
    expect(receipt).toMatchObject({ success: true, transaction });

    const [other, unpaid] = await openCut({ settle });
    await send(chain, payer(), await cancel(chain, unpaid));
    const [doubtful] = (await other.tolls.payments()).payments;
    await other.tolls.resolve(doubtful?.id ?? "", "failed");
    const refused = await other.pay(unpaid);
    expect(refused.status).not.toBe(200);
    expect(refused.receipt?.success).not.toBe(true);
  });

  test("the same records tell a facilitator of ours whose payment it is, so that what it settled is found", async () => {
    const before = await earned();
    const counter = await openCounter({ ...config, settle, facilitator: cutOnce(honest, "after") });
    const payment = await sign(chain, counter);
    await counter.pay(payment);
    await expect.poll(counter.states).toEqual(["unknown"]);
    const restarted = await openCounter({ ...counter.shared, facilitator: honest });
    const { status, receipt } = await restarted.pay(payment);
    expect([status, receipt?.success]).toEqual([200, true]);
    expect((await earned()) - before).toBe(10_000n);
  });
});

test("G01 a cancellation that overtakes a pending transaction leaves the payment unknown", async () => {
  const { facilitator } = chain.accounts;
  const hasty = localFacilitator({
    rpcUrl: chain.rpcUrl,
    privateKey: facilitator.privateKey,
    network: chain.network,
    settleTimeout: 300,
  });
  const before = await earned();
  const counter = await openCounter({ ...config, facilitator: hasty });
  const payment = await sign(chain, counter);
  await chain.setAutomine(false);
  try {
    expect(await counter.pay(payment)).toMatchObject({ status: 503, receipt: { errorReason: "settlement_pending" } });
    await ask(chain, "eth_sendTransaction", {
      from: payer(),
      ...(await cancel(chain, payment)),
      maxPriorityFeePerGas: "0x174876e800",
      maxFeePerGas: "0x2e90edd000",
    });
  } finally {
    await chain.setAutomine(true);
  }
  await chain.mine(1);
  const again = await counter.pay(payment);
  expect([again.status, again.receipt?.success ?? false, await earned()]).toEqual([503, false, before]);
  expect(await counter.states()).toEqual(["unknown"]);
});

describe.each(readers)("with a chain by %s", (_, reader) => {
  test.each(["after", "before", "background"] as const)(
    "G01 a cancelled payment whose settlement was cut is refused for good, settling %s",
    async (settle) => {
      const before = await earned();
      const [counter, payment] = await openCut({ settle, chain: reader() });
      const runs = counter.runs();
      await send(chain, payer(), await cancel(chain, payment));
      expect((await counter.pay(payment)).status).toBe(503);
      await chain.mine(13);
      await expect.poll(async () => (await counter.pay(payment)).status, { timeout: 10_000 }).not.toBe(503);
      const refused = await counter.pay(payment);
      expect(refused.status).not.toBe(200);
      expect(refused.receipt?.success).not.toBe(true);
      expect([counter.runs(), await counter.states(), await earned()]).toEqual([runs, ["failed"], before]);
    },
  );

  test("G01 a plain transfer of the same amount is not the payment's", async () => {
    const [counter, payment] = await openCut({ chain: reader() });
    await send(chain, payer(), together(transfer(chain, seller(), 0n), await cancel(chain, payment)));
    await send(chain, payer(), transfer(chain, seller(), 10_000n));
    expect((await counter.pay(payment)).status).toBe(503);
    await chain.mine(13);
    const refused = await counter.pay(payment);
    expect([refused.status === 200, refused.receipt?.success ?? false, counter.runs()]).toEqual([false, false, 1]);
    expect(await counter.states()).toEqual(["failed"]);
  });

  test("G01 what the payer submits itself has paid, and delivers once, with its real transaction", async () => {
    const before = await earned();
    const [counter, payment] = await openCut({ settle: "before", chain: reader() });
    const transaction = await send(chain, payer(), submit(chain, payment));
    for (let tries = 0; tries < 2; tries++) {
      const { status, receipt } = await counter.pay(payment);
      expect(status).toBe(200);
      expect(receipt).toMatchObject({ success: true, transaction });
    }
    expect([counter.runs(), (await earned()) - before]).toEqual([1, 10_000n]);
  });

  test("G01 a transaction that is told for two payments settles the one whose nonce it used", async () => {
    let told = "";
    const liar: Facilitator = {
      ...honest,
      settle: async (request, options) => {
        if (told) return { success: true, transaction: told, network: request.paymentRequirements.network };
        const answer = await honest.settle(request, options);
        told = answer.transaction;
        return answer;
      },
    };
    const counter = await openCounter({
      ...config,
      facilitator: liar,
      chain: reader(),
      finality: "included",
      facilitatorTimeout: { settle: 600 },
    });
    const [one, two] = [await sign(chain, counter), await sign(chain, counter)];
    expect(await counter.pay(one)).toMatchObject({ status: 200, receipt: { success: true } });
    const other = await counter.pay(two);
    expect([other.status, other.receipt?.success ?? false]).toEqual([503, false]);
    await send(chain, payer(), await cancel(chain, two));
    const again = await counter.pay(two);
    expect([again.status === 200, again.receipt?.success ?? false]).toEqual([false, false]);
  });

  test("G01 one transaction that settles two payments settles each", async () => {
    const before = await earned();
    const gone: Facilitator = { ...honest, settle: () => Promise.reject(lost()) };
    const counter = await openCounter({ ...config, facilitator: gone, settle: "before", chain: reader() });
    const payments = [await sign(chain, counter), await sign(chain, counter)];
    for (const payment of payments) expect((await counter.pay(payment)).status).toBe(503);
    const transaction = await send(chain, stranger(), together(...payments.map((one) => submit(chain, one))));
    for (const payment of payments) {
      expect(await counter.pay(payment)).toMatchObject({ status: 200, receipt: { success: true, transaction } });
    }
    expect([counter.runs(), (await earned()) - before]).toEqual([2, 20_000n]);
  });

  test("G01 a payment that is cancelled beside a sister's transfer of the same amount is not paid by it", async () => {
    const gone: Facilitator = { ...honest, settle: () => Promise.reject(lost()) };
    const counter = await openCounter({ ...config, facilitator: gone, settle: "before", chain: reader() });
    const [one, two] = [await sign(chain, counter), await sign(chain, counter)];
    for (const payment of [one, two]) expect((await counter.pay(payment)).status).toBe(503);
    const act = together(submit(chain, one), await cancel(chain, two));
    const transaction = await send(chain, stranger(), act);
    expect(await counter.pay(one)).toMatchObject({ status: 200, receipt: { transaction } });
    expect((await counter.pay(two)).status).toBe(503);
    await chain.mine(13);
    expect((await counter.pay(two)).status).not.toBe(200);
    expect(counter.runs()).toBe(1);
  });
});

test("a node of another chain never has a say, and the log names it without its address", async () => {
  const heard: string[] = [];
  const note = (...said: unknown[]) => void heard.push(JSON.stringify(said));
  const elsewhere = { ...config, network: "base", logger: { info: note, warn: note, error: note } } as const;
  const onBase: Facilitator = {
    ...honest,
    supported: async () => ({
      kinds: [{ x402Version: 2, scheme: "exact", network: "eip155:8453" }],
      extensions: [],
      signers: {},
    }),
    verify: async () => ({ isValid: true }),
    settle: () => Promise.reject(lost()),
  };
  const url = `${chain.rpcUrl}/?key=secret-key`;
  const counter = await openCounter({ ...elsewhere, facilitator: onBase, chain: { base: url } });
  const payment = await sign(chain, counter);
  expect((await counter.pay(payment)).status).toBe(503);
  expect((await counter.pay(payment)).status).toBe(503);
  expect(heard.join()).toContain("chain_mismatch");
  expect(heard.join()).not.toContain("secret-key");
});

describe.each([["without a chain", () => ({})], ...readers.map(([name, of]) => [name, () => ({ chain: of() })])] as [
  string,
  () => Partial<PaywallConfig>,
][])("three apps with a ledger each, %s", (_, more) => {
  test("G06 one payment buys once at all of them in turn, settling before", async () => {
    const before = await earned();
    const apps = await openThree({ settle: "before", ...more() });
    const payment = await sign(chain, apps[0] as Counter);
    const seen: number[] = [];
    for (const app of [...apps, ...apps.slice(1)]) seen.push((await app.pay(payment)).status);
    expect(seen.filter((status) => status === 200)).toHaveLength(1);
    expect(sum(apps)).toBe(1);
    expect((await earned()) - before).toBe(10_000n);
  });

  test("G06 one payment buys once at all of them at once, settling after", async () => {
    const before = await earned();
    const apps = await openThree({ settle: "after", ...more() });
    const payment = await sign(chain, apps[0] as Counter);
    const seen = await Promise.all(apps.map((app) => app.pay(payment)));
    expect(seen.filter(({ status }) => status === 200)).toHaveLength(1);
    expect((await earned()) - before).toBe(10_000n);
  });

  test("G06 a restart that forgets the records does not deliver again, settling before", async () => {
    const first = await openCounter({ ...config, settle: "before", ...more() });
    const payment = await sign(chain, first);
    expect((await first.pay(payment)).status).toBe(200);
    const { facilitator } = chain.accounts;
    const restarted = localFacilitator({ rpcUrl: chain.rpcUrl, privateKey: facilitator.privateKey });
    for (const at of [honest, restarted]) {
      const second = await openCounter({ ...config, settle: "before", facilitator: at, ...more() });
      for (let tries = 0; tries < 2; tries++) {
        const { status, receipt } = await second.pay(payment);
        expect([status === 200, receipt?.success ?? false, second.runs()]).toEqual([false, false, 0]);
      }
    }
  });
});

const openThree = (more: Partial<PaywallConfig>) =>
  Promise.all([1, 2, 3].map(() => openCounter({ ...config, ...more })));
const sum = (apps: readonly Counter[]) => apps.reduce((all, app) => all + app.runs(), 0);
