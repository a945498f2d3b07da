/**
 * Exact money: decimal text to atomic units and back. No floating point, no rounding: what does not fit is an error.
 */

/** Decimal digits with at most one point between them. No sign, exponent, grouping or bare point. */
const DECIMAL = /^(0|[1-9][0-9]*)(?:\.([0-9]+))?$/;
const ATOMIC = /^(0|[1-9][0-9]*)$/;
/** Amounts are unsigned 256-bit integers on every network here. */
const MAX_AMOUNT = (1n << 256n) - 1n;

export type Amount = { readonly atomic: bigint } | { readonly problem: string };

/** `"0.01"` with 6 decimals is `10000n`. */
export function parseDecimal(text: string, decimals: number): Amount {
  const match = isDecimal(text) ? DECIMAL.exec(text) : null;
  if (!match) return { problem: `"${clip(text)}" is not a plain decimal number such as "0.01"` };
  const whole = match[1] as string;
  const fraction = match[2] ?? "";
  if (fraction.length > decimals) {
    return { problem: `"${text}" has ${fraction.length} decimals, the token has ${decimals}: it would be cut off` };
  }
  return bounded(BigInt(whole + fraction.padEnd(decimals, "0")), text);
}

/** Whether text is a plain decimal number, whatever the decimals of its token. */
export function isDecimal(text: string): boolean {
  return text.length <= 160 && DECIMAL.test(text);
}

/** `"10000"` is `10000n`. */
export function parseAtomic(amount: string | bigint): Amount {
  if (typeof amount === "bigint") {
    return amount < 0n ? { problem: "the amount is negative" } : bounded(amount, `${amount}`);
  }
  if (typeof amount !== "string" || amount.length > 78 || !ATOMIC.test(amount)) {
    const given = typeof amount === "string" ? `"${clip(amount)}"` : `a ${typeof amount}`;
    return { problem: `an amount is a whole number of atomic units as a string or bigint, not ${given}` };
  }
  return bounded(BigInt(amount), amount);
}

/** `10000n` with 6 decimals is `"0.01"`. The exact inverse of `parseDecimal`, without trailing zeros. */
export function formatAmount(atomic: bigint, decimals: number): string {
  const digits = atomic.toString().padStart(decimals + 1, "0");
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = decimals === 0 ? "" : digits.slice(-decimals).replace(/0+$/, "");
  return fraction ? `${whole}.${fraction}` : whole;
}

function bounded(atomic: bigint, text: string): Amount {
  return atomic > MAX_AMOUNT ? { problem: `"${clip(text)}" is more than a token can hold` } : { atomic };
}

function clip(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
