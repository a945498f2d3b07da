import { keccak_256 } from "../keccak.js";

const spelled = new Map<string, string>();
const KEPT = 1_000;

/** The one spelling of an EVM address: `0x`, and letters in the case of its checksum (ERC-55). */
export function checksummed(address: string): string {
  const lower = address.toLowerCase();
  let spelling = spelled.get(lower);
  if (spelling === undefined) {
    spelling = spell(lower.slice(2));
    if (spelled.size >= KEPT) spelled.clear();
    spelled.set(lower, spelling);
  }
  return spelling;
}

/** What is wrong with the letter case of an EVM address, if it is mixed: a mistyped address shows there. */
export function checksumProblem(address: string): string | undefined {
  const digits = address.slice(2);
  if (digits === digits.toLowerCase() || digits === digits.toUpperCase()) return undefined;
  if (checksummed(address).slice(2) === digits) return undefined;
  return "its checksum (ERC-55) is wrong: a digit or a letter's case was mistyped";
}

function spell(digits: string): string {
  const hash = keccak_256(new TextEncoder().encode(digits));
  const letters = Array.from(digits, (digit, i) => {
    const nibble = ((hash[i >> 1] as number) >> (i % 2 === 0 ? 4 : 0)) & 15;
    return nibble >= 8 ? digit.toUpperCase() : digit;
  });
  return `0x${letters.join("")}`;
}
