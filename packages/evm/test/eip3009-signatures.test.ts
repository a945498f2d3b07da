import type { FacilitatorRequest } from "@turnpike/core/protocol";
import { type Chain, startChain } from "@turnpike/e2e-chain";
import fc from "fast-check";
import type { Hex } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eip3009Signatures } from "../src/index.js";
import { compact, createPayment, mirror, type PaymentChanges, zeroBased } from "./support/payments.js";
import { startUnreliableNode } from "./support/unreliable-node.js";

let chain: Chain;
beforeAll(async () => {
  chain = await startChain();
});
afterAll(() => chain.stop());

const pay = (changes?: PaymentChanges) => createPayment(chain, changes);
const check = (request: FacilitatorRequest, options?: Parameters<typeof eip3009Signatures>[0]) =>
  eip3009Signatures(options).check(request.paymentPayload, request.paymentRequirements);

describe("without a chain", () => {
  test("what the payer's own key signed is valid, however the addresses are spelt", async () => {
    const { payer, seller } = chain.accounts;
    expect(await check(await pay())).toBe("valid");
    const authorization = { from: payer.address.toLowerCase(), to: seller.address.toUpperCase().replace("X", "x") };
    expect(await check(await pay({ authorization }))).toBe("valid");
  });

  test("another key's signature is undecided, since the payer may be a contract wallet", async () => {
    const request = await pay({
      signer: chain.accounts.stranger,
      authorization: { from: chain.accounts.payer.address },
    });
    expect(await check(request)).toBe("undecided");
    expect(await check(request, { contractWallets: true })).toBe("undecided");
  });

  test("another key's signature is invalid where contract wallets are ruled out", async () => {
    const request = await pay({
      signer: chain.accounts.stranger,
      authorization: { from: chain.accounts.payer.address },
    });
    expect(await check(request, { contractWallets: false })).toBe("invalid");
  });

  test.each([
    ["high s", mirror],
    ["64 bytes", compact],
    ["v of 0 or 1", zeroBased],
  ])("the payer's signature spelt with %s is not valid, because tokens revert on it", async (_, sign) => {
    const request = await pay({ sign });
    expect(await check(request)).toBe("undecided");
    expect(await check(request, { contractWallets: false })).toBe("invalid");
  });

  test.each([
    ["r of zero", (signature: Hex): Hex => `0x${"0".repeat(64)}${signature.slice(66)}`],
    ["s of zero", (signature: Hex): Hex => `0x${signature.slice(2, 66)}${"0".repeat(64)}1b`],
    ["no bytes", (): Hex => "0x"],
    ["one byte", (): Hex => "0x00"],
    ["r beyond the curve", (signature: Hex): Hex => `0x${"f".repeat(64)}${signature.slice(66)}`],
  ])("a signature with %s is not valid and does not throw", async (_, sign) => {
    expect(await check(await pay({ sign }))).toBe("undecided");
  });

  test.each([{ assetTransferMethod: "permit2", name: "USDC", version: "2" }, { name: "USDC" }, {}])(
    "requirements with extra %j are left to the facilitator",
    async (extra) => {
      expect(await check(await pay({ requirements: { extra } }), { contractWallets: false })).toBe("undecided");
    },
  );

  test("networks that are not EVM are left to the facilitator", async () => {
    const request = await pay({ requirements: { network: "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1" } });
    expect(await check(request, { contractWallets: false })).toBe("undecided");
  });

  test("no change to anything that is signed stays valid", async () => {
    const signed = await pay();
    const { authorization, signature } = signed.paymentPayload.payload as { authorization: object; signature: Hex };
    const hex = (bytes: number) =>
      fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => `0x${Buffer.from(value).toString("hex")}`);
    const number = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map(String);
    const inAuthorization = fc.oneof(
      fc.record({ from: hex(20) }),
      fc.record({ to: hex(20) }),
      fc.record({ value: number }),
      fc.record({ validAfter: number }),
      fc.record({ validBefore: number }),
      fc.record({ nonce: hex(32) }),
    );
    const flipped = fc.integer({ min: 0, max: 64 }).chain((index) =>
      fc.integer({ min: 1, max: 255 }).map((mask) => {
        const bytes = Buffer.from(signature.slice(2), "hex");
        bytes[index] = (bytes[index] as number) ^ mask;
        return `0x${bytes.toString("hex")}`;
      }),
    );
    const inRequirements = fc.oneof(
      fc.record({ asset: hex(20) }),
      fc.record({ network: fc.integer({ min: 1, max: 1_000_000 }).map((id) => `eip155:${id}`) }),
      fc.string().map((name) => ({ extra: { name, version: "2" } })),
      fc.string().map((version) => ({ extra: { name: "USDC", version } })),
    );
    const change = fc.oneof(
      inAuthorization.map((part) => ({ authorization: { ...authorization, ...part } })),
      flipped.map((bytes) => ({ signature: bytes })),
      inRequirements.map((requirements) => ({ requirements })),
    );
    await fc.assert(
      fc.asyncProperty(change, async (changed) => {
        const { requirements, ...payload } = { requirements: {}, ...changed };
        const request: FacilitatorRequest = {
          ...signed,
          paymentPayload: { ...signed.paymentPayload, payload: { authorization, signature, ...payload } },
          paymentRequirements: { ...signed.paymentRequirements, ...requirements },
        };
        const same =
          JSON.stringify(request.paymentPayload.payload) === JSON.stringify({ authorization, signature }) &&
          JSON.stringify(request.paymentRequirements) === JSON.stringify(signed.paymentRequirements);
        expect(await check(request)).toBe(same ? "valid" : "undecided");
      }),
      { numRuns: 300 },
    );
  });
});

describe("with a chain", () => {
  test("a forged signature is invalid when the payer's address holds no contract", async () => {
    const request = await pay({
      signer: chain.accounts.stranger,
      authorization: { from: chain.accounts.payer.address },
    });
    expect(await check(request, { rpcUrl: chain.rpcUrl })).toBe("invalid");
    expect(await check(request, { rpcUrl: { [chain.network]: chain.rpcUrl } })).toBe("invalid");
  });

  test("a contract wallet's signature is undecided", async () => {
    const from = await chain.deploySmartWallet(chain.accounts.payer.address);
    expect(await check(await pay({ authorization: { from } }), { rpcUrl: chain.rpcUrl })).toBe("undecided");
  });

  test("a counterfactual wallet's signature is undecided: some facilitators deploy such a wallet", async () => {
    const from = "0x00000000000000000000000000000000000000aa";
    const sign = (signature: Hex): Hex => `${signature}${"6492".repeat(16)}`;
    expect(await check(await pay({ authorization: { from }, sign }), { rpcUrl: chain.rpcUrl })).toBe("undecided");
  });

  test("the chain is not asked about what the payer's own key signed", async () => {
    await using node = await startUnreliableNode(chain.rpcUrl);
    expect(await check(await pay(), { rpcUrl: node.rpcUrl })).toBe("valid");
    expect(node.seen).toEqual([]);
  });

  test("a network without an endpoint, another chain's endpoint and one that is down decide nothing", async () => {
    const forged = await pay({
      signer: chain.accounts.stranger,
      authorization: { from: chain.accounts.payer.address },
    });
    expect(await check(forged, { rpcUrl: { "eip155:1": chain.rpcUrl } })).toBe("undecided");
    const elsewhere = await pay({ requirements: { network: "eip155:1" } });
    expect(await check(elsewhere, { rpcUrl: chain.rpcUrl })).toBe("undecided");
    await using node = await startUnreliableNode(chain.rpcUrl);
    node.treat = () => "swallow";
    expect(await check(forged, { rpcUrl: node.rpcUrl })).toBe("undecided");
  });
});
