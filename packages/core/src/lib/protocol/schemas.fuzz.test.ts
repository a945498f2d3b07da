import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  parseFacilitatorRequest,
  parsePaymentPayload,
  parseSettlementResponse,
  parseSupportedResponse,
  parseVerifyResponse,
} from "./schemas.js";

const amount = fc.bigInt({ min: 0n, max: 10n ** 77n }).map(String);
const network = fc.stringMatching(/^[-a-z0-9]{3,8}:[-_a-zA-Z0-9]{1,32}$/);
const word = fc.stringMatching(/^[a-zA-Z0-9]{1,40}$/);
/** No word for nothing, such as "0x" or "null", which is read as none. */
const reason = fc.stringMatching(/^invalid_[a-z0-9_]{1,30}$/);

const requirements = fc.record(
  {
    scheme: word,
    network,
    amount,
    asset: word,
    payTo: word,
    maxTimeoutSeconds: fc.nat(),
    extra: fc.dictionary(word, fc.oneof(word, fc.nat())),
  },
  { requiredKeys: ["scheme", "network", "amount", "asset", "payTo", "maxTimeoutSeconds"] },
);

const payment = fc.record(
  {
    x402Version: fc.constant(2),
    accepted: requirements,
    payload: fc.dictionary(word, word),
    resource: fc.record({ url: fc.webUrl() }),
    extensions: fc.dictionary(word, fc.dictionary(word, word)),
  },
  { requiredKeys: ["x402Version", "accepted", "payload"] },
);

const parsers = {
  parsePaymentPayload,
  parseFacilitatorRequest,
  parseVerifyResponse,
  parseSettlementResponse,
  parseSupportedResponse,
};

describe("every parser of the wire", () => {
  it("never throws, and says what is wrong", () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        for (const [name, parse] of Object.entries(parsers)) {
          const parsed = parse(value);
          if ("problem" in parsed) expect(parsed.problem, name).toMatch(/\S/);
          else expect(typeof parsed.value, name).toBe("object");
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("refuses null, arrays and values that are not objects", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.constant(null), fc.array(fc.anything()), fc.string(), fc.double(), fc.boolean()),
        (value) => {
          for (const [name, parse] of Object.entries(parsers)) expect(parse(value), name).toHaveProperty("problem");
        },
      ),
    );
  });
});

describe("payments", () => {
  it("are taken in every well-formed shape, members that nobody knows included", () => {
    fc.assert(
      fc.property(payment, word, (value, later) => {
        expect(parsePaymentPayload(value)).toEqual({ value });
        const more = { ...value, [`x-${later}`]: [later] };
        expect(parsePaymentPayload(more)).toEqual({ value: more });
      }),
    );
  });

  it("read null for an optional member as its absence", () => {
    fc.assert(
      fc.property(payment, (value) => {
        const { resource: _, extensions: __, ...rest } = value;
        const { extra: ___, ...accepted } = value.accepted;
        const nulls = { ...rest, resource: null, extensions: null, accepted: { ...accepted, extra: null } };
        expect(parsePaymentPayload(nulls)).toEqual({ value: { ...rest, accepted } });
      }),
    );
  });

  it("are refused without a required member, or with one of another type", () => {
    const required = fc.constantFrom("x402Version", "accepted", "payload");
    const wrong = fc.oneof(fc.constant(undefined), fc.constant(null), fc.string(), fc.array(fc.nat()), fc.boolean());
    fc.assert(
      fc.property(payment, required, wrong, (value, key, other) => {
        expect(parsePaymentPayload({ ...value, [key]: other })).toHaveProperty("problem");
      }),
    );
  });

  it("are refused when a member of the offer has another type", () => {
    const key = fc.constantFrom("scheme", "network", "amount", "asset", "payTo", "maxTimeoutSeconds");
    const wrong = fc.oneof(
      fc.constant(undefined),
      fc.constant(null),
      fc.array(fc.nat()),
      fc.boolean(),
      fc.constant({}),
    );
    fc.assert(
      fc.property(payment, key, wrong, (value, member, other) => {
        const accepted = { ...value.accepted, [member]: other };
        expect(parsePaymentPayload({ ...value, accepted })).toHaveProperty("problem");
      }),
    );
  });

  it("H03 are refused with an amount in any but its only spelling", () => {
    const spellings = [
      "1e999",
      "0x10",
      "-0",
      "+1",
      " 1",
      "1 ",
      "01",
      "1.0",
      "1,000",
      "",
      "１２",
      "٣",
      "9".repeat(79),
      "9".repeat(100_000),
    ];
    const text = fc.oneof(
      fc.constantFrom(...spellings),
      fc.string().filter((value) => !/^(0|[1-9]\d{0,77})$/.test(value)),
    );
    fc.assert(
      fc.property(payment, fc.oneof(text, fc.double(), fc.bigInt()), (value, other) => {
        const accepted = { ...value.accepted, amount: other };
        expect(parsePaymentPayload({ ...value, accepted })).toHaveProperty("problem");
      }),
      { numRuns: 500 },
    );
  });
});

describe("answers of facilitators", () => {
  it("are true or false and nothing else, but for the ways of writing false that are known", () => {
    const isFalse = (value: unknown) => value === 0 || (typeof value === "string" && /^\s*false\s*$/i.test(value));
    const other = fc.anything().filter((value) => typeof value !== "boolean" && !isFalse(value));
    fc.assert(
      fc.property(other, network, (value, id) => {
        expect(parseVerifyResponse({ isValid: value })).toHaveProperty("problem");
        const settled = { success: value, transaction: "0x1", network: id };
        expect(parseSettlementResponse(settled)).toHaveProperty("problem");
      }),
    );
  });

  it("keep what the protocol names and drop the rest", () => {
    fc.assert(
      fc.property(fc.boolean(), reason, fc.dictionary(word, word), (isValid, invalidReason, extra) => {
        const answer = { isValid, invalidReason, extra, payer: null, secret: "x", invalidMessage: "x" };
        expect(parseVerifyResponse(answer)).toEqual({ value: { isValid, invalidReason, extra } });
      }),
    );
  });

  it("have an empty transaction where they name none", () => {
    fc.assert(
      fc.property(fc.constantFrom(undefined, null), network, (transaction, id) => {
        const read = parseSettlementResponse({ success: false, network: id, transaction });
        expect(read).toEqual({ value: { success: false, network: id, transaction: "" } });
      }),
    );
  });
});
