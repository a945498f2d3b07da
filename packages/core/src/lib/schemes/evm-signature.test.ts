import { expect, it } from "vitest";
import { canonicalSignature } from "./evm-signature.js";

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const r = "7b".repeat(32);
const s = 0x2222222222222222222222222222222222222222222222222222222222222222n;
const word = (value: bigint): string => value.toString(16).padStart(64, "0");

it("F00 a plain account's signature has one spelling, whatever way it is written", () => {
  for (const odd of [false, true]) {
    const plain = `0x${r}${word(s)}${odd ? "1c" : "1b"}`;
    const compact = `0x${r}${word(odd ? s | (1n << 255n) : s)}`;
    const high = `0x${r}${word(ORDER - s)}${odd ? "1b" : "1c"}`;
    const parity = `0x${r}${word(s)}${odd ? "01" : "00"}`;
    const wrapped = `0x${word(1n)}${word(96n)}${word(160n)}${word(0n)}${word(0n)}${word(65n)}${plain.slice(2)}${"00".repeat(31)}${"6492".repeat(16)}`;
    const spellings = [plain, plain.toUpperCase().replace("0X", "0x"), compact, high, parity];
    for (const spelling of spellings) expect(canonicalSignature(spelling), spelling).toBe(plain);
    expect(canonicalSignature(wrapped)).toBe(plain);
  }
});

it("F00 what is no plain account's signature stays as it is", () => {
  for (const signature of [
    `0x${"ab".repeat(90)}`,
    `0x${"ab".repeat(10)}`,
    `0x${r}${word(ORDER)}1b`,
    `0x${"6492".repeat(16)}`,
  ]) {
    expect(canonicalSignature(signature)).toBe(signature);
  }
});
