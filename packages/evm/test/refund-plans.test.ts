import type { PaymentRecord } from "@turnpike/core";
import { type Hex, toHex } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { describe, expect, test } from "vitest";
import { type EvmRefundOptions, evmRefunds } from "../src/index.js";
import { ask, send, settlementOf } from "./support/acts.js";
import { type Authorization, createPayment } from "./support/payments.js";
import { codeOf, given, oddTokens, openSender, oweTo, plan } from "./support/refunds.js";
import { chain, node } from "./support/stage.js";
import { findDeadEnd } from "./support/unreliable-node.js";

const SEND = "eth_sendRawTransaction";
const ODD = `0x${"0d".repeat(20)}` as const;

const fund = (amount = 10_000n) => chain.mint(chain.accounts.seller.address, amount);

/** The payment with this in its offer. */
const offering = (offer: Partial<PaymentRecord["offer"]>) => oweTo({ offer: { ...oweTo().offer, ...offer } });

describe("a refund is planned", () => {
  test("as a transfer of what was charged, from the account to the payer, and nothing is sent", async () => {
    await fund();
    const { seller, stranger } = chain.accounts;
    const planned = await openSender().prepare(oweTo());
    expect(planned).toMatchObject({ from: seller.address, to: stranger.address, amount: "10000" });
    expect(planned.transaction).toMatch(/^0x[0-9a-f]{64}$/);
    expect(BigInt(planned.fee ?? 0)).toBeGreaterThan(0n);
    expect(node.seen).not.toContain(SEND);
    expect(await given()).toBe(0n);
  });

  test("and the plan holds the transaction to its last member, but neither a key nor a signature", async () => {
    await fund();
    const { privateKey, address } = chain.accounts.seller;
    const { plan: text } = await openSender().prepare(oweTo());
    const { chainId, from, to, data, nonce, gas, maxFeePerGas, maxPriorityFeePerGas } = JSON.parse(text);
    expect([chainId, from, to]).toEqual([chain.chainId, address.toLowerCase(), chain.token.address.toLowerCase()]);
    const raw = await privateKeyToAccount(privateKey).signTransaction({
      ...{ type: "eip1559", chainId, to, data, nonce, gas: BigInt(gas) },
      ...{ maxFeePerGas: BigInt(maxFeePerGas), maxPriorityFeePerGas: BigInt(maxPriorityFeePerGas) },
    });
    expect(text).not.toContain(privateKey.slice(2));
    // The last 64 bytes of a signed transaction are its signature.
    for (const half of [raw.slice(-64), raw.slice(-130, -66)]) expect(text).not.toContain(half);
    expect(text.length).toBeLessThan(600);
  });

  test("from the payer that only the receipt names, and of the amount that the receipt says where it is less", async () => {
    await fund();
    const { payer, ...debt } = oweTo();
    const receipt = { success: true, network: chain.network, transaction: `0x${"ab".repeat(32)}`, amount: "7000" };
    const planned = await openSender().prepare({ ...debt, receipt: { ...receipt, payer: payer as string } });
    expect(planned).toMatchObject({ to: payer, amount: "7000" });
  });

  test("to a payer that is a contract", async () => {
    await fund();
    const payer = await chain.deploySmartWallet(chain.accounts.payer.address);
    const sender = openSender();
    expect(await sender.send(await plan(sender, oweTo({ payer })))).toEqual({ type: "confirmed" });
    expect(await chain.balanceOf(payer)).toBe(10_000n);
  });

  test("once: a payment with a plan on record gets the same one, however the chain has changed", async () => {
    await fund();
    const refunding = await plan(openSender());
    await ask("anvil_setNonce", chain.accounts.seller.address, "0x9");
    await ask("anvil_setNextBlockBaseFeePerGas", "0x77359400");
    await chain.mine();
    const again = await openSender({ account: privateKeyToAccount(chain.accounts.seller.privateKey) }).prepare(
      refunding,
    );
    expect(again).toMatchObject(refunding.refund ?? {});
  });

  test("from an account that lets a contract act for it", async () => {
    await fund();
    await ask("anvil_setCode", chain.accounts.seller.address, `0xef0100${"0a".repeat(20)}`);
    const sender = openSender();
    expect(await sender.send(await plan(sender))).toEqual({ type: "confirmed" });
  });

  test("for a token that answers nothing, as old ones do", async () => {
    await ask("anvil_setCode", ODD, oddTokens.silent);
    const sender = openSender();
    expect(await sender.send(await plan(sender, offering({ asset: ODD })))).toEqual({ type: "confirmed" });
  });
});

describe("no refund is planned", () => {
  test("where the record does not say what can be given back to whom", async () => {
    await fund();
    const { payer: _, receipt, ...nameless } = oweTo();
    const { payer: _2, ...silent } = receipt ?? { success: true, network: "", transaction: "" };
    const amount = (text: string) => oweTo({ receipt: { ...silent, amount: text } });
    const cases: PaymentRecord[] = [
      { ...nameless, receipt: silent },
      nameless,
      { ...nameless, receipt: { ...silent, success: false } },
      oweTo({ payer: `0x${"0".repeat(40)}` }),
      oweTo({ payer: chain.token.address }),
      oweTo({ payer: "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v" }),
      ...["0", "10001", "-1", "1.5", ""].map(amount),
      offering({ asset: "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v" }),
      offering({ network: "eip155:8453" }),
    ];
    for (const debt of cases) expect(await codeOf(openSender().prepare(debt))).toBe("refund_impossible");
    expect(node.seen).toEqual([]);
  });

  test("for what the chain does not show to have been paid, whatever the facilitator has said", async () => {
    await fund(20_000n);
    const { payer, payer2, seller } = chain.accounts;
    const request = await createPayment(chain);
    const settled = (await send(payer2.address, settlementOf(request))).transactionHash;
    const { nonce } = request.paymentPayload.payload.authorization as Authorization;
    const nameOf = (single: string) =>
      `${chain.network}:${chain.token.address}:${payer.address}:${single}`.toLowerCase();
    const transfer = async (from: string, to: string, amount: bigint) => {
      const args = [to.slice(2), amount.toString(16)].map((one) => one.padStart(64, "0")).join("");
      return (await send(from as Hex, { to: chain.token.address, data: `0xa9059cbb${args}` })).transactionHash;
    };
    const debt = (transaction: string, id = nameOf(nonce)) =>
      oweTo({ id, payer: payer.address, receipt: { success: true, network: chain.network, transaction } });
    const careful = openSender({ trustRecord: false });
    const unpaid = [
      `0x${"ab".repeat(32)}`,
      "",
      await transfer(payer.address, seller.address, 9_999n),
      await transfer(payer.address, payer2.address, 10_000n),
      await transfer(payer2.address, seller.address, 10_000n),
      (await send(payer.address, { to: seller.address })).transactionHash,
    ];
    for (const transaction of unpaid) {
      expect(await codeOf(careful.prepare(debt(transaction)))).toBe("refund_unpaid");
    }
    // The very transfer, and the name of another payment: of another nonce, payer, token or network, or of none.
    const others = [
      nameOf(toHex(7n, { size: 32 })),
      nameOf(nonce).replace(payer.address.toLowerCase(), payer2.address.toLowerCase()),
      nameOf(nonce).replace(chain.token.address.toLowerCase(), ODD),
      nameOf(nonce).replace(chain.network, "eip155:8453"),
      `${chain.network}:permit2:${payer.address.toLowerCase()}:${BigInt(nonce)}`,
      nameOf("0x12"),
      "a name of its own",
    ];
    for (const id of others) expect(await codeOf(careful.prepare(debt(settled, id)))).toBe("refund_unpaid");
    expect(await codeOf(careful.prepare(debt(await transfer(payer.address, seller.address, 10_000n))))).toBe(
      "refund_unpaid",
    );
    for (const id of [nameOf(nonce), `${nameOf(nonce)}#ab`]) {
      expect(await careful.prepare(debt(settled, id))).toMatchObject({ to: payer.address, amount: "10000" });
    }
    const reverted = await send(payer.address, { to: chain.token.address, data: "0x12345678" }, 100_000);
    expect(await codeOf(careful.prepare(debt(reverted.transactionHash)))).toBe("refund_unpaid");
  });

  test("from an account with too little of the token, too little for gas, or a contract in its place", async () => {
    const { address } = chain.accounts.seller;
    await fund(9_999n);
    expect(await codeOf(openSender().prepare(oweTo()))).toBe("refund_funds");
    await fund(1n);
    await ask("anvil_setBalance", address, "0x10");
    expect(await codeOf(openSender().prepare(oweTo()))).toBe("refund_gas");
    await ask("anvil_setBalance", address, "0x8ac7230489e80000");
    await ask("anvil_setCode", address, "0x00");
    expect(await codeOf(openSender().prepare(oweTo()))).toBe("refund_account");
  });

  test("for a token that reverts, that answers false, or that is none", async () => {
    for (const code of [oddTokens.frozen, oddTokens.refusing, "0x"]) {
      await ask("anvil_setCode", ODD, code);
      expect(await codeOf(openSender().prepare(offering({ asset: ODD })))).toBe("refund_refused");
    }
  });

  test("by an account that signs in another way each time, or not at all, whose words are not passed on", async () => {
    await fund();
    const { address, privateKey } = chain.accounts.seller;
    const own = privateKeyToAccount(privateKey);
    let signed = 0n;
    const moody = {
      address,
      signTransaction: (async (transaction: object) =>
        own.signTransaction({ ...transaction, nonce: Number(++signed) } as never)) as never,
    };
    expect(await codeOf(openSender({ account: moody }).prepare(oweTo()))).toBe("refund_account");
    const broken = { address, signTransaction: () => Promise.reject(new Error(`no ${privateKey}`)) };
    const error = await openSender({ account: broken })
      .prepare(oweTo())
      .catch((thrown: Error) => thrown);
    expect(error).toMatchObject({ code: "refund_account" });
    expect(`${error} ${JSON.stringify(error)} ${Reflect.get(error, "cause")}`).not.toContain(privateKey.slice(2));
  });

  test("by a node of another chain, and none that is silent, gone or talks nonsense", async () => {
    await fund();
    expect(
      await codeOf(
        openSender({ network: "base" }).prepare(oweTo({ offer: { ...oweTo().offer, network: "eip155:8453" } })),
      ),
    ).toBe("chain_mismatch");
    expect(await codeOf(openSender({ rpcUrl: await findDeadEnd() }).prepare(oweTo()))).toBe("chain_unavailable");
    node.treat = () => "stall";
    expect(await codeOf(openSender({ rpcTimeout: 100 }).prepare(oweTo()))).toBe("chain_timeout");
    const methods = [
      "eth_chainId",
      "eth_getBlockByNumber",
      "eth_getBalance",
      "eth_getTransactionCount",
      "eth_estimateGas",
    ];
    for (const method of methods) {
      node.treat = (asked) => (asked === method ? { answer: { result: { nonsense: true } } } : "forward");
      expect(await codeOf(openSender().prepare(oweTo()))).toBe("chain_unreadable");
    }
  });
});

test("options that cannot be meant are all named at once, without the key and the address of the node", () => {
  const key = `0x${"5".repeat(63)}`;
  const rpcUrl = "http://node.example/v2/secret-key";
  const options = { network: "bays", rpcUrl, privateKey: key, confirmations: 0, timeout: -1, rpcTimeout: 1e9 };
  const tryIt = (given: object) => {
    try {
      evmRefunds(given as EvmRefundOptions);
    } catch (error) {
      return error as Error & { problems: { path: string }[] };
    }
    throw new Error("nothing was thrown");
  };
  const error = tryIt(options);
  expect(error.problems.map(({ path }) => path)).toEqual([
    "rpcUrl",
    "network",
    "privateKey",
    "confirmations",
    "timeout",
    "rpcTimeout",
  ]);
  expect(`${error.message} ${JSON.stringify(error)}`).not.toMatch(/5555|secret-key/);
  const fine = { network: "base", rpcUrl: "https://node.example", privateKey: `0x${"5".repeat(64)}` };
  const account = privateKeyToAccount(`0x${"5".repeat(64)}`);
  expect(evmRefunds(fine).networks).toEqual(["eip155:8453"]);
  for (const wrong of [
    { account },
    { privateKey: undefined },
    { privateKey: `0x${"0".repeat(64)}` },
    { privateKey: 5 },
  ]) {
    expect(tryIt({ ...fine, ...wrong }).problems.map(({ path }) => path)).toEqual(["privateKey"]);
  }
});
