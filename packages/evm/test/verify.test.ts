import type { Facilitator } from "@turnpike/core";
import { type Chain, startChain } from "@turnpike/e2e-chain";
import type { Hex } from "viem";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type LocalFacilitatorOptions, localFacilitator } from "../src/index.js";
import { compact, createPayment, mirror, now, type PaymentChanges, zeroBased } from "./support/payments.js";

let chain: Chain;
let facilitator: Facilitator;
const open = (options?: Partial<LocalFacilitatorOptions>) => {
  const { privateKey } = chain.accounts.facilitator;
  return localFacilitator({ rpcUrl: chain.rpcUrl, privateKey, network: chain.network, ...options });
};
beforeAll(async () => {
  chain = await startChain();
  facilitator = open();
});
afterAll(() => chain.stop());

const pay = (changes?: PaymentChanges) => createPayment(chain, changes);

describe("a payment that would settle", () => {
  test("is valid, names its payer and moves nothing", async () => {
    const { payer, seller } = chain.accounts;
    const before = await chain.balanceOf(seller.address);
    expect(await facilitator.verify(await pay())).toEqual({ isValid: true, payer: payer.address });
    expect(await chain.balanceOf(seller.address)).toBe(before);
  });

  test("is valid by a contract wallet's signature, short or wrapped", async () => {
    const from = await chain.deploySmartWallet(chain.accounts.payer2.address);
    await chain.mint(from, 10_000n);
    const signer = chain.accounts.payer2;
    expect(await facilitator.verify(await pay({ signer, authorization: { from } }))).toMatchObject({ isValid: true });
    const wrap = (signature: Hex): Hex =>
      `0x${"0".repeat(64)}${"40".padStart(64, "0")}${"41".padStart(64, "0")}${signature.slice(2)}${"0".repeat(62)}`;
    const wrapped = await pay({ signer, authorization: { from }, sign: wrap });
    expect(await facilitator.verify(wrapped)).toEqual({ isValid: true, payer: from });
  });
});

describe("a payment that would not settle", () => {
  const stranger = () => chain.accounts.stranger;
  test.each<[string, string, () => PaymentChanges]>([
    ["of a payer without funds", "insufficient_funds", () => ({ signer: stranger() })],
    [
      "signed by another key",
      "invalid_exact_evm_payload_signature",
      () => ({ signer: stranger(), authorization: { from: chain.accounts.payer.address } }),
    ],
    ["with a high-s signature", "invalid_exact_evm_payload_signature", () => ({ sign: mirror })],
    ["with a compact signature", "invalid_exact_evm_payload_signature", () => ({ sign: compact })],
    ["with a zero-based v", "invalid_exact_evm_payload_signature", () => ({ sign: zeroBased })],
    [
      "wrapped for a wallet to deploy",
      "invalid_exact_evm_payload_signature",
      () => ({ sign: (s: Hex): Hex => `${s}${"6492".repeat(16)}` }),
    ],
    [
      "to somebody else",
      "invalid_exact_evm_payload_recipient_mismatch",
      () => ({ authorization: { to: stranger().address } }),
    ],
    ["of less", "invalid_exact_evm_payload_authorization_value_mismatch", () => ({ authorization: { value: "9999" } })],
    [
      "of more",
      "invalid_exact_evm_payload_authorization_value_mismatch",
      () => ({ authorization: { value: "10001" } }),
    ],
    [
      "that expired",
      "invalid_exact_evm_payload_authorization_valid_before",
      () => ({ authorization: { validBefore: String(now() - 1) } }),
    ],
    [
      "that expires before a block",
      "invalid_exact_evm_payload_authorization_valid_before",
      () => ({ authorization: { validBefore: String(now() + 3) } }),
    ],
    [
      "that is not valid yet",
      "invalid_exact_evm_payload_authorization_valid_after",
      () => ({ authorization: { validAfter: String(now() + 60) } }),
    ],
    [
      "that is not valid yet by the chain's clock",
      "invalid_exact_evm_payload_authorization_valid_after",
      () => ({ authorization: { validAfter: String(now() + 20) } }),
    ],
    ["for another network", "invalid_network", () => ({ requirements: { network: "eip155:1" } })],
    [
      "for a network that is not EVM",
      "invalid_network",
      () => ({ requirements: { network: "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1" } }),
    ],
    ["by another scheme", "unsupported_scheme", () => ({ requirements: { scheme: "upto" } })],
    [
      "by another transfer method",
      "invalid_payment_requirements",
      () => ({ requirements: { extra: { assetTransferMethod: "permit2", name: "USDC", version: "2" } } }),
    ],
    ["without the token's domain", "invalid_payment_requirements", () => ({ requirements: { extra: {} } })],
    ["with an empty signature", "invalid_payload", () => ({ sign: () => "0x" })],
  ])("%s is refused with %s", async (_, invalidReason, changes) => {
    const request = await pay(changes());
    const answer = await facilitator.verify(request);
    expect(answer).toMatchObject({ isValid: false, invalidReason });
    expect(await facilitator.settle(request)).toMatchObject({
      success: false,
      errorReason: invalidReason,
      transaction: "",
    });
  });

  test("in an asset that is no token is refused, though any call to it succeeds", async () => {
    const nothing = "0x00000000000000000000000000000000000000aa";
    const token = { ...chain.token, address: nothing } as Chain["token"];
    const request = await createPayment({ ...chain, token });
    expect(await facilitator.verify(request)).toMatchObject({ invalidReason: "invalid_payment_requirements" });
    expect(await facilitator.settle(request)).toMatchObject({
      errorReason: "invalid_payment_requirements",
      transaction: "",
    });
  });

  test("in another domain than the token's is refused by the rehearsal", async () => {
    const token = { ...chain.token, name: "Dollar" };
    const request = await createPayment({ ...chain, token });
    const invalidReason = "invalid_exact_evm_transaction_simulation_failed";
    expect(await facilitator.verify(request)).toMatchObject({ isValid: false, invalidReason });
    expect(await facilitator.settle(request)).toMatchObject({ errorReason: invalidReason, transaction: "" });
  });

  test("by a wallet that another key owns is refused", async () => {
    const from = await chain.deploySmartWallet(chain.accounts.payer2.address);
    await chain.mint(from, 10_000n);
    const answer = await facilitator.verify(await pay({ authorization: { from } }));
    expect(answer).toMatchObject({ isValid: false, invalidReason: "invalid_exact_evm_payload_signature" });
  });

  test("whose nonce is used is refused", async () => {
    const request = await pay();
    const other = open({ privateKey: chain.accounts.facilitator2.privateKey });
    expect(await other.settle(request)).toMatchObject({ success: true });
    const answer = await facilitator.verify(request);
    expect(answer).toMatchObject({ isValid: false, invalidReason: "invalid_exact_evm_nonce_already_used" });
  });

  test.each([
    ["version 1", { x402Version: 1 }, "invalid_x402_version"],
    ["an accepted scheme of its own", { accepted: { scheme: "upto" } }, "invalid_scheme"],
    ["an accepted network of its own", { accepted: { network: "eip155:1" } }, "invalid_network"],
    ["no authorisation", { payload: { signature: "0x00" } }, "invalid_payload"],
  ])("with %s is refused", async (_, change, invalidReason) => {
    const request = await pay();
    const { accepted, ...rest } = { accepted: {}, ...change };
    const paymentPayload = {
      ...request.paymentPayload,
      ...rest,
      accepted: { ...request.paymentRequirements, ...accepted },
    };
    const answer = await facilitator.verify({ ...request, paymentPayload } as typeof request);
    expect(answer).toMatchObject({ isValid: false, invalidReason });
  });

  test.each([
    ["from", "0x12"],
    ["to", 7],
    ["value", "1e4"],
    ["value", "010000"],
    ["value", String(2n ** 256n)],
    ["validAfter", "-1"],
    ["validBefore", undefined],
    ["nonce", "0x12"],
  ])("with `%s` of %j is refused as misshapen", async (member, value) => {
    const request = await pay();
    const { payload } = request.paymentPayload;
    const authorization = { ...(payload.authorization as object), [member]: value };
    const paymentPayload = { ...request.paymentPayload, payload: { ...payload, authorization } };
    const answer = await facilitator.verify({ ...request, paymentPayload });
    expect(answer).toMatchObject({ isValid: false, invalidReason: "invalid_payload" });
  });

  test("in a token that the facilitator does not serve is refused", async () => {
    const elsewhere = open({ tokens: [chain.accounts.stranger.address] });
    expect(await elsewhere.verify(await pay())).toMatchObject({ invalidReason: "invalid_payment_requirements" });
    const here = open({ tokens: [chain.token.address] });
    expect(await here.verify(await pay())).toMatchObject({ isValid: true });
  });
});
