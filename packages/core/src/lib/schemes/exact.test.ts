import { describe, expect, it } from "vitest";
import type { JsonObject, PaymentPayload, PaymentRequirements } from "../protocol/types.js";
import { exactEip155 } from "./exact-eip155.js";
import { exactSolana } from "./exact-solana.js";
import type { PaymentFault, PaymentIdentity } from "./scheme.js";

const NOW = 1_800_000_000;
const FROM = "0x857b06519E91e3A54538791bDbb0E22373e36b66";
const TO = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
const USDC = "0x036CbD53842c5426634e7929541eC2318f3dCF7e";
const NONCE = `0x${"ab".repeat(32)}`;
const SIGNATURE = `0x${"1c".repeat(65)}`;

const offer: PaymentRequirements = {
  scheme: "exact",
  network: "eip155:84532",
  amount: "10000",
  asset: USDC,
  payTo: TO,
  maxTimeoutSeconds: 120,
};
const authorization = {
  from: FROM,
  to: TO,
  value: "10000",
  validAfter: "0",
  validBefore: String(NOW + 60),
  nonce: NONCE,
};
const pay = (payload: JsonObject, accepted = offer): PaymentPayload => ({ x402Version: 2, accepted, payload });
/** Named first, then held against the offer, as the engine does. */
function read(payment: PaymentPayload, requirements: PaymentRequirements) {
  const identity = exactEip155.identify(payment) as PaymentIdentity | PaymentFault;
  if ("fault" in identity) return identity;
  return exactEip155.judge(payment, requirements, NOW, 0) ?? identity;
}

const inspect = (change: JsonObject, signature: unknown = SIGNATURE) =>
  read(pay({ signature, authorization: { ...authorization, ...change } }), offer);

describe("exact on EVM networks", () => {
  it("names a payment by chain, token, payer and nonce, whatever the letter case", async () => {
    const id = `eip155:84532:${USDC}:${FROM}:${NONCE}`.toLowerCase();
    expect(await inspect({})).toEqual({
      id,
      proof: expect.stringContaining(SIGNATURE),
      payer: FROM,
      validBefore: NOW + 60,
    });
    const upper = { from: `0x${FROM.slice(2).toUpperCase()}`, nonce: `0x${"AB".repeat(32)}` };
    expect(await inspect(upper, SIGNATURE.toUpperCase().replace("0X", "0x"))).toMatchObject({
      id,
      proof: expect.stringContaining(SIGNATURE),
    });
  });

  it("refuses another recipient, another amount and a window that is not open", async () => {
    const cases: [JsonObject, string][] = [
      [{ to: FROM }, "invalid_exact_evm_payload_recipient_mismatch"],
      [{ value: "9999" }, "invalid_exact_evm_payload_authorization_value_mismatch"],
      [{ value: "10001" }, "invalid_exact_evm_payload_authorization_value_mismatch"],
      [{ validAfter: String(NOW + 60) }, "invalid_exact_evm_payload_authorization_valid_after"],
      [{ validBefore: String(NOW - 1) }, "invalid_exact_evm_payload_authorization_valid_before"],
      [{ validBefore: String(NOW + 5) }, "invalid_exact_evm_payload_authorization_valid_before"],
      [{ validBefore: "0" }, "invalid_exact_evm_payload_authorization_valid_before"],
    ];
    for (const [change, code] of cases)
      expect(await inspect(change), JSON.stringify(change)).toMatchObject({ fault: { code } });
  });

  it("allows the payer's clock to be ahead a little, and takes windows without an end", async () => {
    expect(await inspect({ validAfter: String(NOW + 20) })).toHaveProperty("id");
    expect(await inspect({ validBefore: (2n ** 256n - 1n).toString() })).toMatchObject({
      validBefore: Number.MAX_SAFE_INTEGER,
    });
  });

  it("calls a payload of another form malformed", async () => {
    const forms: JsonObject[] = [
      { from: "0x1" },
      { from: 5 },
      { to: null },
      { value: 10000 },
      { value: "1e4" },
      { value: "0x2710" },
      { validAfter: "-1" },
      { validBefore: 1.5 },
      { nonce: "0x12" },
      { nonce: 7 },
    ];
    for (const change of forms)
      expect(await inspect(change), JSON.stringify(change)).toMatchObject({
        fault: { code: "invalid_payload", malformed: true },
      });
    for (const signature of [null, 1, "", "0x", "0x1", "abcd", "0xzz"])
      expect(await inspect({}, signature)).toMatchObject({ fault: { malformed: true } });
    for (const payload of [
      {},
      { signature: SIGNATURE },
      { signature: SIGNATURE, authorization: [] },
      { signature: SIGNATURE, authorization: "x" },
    ]) {
      expect(await read(pay(payload), offer)).toMatchObject({ fault: { malformed: true } });
    }
  });

  it("R05 refuses a payload with two authorisations, which would give one payment many names", () => {
    for (const nonce of ["1", "2"]) {
      const permit2Authorization = {
        permitted: { token: USDC, amount: "10000" },
        from: FROM,
        spender: "0x402085c248EeA27D92E8b30b2C58ed07f9E20001",
        nonce,
        deadline: String(NOW + 60),
        witness: { to: TO, validAfter: "0" },
      };
      const both = pay({ signature: SIGNATURE, authorization, permit2Authorization });
      expect(exactEip155.identify(both)).toMatchObject({ fault: { code: "invalid_payload", malformed: true } });
    }
  });

  it("G09 takes no number that the chain cannot hold: a facilitator that wraps would give one payment two names", () => {
    const permit2: PaymentRequirements = { ...offer, extra: { assetTransferMethod: "permit2" } };
    const most = 2n ** 256n - 1n;
    const named = (nonce: bigint) => {
      const permit2Authorization = {
        permitted: { token: USDC, amount: "10000" },
        from: FROM,
        spender: "0x402085c248EeA27D92E8b30b2C58ed07f9E20001",
        nonce: String(nonce),
        deadline: String(NOW + 60),
        witness: { to: TO, validAfter: "0" },
      };
      return read(pay({ signature: SIGNATURE, permit2Authorization }, permit2), permit2);
    };
    expect(named(most)).toMatchObject({ id: `eip155:84532:permit2:${FROM}:${most}`.toLowerCase() });
    expect(named(most + 1n)).toMatchObject({ fault: { code: "invalid_payload", malformed: true } });
    expect(named(10n ** 78n - 1n)).toMatchObject({ fault: { code: "invalid_payload", malformed: true } });
    for (const change of [{ value: String(most + 1n) }, { validBefore: String(most + 1n) }]) {
      expect(inspect(change)).toMatchObject({ fault: { code: "invalid_payload", malformed: true } });
    }
  });

  it("checks a Permit2 transfer in the same way", async () => {
    const permit2: PaymentRequirements = { ...offer, extra: { assetTransferMethod: "permit2" } };
    const permit = {
      permitted: { token: USDC, amount: "10000" },
      from: FROM,
      spender: "0x402085c248EeA27D92E8b30b2C58ed07f9E20001",
      nonce: "255",
      deadline: String(NOW + 60),
      witness: { to: TO, validAfter: "0" },
    };
    const inspect = (change: JsonObject) =>
      read(pay({ signature: SIGNATURE, permit2Authorization: { ...permit, ...change } }, permit2), permit2);
    expect(await inspect({})).toMatchObject({ id: `eip155:84532:permit2:${FROM}:255`.toLowerCase() });
    expect(await inspect({ nonce: `0x${"0".repeat(62)}ff` })).toMatchObject({
      id: `eip155:84532:permit2:${FROM}:255`.toLowerCase(),
    });
    expect(await inspect({ spender: TO })).toMatchObject({ fault: { malformed: true } });
    expect(await inspect({ permitted: { token: TO, amount: "10000" } })).toMatchObject({
      fault: { code: "invalid_payment_requirements" },
    });
    expect(await inspect({ witness: { to: FROM, validAfter: "0" } })).toMatchObject({
      fault: { code: "invalid_exact_evm_payload_recipient_mismatch" },
    });
    expect(await inspect({ permitted: { token: USDC, amount: "1" } })).toMatchObject({
      fault: { code: "invalid_exact_evm_payload_authorization_value_mismatch" },
    });
    expect(await inspect({ deadline: "1" })).toMatchObject({
      fault: { code: "invalid_exact_evm_payload_authorization_valid_before" },
    });
  });
});

describe("exact on Solana", () => {
  const solana: PaymentRequirements = { ...offer, network: "solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1" };
  const transaction = (signatures: number[], message: number[]) =>
    Buffer.from([signatures.length, ...signatures.flatMap((byte) => Array(64).fill(byte)), ...message]).toString(
      "base64",
    );
  const read = (text: unknown) => exactSolana.identify(pay({ transaction: text }, solana));

  /** Three accounts, a block's hash, and one instruction with so many bytes of data; legacy, or version 0. */
  const message = (data: number, versioned = false) => [
    ...(versioned ? [0x80] : []),
    ...[2, 0, 1],
    ...[3, ...Array(96).fill(5), ...Array(32).fill(6)],
    ...[1, 2, 2, 0, 1, (data & 0x7f) | 0x80, data >> 7, ...Array(data).fill(7)],
    ...(versioned ? [1, ...Array(32).fill(8), 1, 3, 2, 4, 5] : []),
  ];

  it("names a payment by what is signed, whoever has signed it so far", async () => {
    const unsigned = (await read(transaction([0, 7], message(200)))) as { id: string; proof: string };
    const signed = (await read(transaction([9, 7], message(200)))) as { id: string; proof: string };
    const other = (await read(transaction([0, 7], message(201)))) as { id: string };
    expect(unsigned.id).toBe(signed.id);
    expect(unsigned.proof).not.toBe(signed.proof);
    expect(unsigned.id).not.toBe(other.id);
  });

  it("R05 refuses bytes that nobody has signed, in which one payment would have many names", async () => {
    for (const versioned of [false, true]) {
      const signed = message(9, versioned);
      expect(await read(transaction([1], signed))).toHaveProperty("id");
      for (const more of [[...signed, 0], [...signed, 1, 2], signed.slice(0, -1)]) {
        expect(await read(transaction([1], more))).toMatchObject({ fault: { code: "invalid_payload" } });
      }
    }
  });

  it("calls what is not a transaction malformed", async () => {
    for (const text of [
      undefined,
      1,
      "",
      "!!!",
      "AA==",
      transaction([1], []),
      Buffer.alloc(2000, 1).toString("base64"),
    ]) {
      expect(await read(text)).toMatchObject({ fault: { code: "invalid_payload", malformed: true } });
    }
  });
});
