import { PAYMENT_STATES, type PaymentState, type TotalsKey } from "@turnpike/core";
import { CommandError } from "./errors.js";
import { SALES_KEYS } from "./sales.js";

export const MAX_LIMIT = 10_000;

export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

export function readStates(text: string): readonly PaymentState[] {
  return readList("--state", text, PAYMENT_STATES);
}

export function readKeys(text: string): readonly TotalsKey[] {
  return readList("--by", text, SALES_KEYS);
}

export function readLimit(text: string): number {
  const limit = /^[1-9]\d{0,5}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new CommandError(
    "invalid_arguments",
    `--limit must be a whole number from 1 to ${MAX_LIMIT}; --all lists every payment`,
  );
}

export function readTransaction(text: string): string {
  if (/^(0x[0-9a-fA-F]{64}|[1-9A-HJ-NP-Za-km-z]{64,128})$/.test(text)) return text;
  throw new CommandError(
    "invalid_arguments",
    "--transaction must be a transaction hash: 0x and 64 hex digits, or a Solana signature",
  );
}

function readList<T extends string>(option: string, text: string, known: readonly T[]): readonly T[] {
  const words = text.split(",").map((word) => word.trim());
  if (words.every((word): word is T => known.some((one) => one === word))) return words;
  throw new CommandError("invalid_arguments", `${option} must be one or more of ${known.join(", ")}`);
}
