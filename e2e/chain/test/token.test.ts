import { domainSeparator, maxUint256, parseEventLogs, toHex } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Chain, startChain, tokenAbi } from "../src/index.js";
import { argumentsOf, call, createOrder, domainOf, sign, split, wrap } from "./sign.js";

let chain: Chain;
beforeAll(async () => {
  chain = await startChain();
});
afterAll(() => chain.stop());

const read = (functionName: "DOMAIN_SEPARATOR" | "name" | "symbol" | "version" | "decimals") =>
  chain.publicClient.readContract({ address: chain.token.address, abi: tokenAbi, functionName });
const isUsed = (authorizer: `0x${string}`, nonce: `0x${string}`) =>
  chain.publicClient.readContract({
    address: chain.token.address,
    abi: tokenAbi,
    functionName: "authorizationState",
    args: [authorizer, nonce],
  });

/** Both balances around some work. */
async function observe(work: () => Promise<unknown>) {
  const { payer, seller } = chain.accounts;
  const look = () => Promise.all([chain.balanceOf(payer.address), chain.balanceOf(seller.address)]);
  const [paidBefore, earnedBefore] = await look();
  await work();
  const [paid, earned] = await look();
  return { payer: paid - paidBefore, seller: earned - earnedBefore };
}

describe("the token stands in for Base Sepolia's USDC", () => {
  test("it has USDC's name, version, symbol and decimals", async () => {
    expect(await Promise.all([read("name"), read("version"), read("symbol"), read("decimals")])).toEqual([
      "USDC",
      "2",
      "USDC",
      6,
    ]);
  });

  test("its domain separator is the one that viem computes", async () => {
    expect(await read("DOMAIN_SEPARATOR")).toBe(domainSeparator({ domain: domainOf(chain) }));
  });

  test("payers start with 1000 USDC and the seller with none, and the supply is their sum", async () => {
    const { payer, payer2, seller } = chain.accounts;
    expect(await chain.balanceOf(payer.address)).toBe(1_000_000_000n);
    expect(await chain.balanceOf(payer2.address)).toBe(1_000_000_000n);
    expect(await chain.balanceOf(seller.address)).toBe(0n);
    const { token, publicClient } = chain;
    const supply = { address: token.address, abi: tokenAbi, functionName: "totalSupply" } as const;
    expect(await publicClient.readContract(supply)).toBe(2_000_000_000n);
  });

  test("Multicall3 answers at its usual address", async () => {
    const about = { address: chain.token.address, abi: tokenAbi } as const;
    const contracts = [
      { ...about, functionName: "name" },
      { ...about, functionName: "balanceOf", args: [chain.accounts.payer2.address] },
    ] as const;
    expect(await chain.publicClient.multicall({ contracts, allowFailure: false })).toEqual(["USDC", 1_000_000_000n]);
  });
});

describe("a signed transfer (EIP-3009)", () => {
  test("moves exactly its amount, with the signature whole and in v, r and s, and says so in events", async () => {
    const { payer, facilitator, seller } = chain.accounts;
    for (const whole of [true, false]) {
      const order = createOrder(chain, { value: 12_345n });
      const signature = await sign(chain, payer, "TransferWithAuthorization", order);
      const args = whole
        ? argumentsOf(order, signature)
        : [...argumentsOf(order, signature).slice(0, 6), ...split(signature)];
      const moved = await observe(async () => {
        const { logs } = await call(chain, facilitator, "transferWithAuthorization", args);
        expect(parseEventLogs({ abi: tokenAbi, logs }).map(({ eventName, args }) => ({ eventName, args }))).toEqual([
          { eventName: "AuthorizationUsed", args: { authorizer: payer.address, nonce: order.nonce } },
          { eventName: "Transfer", args: { from: payer.address, to: seller.address, value: 12_345n } },
        ]);
      });
      expect(moved).toEqual({ payer: -12_345n, seller: 12_345n });
      expect(await isUsed(payer.address, order.nonce)).toBe(true);
    }
  });

  test("happens once: its repetition reverts, and so does another order under its nonce", async () => {
    const { payer, facilitator } = chain.accounts;
    const order = createOrder(chain);
    const args = argumentsOf(order, await sign(chain, payer, "TransferWithAuthorization", order));
    await call(chain, facilitator, "transferWithAuthorization", args);
    const other = { ...order, value: 1n };
    const otherArgs = argumentsOf(other, await sign(chain, payer, "TransferWithAuthorization", other));
    const moved = await observe(async () => {
      for (const again of [args, otherArgs]) {
        await expect(call(chain, facilitator, "transferWithAuthorization", again)).rejects.toThrow(
          "authorization is used or canceled",
        );
      }
    });
    expect(moved).toEqual({ payer: 0n, seller: 0n });
  });

  test("reverts outside its time", async () => {
    const { payer, facilitator } = chain.accounts;
    const now = BigInt(Math.floor(Date.now() / 1000));
    const cases = [
      [{ validBefore: now - 1n }, "authorization is expired"],
      [{ validAfter: now + 60n, validBefore: now + 120n }, "authorization is not yet valid"],
    ] as const;
    for (const [window, reason] of cases) {
      const order = createOrder(chain, window);
      const args = argumentsOf(order, await sign(chain, payer, "TransferWithAuthorization", order));
      await expect(call(chain, facilitator, "transferWithAuthorization", args)).rejects.toThrow(reason);
      expect(await isUsed(payer.address, order.nonce)).toBe(false);
    }
  });

  test("reverts when signed by another, changed after signing, signed for receiving, or given a twin signature", async () => {
    const { payer, payer2, facilitator } = chain.accounts;
    const order = createOrder(chain);
    const good = await sign(chain, payer, "TransferWithAuthorization", order);
    const [v, r, s] = split(good);
    const twin = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n - BigInt(s);
    const bad = [
      argumentsOf(order, await sign(chain, payer2, "TransferWithAuthorization", order)),
      argumentsOf({ ...order, value: order.value + 1n }, good),
      argumentsOf(order, await sign(chain, payer, "ReceiveWithAuthorization", order)),
      [...argumentsOf(order, good).slice(0, 6), 55 - v, r, toHex(twin, { size: 32 })],
      argumentsOf(order, wrap(good)),
    ];
    for (const args of bad) {
      const attempt = call(chain, facilitator, "transferWithAuthorization", args);
      await expect(attempt).rejects.toThrow("invalid signature");
    }
    expect((await call(chain, facilitator, "transferWithAuthorization", argumentsOf(order, good))).status).toBe(
      "success",
    );
  });

  test("reverts when the payer has less than it orders", async () => {
    const { stranger, facilitator } = chain.accounts;
    const order = createOrder(chain, { from: stranger.address, value: 1n });
    const args = argumentsOf(order, await sign(chain, stranger, "TransferWithAuthorization", order));
    await expect(call(chain, facilitator, "transferWithAuthorization", args)).rejects.toThrow("exceeds balance");
  });

  test("made for receiving can be carried out by the payee alone", async () => {
    const { payer, facilitator, seller } = chain.accounts;
    for (const whole of [true, false]) {
      const order = createOrder(chain);
      const signature = await sign(chain, payer, "ReceiveWithAuthorization", order);
      const args = whole
        ? argumentsOf(order, signature)
        : [...argumentsOf(order, signature).slice(0, 6), ...split(signature)];
      await expect(call(chain, facilitator, "receiveWithAuthorization", args)).rejects.toThrow(
        "caller must be the payee",
      );
      const moved = await observe(() => call(chain, seller, "receiveWithAuthorization", args));
      expect(moved).toEqual({ payer: -order.value, seller: order.value });
    }
  });

  test("that was cancelled moves nothing", async () => {
    const { payer, payer2, facilitator } = chain.accounts;
    for (const whole of [true, false]) {
      const order = createOrder(chain);
      const mandate = { authorizer: payer.address, nonce: order.nonce };
      const forged = await sign(chain, payer2, "CancelAuthorization", mandate);
      await expect(
        call(chain, facilitator, "cancelAuthorization", [payer.address, order.nonce, forged]),
      ).rejects.toThrow("invalid signature");
      const signature = await sign(chain, payer, "CancelAuthorization", mandate);
      const proof = whole ? [signature] : split(signature);
      const { logs } = await call(chain, facilitator, "cancelAuthorization", [payer.address, order.nonce, ...proof]);
      expect(parseEventLogs({ abi: tokenAbi, logs })).toMatchObject([
        { eventName: "AuthorizationCanceled", args: mandate },
      ]);
      const args = argumentsOf(order, await sign(chain, payer, "TransferWithAuthorization", order));
      await expect(call(chain, facilitator, "transferWithAuthorization", args)).rejects.toThrow("used or canceled");
    }
  });
});

describe("a signed allowance (EIP-2612)", () => {
  test("lets the spender take that much and no more, and counts nonces", async () => {
    const { payer, facilitator, stranger, seller } = chain.accounts;
    for (const whole of [true, false]) {
      const nonce = await chain.publicClient.readContract({
        address: chain.token.address,
        abi: tokenAbi,
        functionName: "nonces",
        args: [payer.address],
      });
      const permit = { owner: payer.address, spender: stranger.address, value: 500n, nonce, deadline: maxUint256 };
      const signature = await sign(chain, payer, "Permit", permit);
      const proof = whole ? [signature] : split(signature);
      const args = [payer.address, stranger.address, 500n, maxUint256, ...proof];
      await call(chain, facilitator, "permit", args);
      await expect(call(chain, facilitator, "permit", args)).rejects.toThrow("invalid signature");
      const take = (value: bigint) => call(chain, stranger, "transferFrom", [payer.address, seller.address, value]);
      await expect(take(501n)).rejects.toThrow("exceeds allowance");
      expect(await observe(() => take(500n))).toEqual({ payer: -500n, seller: 500n });
    }
  });

  test("past its deadline reverts", async () => {
    const { payer, stranger, facilitator } = chain.accounts;
    const permit = { owner: payer.address, spender: stranger.address, value: 1n, nonce: 2n, deadline: 1n };
    const signature = await sign(chain, payer, "Permit", permit);
    const args = [payer.address, stranger.address, 1n, 1n, signature];
    await expect(call(chain, facilitator, "permit", args)).rejects.toThrow("permit is expired");
  });
});

describe("a smart wallet (EIP-1271)", () => {
  test("pays with its owner's signature, plain or wrapped, whole or in parts, and with nobody else's", async () => {
    const { payer, payer2, facilitator, seller } = chain.accounts;
    const wallet = await chain.deploySmartWallet(payer.address);
    await chain.mint(wallet, 3_000n);
    const earned = await chain.balanceOf(seller.address);
    const pay = async (
      signer: typeof payer | typeof payer2,
      form: (signature: `0x${string}`) => readonly unknown[],
    ) => {
      const order = createOrder(chain, { from: wallet, value: 1_000n });
      const signature = await sign(chain, signer, "TransferWithAuthorization", order);
      const args = [...argumentsOf(order, signature).slice(0, 6), ...form(signature)];
      return await call(chain, facilitator, "transferWithAuthorization", args);
    };
    await pay(payer, (signature) => [signature]);
    await pay(payer, split);
    await pay(payer, (signature) => [wrap(signature)]);
    for (const form of [split, (signature: `0x${string}`) => [wrap(signature)]]) {
      await expect(pay(payer2, form)).rejects.toThrow("invalid signature");
    }
    expect(await chain.balanceOf(wallet)).toBe(0n);
    expect((await chain.balanceOf(seller.address)) - earned).toBe(3_000n);
  });
});
