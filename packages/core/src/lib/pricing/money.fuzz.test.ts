import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatAmount, parseAtomic, parseDecimal } from "./money.js";

const decimals = fc.integer({ min: 0, max: 18 });
const whole = fc.bigInt({ min: 0n, max: 10n ** 40n });

/** A decimal number as text, of at most so many decimals, with its value by integers alone. */
const decimal = fc.tuple(decimals, whole, fc.stringMatching(/^[0-9]{0,18}$/)).map(([places, units, digits]) => {
  const fraction = digits.slice(0, places);
  const text = fraction === "" ? `${units}` : `${units}.${fraction}`;
  const atomic = units * 10n ** BigInt(places) + BigInt(fraction.padEnd(places, "0") || "0");
  return { places, text, atomic };
});

const atomicOf = (amount: ReturnType<typeof parseDecimal>): bigint => {
  if ("problem" in amount) throw new Error(amount.problem);
  return amount.atomic;
};

describe("M01 decimal amounts", () => {
  it("are read exactly as integers would have it", () => {
    fc.assert(
      fc.property(decimal, ({ text, places, atomic }) => {
        expect(parseDecimal(text, places)).toEqual({ atomic });
      }),
      { numRuns: 2_000 },
    );
  });

  it("survive being written and read again", () => {
    fc.assert(
      fc.property(whole, decimals, (atomic, places) => {
        const text = formatAmount(atomic, places);
        expect(text).toMatch(/^(0|[1-9]\d*)(\.\d*[1-9])?$/);
        expect(parseDecimal(text, places)).toEqual({ atomic });
      }),
      { numRuns: 2_000 },
    );
  });

  it("keep their order", () => {
    fc.assert(
      fc.property(decimals, whole, whole, (places, a, b) => {
        const [low, high] = a <= b ? [a, b] : [b, a];
        const read = (atomic: bigint): bigint => atomicOf(parseDecimal(formatAmount(atomic, places), places));
        expect(read(low) <= read(high)).toBe(true);
      }),
    );
  });

  it("do not change with zeros at their end", () => {
    fc.assert(
      fc.property(decimal, fc.nat(18), ({ text, places }, zeros) => {
        const longer = (text.includes(".") ? text : `${text}.`) + "0".repeat(zeros);
        const fits = (longer.split(".")[1] ?? "").length;
        fc.pre(fits > 0 && fits <= places);
        expect(parseDecimal(longer, places)).toEqual(parseDecimal(text, places));
      }),
    );
  });

  it("M02 are refused when the token has fewer decimals, and never cut off", () => {
    fc.assert(
      fc.property(decimals, fc.integer({ min: 1, max: 20 }), (places, more) => {
        const text = `0.${"0".repeat(places + more - 1)}1`;
        expect(parseDecimal(text, places)).toHaveProperty("problem");
      }),
    );
  });

  it("M04 are refused in every other spelling", () => {
    const units = [..."0123456789.,+-eExX_ $€\u0660\u0661\uff10\uff11\t"];
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom(...units), maxLength: 12 }),
      fc.string(),
      fc.double().map(String),
    );
    fc.assert(
      fc.property(text, decimals, (amount, places) => {
        const read = parseDecimal(amount, places);
        if ("atomic" in read) expect(amount).toMatch(/^(0|[1-9][0-9]*)(\.[0-9]+)?$/);
        else expect(read.problem).toMatch(/\S/);
      }),
      { numRuns: 3_000 },
    );
  });

  it("are refused beyond what 256 bits hold", () => {
    const max = 2n ** 256n - 1n;
    expect(parseDecimal(`${max}`, 0)).toEqual({ atomic: max });
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 2n ** 300n }), (more) => {
        expect(parseDecimal(`${max + more}`, 0)).toHaveProperty("problem");
        expect(parseAtomic(max + more)).toHaveProperty("problem");
      }),
    );
    expect(parseDecimal("9".repeat(100_000), 0)).toHaveProperty("problem");
  });
});

describe("atomic amounts", () => {
  it("are whole numbers in their only spelling", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }), (amount) => {
        expect(parseAtomic(amount)).toEqual({ atomic: amount });
        expect(parseAtomic(`${amount}`)).toEqual({ atomic: amount });
        for (const text of [
          `0${amount}`,
          `+${amount}`,
          `-${amount}`,
          `${amount}.0`,
          `${amount}n`,
          ` ${amount}`,
          `0x${amount}`,
        ]) {
          expect(parseAtomic(text)).toHaveProperty("problem");
        }
      }),
    );
  });

  it("are refused in every other type", () => {
    fc.assert(
      fc.property(
        fc.anything().filter((value) => typeof value !== "string" && typeof value !== "bigint"),
        (value) => {
          expect(parseAtomic(value as string)).toHaveProperty("problem");
        },
      ),
    );
  });
});
