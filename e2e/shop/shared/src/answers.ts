import type { Payment } from "@turnpike/core";

/** The payment as `/whoami` shows it. */
export function describePayment(payment: Payment | undefined) {
  if (!payment) return {};
  const { payer, amount, asset, network, scheme } = payment;
  return { payer, amount, asset, network, scheme };
}

/** What `/headers` sets: marks of one visitor, and leave for every cache. */
export const marked: readonly (readonly [name: string, value: string])[] = [
  ["Set-Cookie", "shop=1"],
  ["X-Secret", "1"],
  ["Cache-Control", "public, max-age=60"],
  ["ETag", '"shop"'],
];

/** A status that a final answer can have; 400 for what is none. */
export function readCode(text: string | undefined): number {
  return /^[2-5]\d\d$/.test(text ?? "") ? Number(text) : 400;
}

export const withoutBody = (code: number) => [204, 205, 304].includes(code);

/** A whole number of a query. */
export function readCount(query: URLSearchParams, name: string, otherwise: number): number {
  const text = query.get(name) ?? "";
  return /^\d{1,7}$/.test(text) ? Number(text) : otherwise;
}
