import type { PaymentState } from "@turnpike/core";
import { tokenAbi } from "@turnpike/e2e-chain";
import { evmRefunds } from "@turnpike/evm";
import { type Hex, parseEventLogs } from "viem";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from "vitest";
import type { Hold, Moment } from "./support/held-node.js";
import { type Debt, openRefundStage, PRICE, type RefundStage, type Run } from "./support/refund-stage.js";
import { withService } from "./support/services.js";

// A refund on the real chain by the command `turnpike`, which is killed at every step: the buyer gets the money once.

const inCase = (title: string, body: () => Promise<void>) => withService("Redis", 6379, title, body);

let stage: RefundStage;
let debt: Debt;
let before: bigint;
beforeAll(async () => {
  stage = await openRefundStage();
});
afterAll(async () => void (await stage?.[Symbol.asyncDispose]()));
beforeEach(async () => {
  debt = await stage.owe();
  before = await stage.held();
});
afterEach(async () => {
  stage.redis.reset();
  stage.node.silent = false;
  await stage.chain.setAutomine(true);
  // A case that failed leaves the next one alone.
  const { payments } = await stage.operator.payments({ states: ["owed", "refunding"] });
  for (const { id } of payments) await stage.operator.resolve(id, "refunded", { note: "left over", force: true });
});

const args = () => ["refund", debt.id, "--yes", "--confirmations", "1", "--wait", "30"];
const refund = (): Run => stage.run(args());
/** A run that waits for no more than a second. */
const shortly = () => stage.run(["refund", debt.id, "--yes", "--confirmations", "1", "--wait", "1"]).ended;
const stateOf = async () => (await debt.record()).state;
const becomes = (state: PaymentState) => expect.poll(stateOf).toBe(state);

/** The buyer has the money, once; the record says so; nothing is collected or open any more. */
async function expectRefunded(): Promise<void> {
  expect((await stage.held()) - before).toBe(PRICE);
  const { state, refund } = await debt.record();
  expect(state).toBe("refunded");
  const { logs } = await stage.chain.publicClient.getTransactionReceipt({ hash: refund?.transaction as Hex });
  const { seller, payer } = stage.chain.accounts;
  expect(parseEventLogs({ abi: tokenAbi, eventName: "Transfer", logs }).map(({ args }) => args)).toEqual([
    { from: seller.address, to: payer.address, value: PRICE },
  ]);
  expect(refund).toEqual({ transaction: refund?.transaction });
  expect(await debt.collect()).toEqual({ status: 409, code: "payment_used" });
  expect((await stage.operator.health()).open.owed.count).toBe(0);
}

async function finish(): Promise<void> {
  const { code, err } = await refund().ended;
  expect([code, err.includes("Error")], err).toEqual([0, false]);
  await expectRefunded();
}

const mined = (result: unknown) => result !== null;
/** Of the refund: the buyer's own transaction is looked up as well, ahead of it. */
const ofRefund = (hash: unknown) => hash !== debt.charge;
const PLANNED: Moment = { method: "eth_estimateGas", when: "after" };
const SENDING: Moment = { method: "eth_sendRawTransaction", when: "before" };
const SENT: Moment = { method: "eth_sendRawTransaction", when: "after" };
const SEEN: Moment = { method: "eth_getTransactionReceipt", when: "after", about: ofRefund, result: mined };

interface Step {
  readonly title: string;
  readonly moment: Moment;
  /** How the record stands when the process is killed. */
  readonly state: PaymentState;
  /** What happens to the held process until then. */
  act?(hold: Hold): Promise<void>;
  /** What happens once it is dead. */
  later?(): Promise<void>;
  readonly mining?: false;
}

const steps: readonly Step[] = [
  { title: "while it prepares", moment: PLANNED, state: "owed" },
  {
    title: "while the plan is on its way to the store",
    moment: PLANNED,
    state: "owed",
    act: async (hold) => {
      const waits = stage.redis.holdRequests();
      hold.release();
      await waits;
    },
    later: async () => stage.redis.reset(),
  },
  {
    title: "once the plan is on record, before it hears of that",
    moment: PLANNED,
    state: "refunding",
    act: async (hold) => {
      stage.redis.holdReplies();
      hold.release();
      await becomes("refunding");
    },
    later: async () => stage.redis.reset(),
  },
  {
    title: "once the plan is on record, before it looks at the chain",
    moment: { method: "eth_getTransactionReceipt", when: "before", about: ofRefund },
    state: "refunding",
  },
  { title: "right before it is sent", moment: SENDING, state: "refunding" },
  { title: "once it is sent and mined, before it hears of that", moment: SENT, state: "refunding" },
  { title: "once it is sent, before it is mined", moment: SENT, state: "refunding", mining: false },
  {
    title: "once it is sent, and the node drops it",
    moment: SENT,
    state: "refunding",
    mining: false,
    later: async () => {
      const { refund } = await debt.record();
      const params = [refund?.transaction];
      await stage.chain.publicClient.request({ method: "anvil_dropTransaction", params } as never);
    },
  },
  { title: "once it is mined and seen, before that is recorded", moment: SEEN, state: "refunding" },
  {
    title: "while the end is on its way to the store",
    moment: SEEN,
    state: "refunding",
    act: async (hold) => {
      const waits = stage.redis.holdRequests();
      hold.release();
      await waits;
    },
    later: async () => stage.redis.reset(),
  },
];

describe("a refund that is killed", () => {
  for (const { title, moment, state, act, later, mining } of steps) {
    inCase(`${title} pays once when it is run again`, async () => {
      if (mining === false) await stage.chain.setAutomine(false);
      const hold = stage.node.hold(moment);
      const killed = refund();
      await hold.reached;
      await act?.(hold);
      await killed.kill();
      hold.drop();
      expect(await stateOf()).toBe(state);
      await later?.();
      await stage.chain.setAutomine(true);
      await finish();
    });
  }

  inCase("once the end is recorded, before it hears of that, is over", async () => {
    const hold = stage.node.hold(SEEN);
    const killed = refund();
    await hold.reached;
    stage.redis.holdReplies();
    hold.release();
    await becomes("refunded");
    await killed.kill();
    stage.redis.reset();
    await expectRefunded();
    const { code, err } = await refund().ended;
    expect([code, err]).toEqual([1, expect.stringContaining("not_owed")]);
    await expectRefunded();
  });

  inCase("and whose plan reaches the store only after another run has paid, pays once", async () => {
    const hold = stage.node.hold(PLANNED);
    const killed = refund();
    await hold.reached;
    const waits = stage.redis.holdRequests();
    hold.release();
    await waits;
    await killed.kill();
    const direct = evmRefunds({ ...operatorOptions(), timeout: 30_000 });
    expect(await stage.operator.refund(debt.id, direct)).toMatchObject({ type: "refunded" });
    await stage.redis.deliver();
    await expectRefunded();
  });
});

const operatorOptions = () => ({
  network: stage.chain.network,
  rpcUrl: stage.chain.rpcUrl,
  privateKey: stage.chain.accounts.seller.privateKey,
  confirmations: 1,
});

describe("a refund", () => {
  inCase("that two processes begin at once is made once, also by two accounts", async () => {
    const { seller, stranger } = stage.chain.accounts;
    await stage.chain.mint(stranger.address, PRICE);
    for (const other of [seller, stranger]) {
      debt = other === seller ? debt : await stage.owe();
      before = await stage.held();
      const asked = () => stage.node.seen.filter((method) => method === PLANNED.method).length;
      const earlier = asked();
      const hold = stage.node.hold(PLANNED);
      const runs = [refund(), stage.run(args(), { TURNPIKE_REFUND_KEY: other.privateKey })];
      await expect.poll(() => asked() - earlier).toBe(2);
      hold.release();
      const ends = await Promise.all(runs.map(({ ended }) => ended));
      expect(ends.filter(({ code }) => code === 0)).toHaveLength(1);
      expect(ends.find(({ code }) => code === 1)?.err).toMatch(/record_conflict/);
      expect((await stage.held()) - before).toBe(PRICE);
      expect(await stateOf()).toBe("refunded");
    }
  });

  inCase("that two processes go on with at once is made once", async () => {
    const hold = stage.node.hold(SENDING);
    const killed = refund();
    await hold.reached;
    await killed.kill();
    hold.drop();
    const ends = await Promise.all([refund().ended, refund().ended]);
    expect(ends.map(({ code }) => code).sort()).toContain(0);
    for (const { code, err } of ends) expect(code === 0 || /not_owed/.test(err), err).toBe(true);
    await expectRefunded();
  });

  inCase("that can never happen any more leaves the debt, and the next one pays", async () => {
    const hold = stage.node.hold(SENDING);
    const killed = refund();
    await hold.reached;
    await killed.kill();
    hold.drop();
    expect(await debt.collect()).toEqual({ status: 409, code: "payment_used" });
    const { seller, payer } = stage.chain.accounts;
    await stage.chain.publicClient.request({ method: "anvil_impersonateAccount", params: [seller.address] } as never);
    const transaction = { from: seller.address, to: payer.address };
    await stage.chain.publicClient.request({ method: "eth_sendTransaction", params: [transaction] } as never);
    // Not certain yet; on a busy machine the node may not answer within a second either.
    expect((await shortly()).code).not.toBe(0);
    expect(await stateOf()).toBe("refunding");
    await stage.chain.mine(80);
    const { code, out } = await refund().ended;
    expect([code, out]).toEqual([2, expect.stringContaining("can no longer happen")]);
    expect(await debt.record()).toMatchObject({ state: "owed", reason: "refund_void" });
    expect(await stage.held()).toBe(before);
    await finish();
  });

  inCase("waits where the node says nothing, and is gone on with when it does", async () => {
    const planned = debt;
    const hold = stage.node.hold(SENDING);
    const killed = refund();
    await hold.reached;
    await killed.kill();
    hold.drop();
    debt = await stage.owe();
    stage.node.silent = true;
    const begun = shortly();
    debt = planned;
    const goneOn = shortly();
    for (const { code, err } of await Promise.all([begun, goneOn])) {
      expect([code, err]).toEqual([1, expect.stringContaining("chain_timeout")]);
    }
    stage.node.silent = false;
    expect(await stateOf()).toBe("refunding");
    expect(await stage.held()).toBe(before - PRICE);
    before -= PRICE;
    const { payments } = await stage.operator.payments({ states: ["owed"] });
    expect(payments).toHaveLength(1);
    await stage.operator.resolve(payments[0]?.id ?? "", "refunded", { note: "by hand" });
    await finish();
  });

  inCase("by hand is refused while another is under way, and names its transaction when that is done", async () => {
    const hold = stage.node.hold(SENT);
    const killed = refund();
    await hold.reached;
    await killed.kill();
    hold.drop();
    const noted = await stage.run(["resolve", debt.id, "refunded", "--note", "bank transfer", "--yes"]).ended;
    expect([noted.code, noted.err]).toEqual([1, expect.stringContaining("refund_under_way")]);
    const { refund: under } = await debt.record();
    const named = ["resolve", debt.id, "refunded", "--transaction", under?.transaction ?? "", "--yes"];
    expect((await stage.run(named).ended).code).toBe(0);
    await expectRefunded();
  });
});

describe("goods or money, never both", () => {
  const ROUNDS = 16;

  /** Begins the refund and, as its plan is about to be written, something else beside it. */
  async function race<T>(rival: () => Promise<T>, round: number) {
    const sender = evmRefunds({ ...operatorOptions(), timeout: 30_000 });
    let other: Promise<PromiseSettledResult<Awaited<T>>[]> | undefined;
    const confirm = async () => {
      other = Promise.allSettled([rival()]);
      // Not for the time: a few turns, so that each of the two is ahead now and then.
      for (let turns = 0; turns < (round % 8) * 6; turns++) await new Promise((resolve) => setImmediate(resolve));
      return true;
    };
    const [refunded] = await Promise.allSettled([stage.operator.refund(debt.id, sender, { confirm })]);
    const [rivalled] = (await other) ?? [];
    return { refunded, rivalled };
  }

  inCase("comes of a collection that races with a refund", async () => {
    const won = { goods: 0, money: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      if (round > 0) debt = await stage.owe();
      const had = await stage.held();
      const { rivalled } = await race(debt.collect, round);
      const goods = rivalled?.status === "fulfilled" && rivalled.value.status === 200;
      const money = (await stage.held()) - had;
      expect([goods, money]).toEqual(goods ? [true, 0n] : [false, PRICE]);
      await becomes(goods ? "delivered" : "refunded");
      won[goods ? "goods" : "money"]++;
    }
    process.stdout.write(`collections against refunds: ${won.goods} goods, ${won.money} refunds\n`);
  });

  inCase("is one of both where a refund by hand races with one by transaction", async () => {
    const won = { hand: 0, transaction: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      if (round > 0) debt = await stage.owe();
      const had = await stage.held();
      const byHand = () => stage.operator.resolve(debt.id, "refunded", { note: `round ${round}` });
      const { refunded, rivalled } = await race(byHand, round);
      const hand = rivalled?.status === "fulfilled";
      expect([hand, refunded?.status, (await stage.held()) - had]).toEqual(
        hand ? [true, "rejected", 0n] : [false, "fulfilled", PRICE],
      );
      won[hand ? "hand" : "transaction"]++;
    }
    process.stdout.write(`refunds by hand against refunds by transaction: ${won.hand} to ${won.transaction}\n`);
  });
});
