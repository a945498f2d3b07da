import type { PaymentPayload } from "@turnpike/core/protocol";
import { expect } from "vitest";
import { encodings } from "../../client/encodings.js";
import { encodeHeader, encodeText, readChallenge } from "../../client/header.js";
import type { Casebook } from "../casebook.js";
import { problemOf } from "../expectations.js";

const unpaid = { h: 0, v: 0, s: 0, c: 0 };
const bought = { h: 1, v: 1, s: 1, c: 1 };

/** What a `PAYMENT-SIGNATURE` header may hold (rows 14 to 18, H02, H04, R19). */
export function testPaymentHeader({ check }: Casebook): void {
  /** 400 with a challenge and a problem; the handler did not run. */
  async function expectMalformed(response: Response, what: string): Promise<void> {
    expect(response.status, what).toBe(400);
    expect(readChallenge(response)?.accepts, what).toHaveLength(1);
    expect(await problemOf(response), what).not.toBe("payment_required");
  }

  check("W15 answers 400 with a challenge to a header that cannot be decoded", async (open) => {
    const shop = await open();
    const headers: Record<string, string> = {
      "not base64": "!!!",
      "a comma": "eyJ4,fQ==",
      "url-safe base64": encodeText('{"a":"???>>>"}').replaceAll("+", "-").replaceAll("/", "_"),
      "not JSON": encodeText("hello"),
      "half of JSON": encodeText('{"x402Version":2,'),
      "bytes that are not UTF-8": encodeText(Buffer.from([0x22, 0xff, 0xfe, 0x22])),
      "a byte order mark": encodeText('\ufeff{"x402Version":2}'),
      "stray padding": "eyJ4Ijox=fQ==",
    };
    for (const [what, header] of Object.entries(headers)) await expectMalformed(await shop.pay(header), what);
    shop.counted(unpaid);
  });

  check("W16 answers 400 with a challenge to a payment of another shape", async (open) => {
    const shop = await open();
    const payload = await shop.buyer.sign(await shop.challenge());
    const { x402Version: _, ...versionless } = payload;
    const { accepted: __, ...acceptless } = payload;
    const { payload: ___, ...payloadless } = payload;
    const shapes: Record<string, unknown> = {
      null: null,
      array: [payload],
      number: 1,
      string: "payment",
      empty: {},
      "no version": versionless,
      "no accepted": acceptless,
      "no payload": payloadless,
      "version as text": { ...payload, x402Version: "2" },
      "accepted as array": { ...payload, accepted: [payload.accepted] },
      "accepted without amount": { ...payload, accepted: { ...payload.accepted, amount: undefined } },
      "amount as number": { ...payload, accepted: { ...payload.accepted, amount: 10000 } },
      "amount in hexadecimal": { ...payload, accepted: { ...payload.accepted, amount: "0x2710" } },
      "payload as text": { ...payload, payload: "signed" },
      "resource as text": { ...payload, resource: "here" },
    };
    for (const [what, shape] of Object.entries(shapes))
      await expectMalformed(await shop.pay(encodeHeader(shape)), what);
    shop.counted(unpaid);
  });

  check("W16b refuses a payment whose signed part has another shape", async (open) => {
    const shop = await open();
    const payload = await shop.buyer.sign(await shop.challenge());
    const { authorization } = payload.payload as { authorization: Record<string, unknown> };
    const parts: Record<string, object> = {
      "no signature": { authorization },
      "no authorization": { signature: payload.payload.signature },
      "signature as number": { authorization, signature: 1 },
      "signature that is not hexadecimal": { authorization, signature: "0xzz" },
      "authorization as text": { authorization: "all", signature: payload.payload.signature },
      ...Object.fromEntries(
        ["1e4", "0x2710", " 10000", "+10000", "010000", "１００００", "-0", ""].map((value) => [
          `value ${value}`,
          { ...payload.payload, authorization: { ...authorization, value } },
        ]),
      ),
      "short nonce": { ...payload.payload, authorization: { ...authorization, nonce: "0x01" } },
      "no sender": { ...payload.payload, authorization: { ...authorization, from: "0x1" } },
    };
    for (const [what, part] of Object.entries(parts)) {
      const response = await shop.pay(encodeHeader({ ...payload, payload: part }));
      expect([400, 402], what).toContain(response.status);
      expect(readChallenge(response)?.accepts, what).toHaveLength(1);
    }
    shop.counted(unpaid);
  });

  check("W17 refuses a payment of version 1 without misreading it", async (open) => {
    const shop = await open();
    const payload = await shop.buyer.sign(await shop.challenge());
    const versionOne = { x402Version: 1, scheme: "exact", network: "base-sepolia", payload: payload.payload };
    for (const shape of [{ ...payload, x402Version: 1 }, { ...payload, x402Version: 3 }, versionOne]) {
      const response = await shop.pay(encodeHeader(shape));
      expect([400, 402]).toContain(response.status);
      expect(readChallenge(response)?.accepts).toHaveLength(1);
      expect(await problemOf(response)).toBe("invalid_x402_version");
    }
    shop.counted(unpaid);
  });

  check("W18 takes a payment without resource and extensions, or with null in their place", async (open) => {
    const shop = await open();
    const nulls = (payload: object): object => ({ ...payload, resource: null, extensions: null });
    const absent = ({ resource: _, extensions: __, ...payload }: PaymentPayload): object => payload;
    expect((await shop.buy("/paid", { tamper: nulls })).response.status).toBe(200);
    expect((await shop.buy("/paid", { tamper: absent })).response.status).toBe(200);
    shop.counted({ h: 2, v: 2, s: 2, c: 2 });
  });

  check("W14 reads the header by any letter case of its name", async (open) => {
    const shop = await open();
    const header = await shop.header();
    const answer = await shop.raw(["GET /paid HTTP/1.1", `pAyMeNt-SiGnAtUrE: ${header}`]);
    expect(answer.status).toBe(200);
    shop.counted(bought);
  });

  check("H02 refuses an oversized header before it is decoded", async (open) => {
    const shop = await open();
    const payload = await shop.buyer.sign(await shop.challenge());
    const sized = (bytes: number): string => encodeText(JSON.stringify(payload).padEnd(Math.ceil(bytes * 0.75), " "));
    await expectMalformed(await shop.pay(sized(8_200)), "8 KB and a little");
    const large = await shop.raw(["GET /paid HTTP/1.1", `PAYMENT-SIGNATURE: ${sized(14_000)}`]);
    expect([400, 431]).toContain(large.status);
    for (const bytes of [17_000, 1_000_000]) {
      const answer = await shop
        .raw(["GET /paid HTTP/1.1", `PAYMENT-SIGNATURE: ${sized(bytes)}`])
        .catch(() => undefined);
      if (answer) expect([400, 431]).toContain(answer.status);
    }
    shop.counted(unpaid);
    expect((await shop.buy()).response.status).toBe(200);
  });

  check("H03 refuses JSON that is too deep or has too many keys", async (open) => {
    const shop = await open();
    const payload = await shop.buyer.sign(await shop.challenge());
    const deep = JSON.parse(`${'{"a":'.repeat(20)}1${"}".repeat(20)}`) as object;
    const wide = Object.fromEntries(Array.from({ length: 400 }, (_, index) => [`k${index}`, 0]));
    for (const extensions of [deep, wide])
      await expectMalformed(await shop.pay(encodeHeader({ ...payload, extensions })), "too much");
    await expectMalformed(await shop.pay(encodeText("[".repeat(3_000) + "]".repeat(3_000))), "arrays");
    shop.counted(unpaid);
  });

  check("H04 is not moved by keys that name inherited members", async (open) => {
    const shop = await open();
    const payload = JSON.stringify(await shop.buyer.sign(await shop.challenge()));
    for (const key of ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"]) {
      const response = await shop.pay(encodeText(`{"${key}":{"polluted":true,"x402Version":2},${payload.slice(1)}`));
      expect([200, 400, 409], key).toContain(response.status);
    }
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(shop.facilitator.charges.length).toBeLessThanOrEqual(1);
    expect(shop.runs()).toBe(shop.facilitator.charges.length);
  });

  check("R19 refuses two payment headers, and two payments in one", async (open) => {
    const shop = await open();
    const [first, second] = [await shop.header(), await shop.header()];
    const name = "PAYMENT-SIGNATURE";
    const messages = [
      [`${name}: ${first}`, `${name}: ${second}`],
      [`${name}: ${first}`, `payment-signature: ${first}`],
      [`${name}: ${first}, ${second}`],
      [`${name}: ${first},${first}`],
    ];
    for (const lines of messages) {
      const answer = await shop.raw(["GET /paid HTTP/1.1", ...lines]);
      expect([400, 402], lines.join(" ").slice(0, 40)).toContain(answer.status);
      expect(answer.header("payment-required")).toBeDefined();
    }
    shop.counted(unpaid);
  });

  check("R05 takes each way of writing a payment, or refuses it as malformed", async (open) => {
    const shop = await open();
    let taken = 0;
    for (const [what, encode] of Object.entries(encodings)) {
      const { response } = await shop.buy("/paid", { encode });
      expect([200, 400, 402], what).toContain(response.status);
      taken += response.status === 200 ? 1 : 0;
      shop.counted({ h: taken, v: taken, s: taken, c: taken });
    }
    expect(taken).toBeGreaterThanOrEqual(7);
  });

  check("R05b sells one payment once, in whatever bytes it comes again", async (open) => {
    const shop = await open();
    const payload = await shop.buyer.sign(await shop.challenge());
    expect((await shop.pay(encodeHeader(payload))).status).toBe(200);
    for (const [what, encode] of Object.entries(encodings)) {
      const response = await shop.pay(encode(payload));
      expect([200, 400, 402, 409], what).toContain(response.status);
      shop.counted(bought);
    }
  });

  check("R05c sells one payment once when all its spellings come together", async (open) => {
    const shop = await open();
    const payload = await shop.buyer.sign(await shop.challenge());
    const headers = Object.values(encodings).map((encode) => encode(payload));
    const answers = await Promise.all(headers.map((header) => shop.pay(header)));
    for (const { status } of answers) expect([200, 400, 402, 409, 503]).toContain(status);
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    expect(shop.runs()).toBe(1);
    expect(shop.facilitator.charges).toHaveLength(1);
  });
}
