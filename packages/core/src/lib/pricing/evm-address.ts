import { keccak_256 } from "../keccak.js";

/** What is wrong with the letter case of an EVM address (ERC-55), if it is mixed: a mistyped address shows there. */
export function checksumProblem(address: string): string | undefined {
  const digits = address.slice(2);
  const lower = digits.toLowerCase();
  if (digits === lower || digits === digits.toUpperCase()) return undefined;
  const hash = keccak_256(new TextEncoder().encode(lower));
  for (let i = 0; i < digits.length; i++) {
    const nibble = ((hash[i >> 1] as number) >> (i % 2 === 0 ? 4 : 0)) & 15;
    const expected = nibble >= 8 ? (lower[i] as string).toUpperCase() : lower[i];
    if (digits[i] !== expected) return "its checksum (ERC-55) is wrong: a digit or a letter's case was mistyped";
  }
  return undefined;
}
