import type { ChainPayment, ChainReader, Finality } from "@turnpike/core";
import { createRpc, lower, readReceipt, showsCharge } from "@turnpike/core/chain";
import type { FacilitatorRequest } from "@turnpike/core/protocol";
import { PERMIT2_ADDRESS, x402ExactPermit2ProxyABI, x402ExactPermit2ProxyAddress } from "@x402/evm";
import { ExactEvmScheme } from "@x402/evm/exact/client";
import { encodeFunctionData, type Hex, numberToHex, parseAbi } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { beforeEach, describe, expect, test } from "vitest";
import { evmChain } from "../src/index.js";
import { about, allow, ask, type ContractCall, deployForwarder, send, settlementOf, together } from "./support/acts.js";
import { loadOddContracts } from "./support/contracts.js";
import { requirementsOf } from "./support/payments.js";
import { chain, node, pay } from "./support/stage.js";

/** The members of a Permit2 payment, as they go over the wire. */
interface Permit {
  readonly permitted: { readonly token: Hex; readonly amount: string };
  readonly from: Hex;
  readonly nonce: string;
  readonly deadline: string;
  readonly witness: { readonly to: Hex; readonly validAfter: string };
}

let reader: ChainReader;
beforeEach(async () => {
  // Some of these read hundreds of transactions, on machines with much else to do.
  reader = evmChain({ rpcUrl: node.rpcUrl, network: chain.network, timeout: 60_000 });
  const { Permit2Double, ExactProxyDouble } = await loadOddContracts();
  await ask("anvil_setCode", PERMIT2_ADDRESS, Permit2Double.runtime);
  await ask("anvil_setCode", x402ExactPermit2ProxyAddress, ExactProxyDouble.runtime);
  await allow(PERMIT2_ADDRESS);
});

const find = (request: FacilitatorRequest, rest: Partial<ChainPayment> = {}, finality: Finality = "included") =>
  reader.find(about(request, rest), finality);

describe("a settled Permit2 payment", () => {
  test.each(["settle", "settleWithPermit"] as const)("is found with and without its transaction: %s", async (call) => {
    const [request, other] = [await permit(), await permit()] as const;
    await send(stranger(), settle(other, call));
    const { transactionHash: transaction } = await send(stranger(), settle(request, call));
    const settled = { type: "settled", transaction, final: true };
    expect(await find(request)).toEqual(settled);
    expect(await find(request, { transaction })).toEqual(settled);
    expect(await find(request, {}, 1)).toEqual({ ...settled, final: false });
    expect(await chain.balanceOf(chain.accounts.seller.address)).toBe(20_000n);
  });

  test("is found by a nonce in hexadecimal too", async () => {
    const request = await permit();
    const signed = request.paymentPayload.payload.permit2Authorization as Permit;
    const { transactionHash: transaction } = await send(stranger(), settle(request));
    const nonce = numberToHex(BigInt(signed.nonce), { size: 32 });
    request.paymentPayload.payload.permit2Authorization = { ...signed, nonce };
    expect(await find(request)).toEqual({ type: "settled", transaction, final: true });
  });

  test("that reached the proxy through another contract is found by its transaction only", async () => {
    const request = await permit();
    const { transactionHash: transaction } = await send(stranger(), together(settle(request)));
    expect(await find(request, { transaction })).toEqual({ type: "settled", transaction, final: true });
    expect(await find(request)).toBeUndefined();
  });

  test("that a contract handed on as it was is found by its transaction only", async () => {
    const request = await permit();
    const to = await deployForwarder(x402ExactPermit2ProxyAddress);
    const { transactionHash: transaction } = await send(stranger(), { ...settle(request), to }, 300_000);
    expect(await find(request, { transaction })).toEqual({ type: "settled", transaction, final: true });
    expect(await find(request)).toBeUndefined();
  });

  test("in one transaction with another one, or with another movement, cannot be told", async () => {
    const [one, two, three, direct] = [await permit(), await permit(), await permit(), await pay()] as const;
    const both = await send(stranger(), together(settle(one), settle(two)));
    const mixed = await send(stranger(), together(settle(three), settlementOf(direct)));
    for (const request of [one, two]) {
      expect(await find(request, { transaction: both.transactionHash })).toBeUndefined();
    }
    expect(await find(three, { transaction: mixed.transactionHash })).toBeUndefined();
  });
});

describe("a Permit2 payment that is not settled", () => {
  test("is unused, and expires after its deadline by the chain's time", async () => {
    const request = await permit();
    expect(await find(request)).toEqual({ type: "unused", expired: false });
    const { deadline } = request.paymentPayload.payload.permit2Authorization as Permit;
    await ask("evm_setNextBlockTimestamp", Number(deadline));
    await chain.mine(1);
    expect(await find(request)).toEqual({ type: "unused", expired: false });
    await ask("evm_setNextBlockTimestamp", Number(deadline) + 1);
    await chain.mine(1);
    expect(await find(request)).toEqual({ type: "unused", expired: true });
    expect(await find(request, {}, 1)).toEqual({ type: "unused", expired: false });
  });

  test("is unused while only its neighbours in the bitmap are used", async () => {
    const request = await permit();
    const nonce = BigInt((request.paymentPayload.payload.permit2Authorization as Permit).nonce);
    await send(payer(), invalidate(nonce >> 8n, ~(1n << (nonce & 255n)) & (2n ** 256n - 1n)));
    expect(await find(request)).toEqual({ type: "unused", expired: false });
  });

  test("is spent when the payer made its nonce invalid and no money moved", async () => {
    const request = await permit();
    await send(payer(), invalidateNonceOf(request));
    expect(await find(request)).toEqual({ type: "spent", final: true });
    expect(await find(request, {}, 1)).toEqual({ type: "spent", final: false });
  });

  test("is not settled by another payment's movement of the same amount", async () => {
    const [request, other] = [await permit(), await permit()] as const;
    const { transactionHash: transaction } = await send(stranger(), settle(other));
    await send(payer(), invalidateNonceOf(request));
    expect(await find(request)).toBeUndefined();
    expect(await find(request, { transaction })).toBeUndefined();
  });

  test("cannot be told when its nonce was used in a way that left no trace here", async () => {
    const request = await permit();
    const signed = request.paymentPayload.payload.permit2Authorization as Permit;
    const elsewhere = { ...signed, witness: { ...signed.witness, to: stranger() } };
    const twin = {
      ...request,
      paymentPayload: { ...request.paymentPayload, payload: { permit2Authorization: elsewhere } },
    };
    const { transactionHash: transaction } = await send(stranger(), settle(twin as FacilitatorRequest));
    expect(await find(request)).toBeUndefined();
    expect(await find(request, { transaction })).toBeUndefined();
    const nonce = BigInt(signed.nonce);
    await send(payer(), invalidate(nonce >> 8n, ~(1n << (nonce & 255n)) & (2n ** 256n - 1n)));
    expect(await find(request)).toBeUndefined();
  });

  test("cannot be told among more than a hundred movements like it", async () => {
    const request = await permit();
    await chain.setAutomine(false);
    for (let others = 0; others < 101; others++) {
      await ask("eth_sendTransaction", { from: stranger(), gas: numberToHex(200_000), ...settle(await permit()) });
    }
    await ask("eth_sendTransaction", { from: stranger(), gas: numberToHex(200_000), ...settle(request) });
    await chain.setAutomine(true);
    expect(await chain.balanceOf(chain.accounts.seller.address)).toBe(1_020_000n);
    expect(await find(request)).toBeUndefined();
  });

  test("is not asked about when its spender, token, recipient or amount is another", async () => {
    const request = await permit();
    const signed = request.paymentPayload.payload.permit2Authorization as Permit;
    for (const change of [
      { spender: stranger() },
      { permitted: { ...signed.permitted, token: stranger() } },
      { permitted: { ...signed.permitted, amount: "9999" } },
      { witness: { ...signed.witness, to: stranger() } },
      { nonce: "-1" },
      { from: "0x1" },
    ]) {
      request.paymentPayload.payload.permit2Authorization = { ...signed, ...change };
      expect(await find(request)).toBeUndefined();
    }
    expect(node.seen).toEqual([]);
  });

  test("cannot be told on a chain without Permit2", async () => {
    await ask("anvil_setCode", PERMIT2_ADDRESS, "0x");
    expect(await find(await permit())).toBeUndefined();
  });
});

describe("the charge on record", () => {
  const seller = () => chain.accounts.seller.address;
  const shows = async (request: FacilitatorRequest, transaction: Hex, id = nameOf(request)) => {
    const rpc = createRpc(node.rpcUrl, 60_000);
    const receipt = await readReceipt(rpc, transaction);
    if (!receipt) throw new Error("The transaction is in no block.");
    const [token, from, to] = [chain.token.address, payer(), seller()].map(lower) as [Hex, Hex, Hex];
    return showsCharge(rpc, transaction, receipt, { id, network: chain.network, token, from, to, value: 10_000n });
  };
  const nameOf = ({ paymentPayload }: FacilitatorRequest) => {
    const { from, nonce } = paymentPayload.payload.permit2Authorization as Permit;
    return `${chain.network}:permit2:${from}:${BigInt(nonce)}`.toLowerCase();
  };

  test.each(["settle", "settleWithPermit"] as const)("is shown by its own nonce only: %s", async (call) => {
    const [request, other] = [await permit(), await permit()] as const;
    const { transactionHash } = await send(stranger(), settle(request, call));
    expect(await shows(request, transactionHash)).toBe(true);
    expect(await shows(other, transactionHash)).toBe(false);
    expect(await shows(request, transactionHash, `${nameOf(request)}0`)).toBe(false);
  });

  test("is not shown by another contract's call, which may name what it likes", async () => {
    const request = await permit();
    const { transactionHash } = await send(stranger(), together(settle(request)));
    expect(await shows(request, transactionHash)).toBe(false);
  });

  test("is shown for each of two alike that one transaction settles, and for no third", async () => {
    const paid = [await pay(), await pay(), await pay()] as const;
    const { transactionHash } = await send(stranger(), together(settlementOf(paid[0]), settlementOf(paid[1])));
    const found = paid.map(({ paymentPayload }) => {
      const { nonce } = paymentPayload.payload.authorization as { readonly nonce: string };
      const id = `${chain.network}:${chain.token.address}:${payer()}:${nonce}`.toLowerCase();
      return shows(paid[0], transactionHash, id);
    });
    expect(await Promise.all(found)).toEqual([true, true, false]);
  });
});

const payer = () => chain.accounts.payer.address;
const stranger = () => chain.accounts.stranger.address;

/** A payment that the official client signs by Permit2: 0.01 USDC from payer to seller. */
async function permit(): Promise<FacilitatorRequest> {
  const base = requirementsOf(chain);
  const requirements = { ...base, extra: { ...base.extra, assetTransferMethod: "permit2" } };
  const client = new ExactEvmScheme(privateKeyToAccount(chain.accounts.payer.privateKey));
  const signed = await client.createPaymentPayload(
    2,
    requirements as Parameters<typeof client.createPaymentPayload>[1],
  );
  const payload = signed.payload as Record<string, unknown>;
  return {
    x402Version: 2,
    paymentPayload: { x402Version: 2, accepted: requirements, payload },
    paymentRequirements: requirements,
  };
}

/** The call that settles it, as the official interface has it. */
function settle(
  { paymentPayload }: FacilitatorRequest,
  functionName: "settle" | "settleWithPermit" = "settle",
): ContractCall {
  const { permitted, from, nonce, deadline, witness } = paymentPayload.payload.permit2Authorization as Permit;
  const signed = { permitted: { token: permitted.token, amount: BigInt(permitted.amount) }, nonce: BigInt(nonce) };
  const args = [
    { ...signed, deadline: BigInt(deadline) },
    from,
    { to: witness.to, validAfter: BigInt(witness.validAfter) },
    "0x1234",
  ] as const;
  const none = { value: 0n, deadline: 0n, r: numberToHex(1n, { size: 32 }), s: numberToHex(2n, { size: 32 }), v: 27 };
  const call = functionName === "settle" ? { functionName, args } : { functionName, args: [none, ...args] as const };
  return {
    to: x402ExactPermit2ProxyAddress,
    data: encodeFunctionData({ abi: x402ExactPermit2ProxyABI, ...call } as never),
  };
}

function invalidateNonceOf({ paymentPayload }: FacilitatorRequest): ContractCall {
  const nonce = BigInt((paymentPayload.payload.permit2Authorization as Permit).nonce);
  return invalidate(nonce >> 8n, 1n << (nonce & 255n));
}

function invalidate(word: bigint, mask: bigint): ContractCall {
  const abi = parseAbi(["function invalidateUnorderedNonces(uint256 word, uint256 mask)"]);
  return { to: PERMIT2_ADDRESS, data: encodeFunctionData({ abi, args: [word, mask] }) };
}
