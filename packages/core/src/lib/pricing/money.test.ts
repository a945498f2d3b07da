import { describe, expect, it } from "vitest";
import { formatAmount, parseAtomic, parseDecimal } from "./money.js";

describe("parseDecimal", () => {
  it("reads a decimal number exactly", () => {
    expect(parseDecimal("0.01", 6)).toEqual({ atomic: 10_000n });
    expect(parseDecimal("5", 6)).toEqual({ atomic: 5_000_000n });
    expect(parseDecimal("0.000001", 6)).toEqual({ atomic: 1n });
    expect(parseDecimal("0.29", 2)).toEqual({ atomic: 29n });
    expect(parseDecimal("7", 0)).toEqual({ atomic: 7n });
    expect(parseDecimal("9007199254740993.000000000000000001", 18)).toEqual({
      atomic: 9007199254740993000000000000000001n,
    });
  });

  it("M02 refuses digits that the token cannot hold", () => {
    expect(parseDecimal("0.0000001", 6)).toMatchObject({ problem: expect.stringContaining("cut off") });
    expect(parseDecimal("1.0", 0)).toHaveProperty("problem");
  });

  it("M04 refuses everything that is not plain decimal digits", () => {
    for (const text of [
      "",
      ".5",
      "5.",
      "1e3",
      "1E3",
      "-1",
      "+1",
      "1,000",
      " 1",
      "1 ",
      "01",
      "0x1",
      "١",
      "１",
      "NaN",
      "Infinity",
      "1_000",
      "1.2.3",
      "\u00a01",
    ]) {
      expect(parseDecimal(text, 6), text).toHaveProperty("problem");
    }
  });

  it("refuses what no token can hold", () => {
    expect(parseDecimal((2n ** 256n).toString(), 0)).toHaveProperty("problem");
    expect(parseDecimal((2n ** 256n - 1n).toString(), 0)).toEqual({ atomic: 2n ** 256n - 1n });
    expect(parseDecimal("9".repeat(1000), 0)).toHaveProperty("problem");
  });
});

describe("parseAtomic", () => {
  it("reads whole atomic units from text and bigint", () => {
    expect(parseAtomic("10000")).toEqual({ atomic: 10_000n });
    expect(parseAtomic(10_000n)).toEqual({ atomic: 10_000n });
  });

  it("refuses fractions, signs, exponents and numbers", () => {
    for (const amount of ["0.5", "-5", "1e3", "", "01", "0x10", -1n, 10_000, null, undefined]) {
      expect(parseAtomic(amount as string), String(amount)).toHaveProperty("problem");
    }
  });
});

describe("formatAmount", () => {
  it("M07 writes exactly what was read", () => {
    expect(formatAmount(10_000n, 6)).toBe("0.01");
    expect(formatAmount(1n, 6)).toBe("0.000001");
    expect(formatAmount(5_000_000n, 6)).toBe("5");
    expect(formatAmount(0n, 6)).toBe("0");
    expect(formatAmount(7n, 0)).toBe("7");
    expect(formatAmount(123_456_789n, 6)).toBe("123.456789");
  });
});
