import { mayNameTransaction, readRefusal } from "./reasons.js";
import type { JsonObject } from "./types.js";

/**
 * Normalises responses of facilitators before the schemas: services in other languages write every member of a
 * structure, with `""` or `null` for missing values.
 */

type Member = (value: unknown) => unknown;

/** A plain JSON object. */
function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether a member is empty: absent, `null`, blank text, or hexadecimal without a digit but zero. */
function isBlank(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === "string" && /^\s*(0x0*\s*)?$/i.test(value));
}

/** Trimmed text; `undefined` if blank. The schema refuses anything else. */
const text: Member = (value) => (isBlank(value) ? undefined : typeof value === "string" ? value.trim() : value);
/** A whole number may come as a number. */
const digits: Member = (value) => (Number.isSafeInteger(value) ? String(value) : text(value));
/** Drops an optional value that has the wrong form. */
const object: Member = (value) => (isJsonObject(value) ? value : undefined);
/** Text, or nothing. */
const onlyText: Member = (value) => (typeof value === "string" && value.length <= 256 ? text(value) : undefined);

const COMMON: Readonly<Record<string, Member>> = { extra: object, extensions: object };
const POSITIVE: Readonly<Record<string, Member>> = {
  ...COMMON,
  invalidReason: onlyText,
  errorReason: onlyText,
  payer: text,
  amount: digits,
  transaction: (value) => (isBlank(value) ? undefined : value),
};
/** In a refusal only the reason, payer and network count, and that it names no transaction. */
const NEGATIVE: Readonly<Record<string, Member>> = {
  ...COMMON,
  payer: onlyText,
  amount: () => undefined,
  network: (value) => onlyText(digits(value)) ?? "",
};

/** Other names for a transaction. */
const TRANSACTIONS = ["transaction", "txHash", "transactionHash", "tx_hash", "transaction_hash", "tx", "hash"];

/** Whether a verdict is negative: explicitly, or omitted beside a known reason for a refusal. */
function isNo(verdict: unknown, reason: unknown): boolean {
  if (verdict === false || verdict === 0) return true;
  if (typeof verdict === "string") return verdict.trim().toLowerCase() === "false";
  return (verdict ?? null) === null && typeof reason === "string" && readRefusal(reason) !== "unclear";
}

/** The normalised response to `/verify`. */
export function tidyVerify(answer: unknown): unknown {
  if (!isJsonObject(answer)) return answer;
  const invalidReason = reasonOf(answer, "invalidReason", "errorReason");
  return isNo(answer.isValid, invalidReason)
    ? { ...tidy(answer, NEGATIVE), isValid: false, invalidReason }
    : tidy(answer, POSITIVE);
}

/** The normalised response to `/settle`. */
export function tidySettle(answer: unknown): unknown {
  if (!isJsonObject(answer)) return answer;
  const errorReason = reasonOf(answer, "errorReason", "invalidReason");
  if (!isNo(answer.success, errorReason)) return tidy(answer, POSITIVE);
  // Anything that may name a transaction, by any name and in any form, leaves the outcome unknown; `false`, `{}` or
  // "N/A" name none.
  const transaction = TRANSACTIONS.map((name) => answer[name]).find(mayNameTransaction) ?? "";
  return { ...tidy(answer, NEGATIVE), success: false, transaction: text(transaction), errorReason };
}

/** The normalised response to `/supported`: invalid entries are omitted, the rest counts. */
export function tidySupported(answer: unknown, isKind: (value: unknown) => boolean): unknown {
  if (!isJsonObject(answer) || !Array.isArray(answer.kinds)) return answer;
  const kinds = answer.kinds.map(tidyKind);
  const known = kinds.filter(isKind);
  const { extensions, signers } = answer;
  return {
    // Without any valid entry it is not the protocol.
    kinds: known.length > 0 ? known : kinds,
    extensions: Array.isArray(extensions)
      ? extensions.filter((id) => typeof id === "string" && id !== "" && id.length <= 128)
      : [],
    signers: isJsonObject(signers) ? tidySigners(signers) : {},
  };
}

function tidyKind(kind: unknown): unknown {
  if (!isJsonObject(kind)) return kind;
  const version = typeof kind.x402Version === "string" ? Number(text(kind.x402Version)) : kind.x402Version;
  return { ...tidy(kind, COMMON), x402Version: version };
}

function tidySigners(signers: JsonObject): Record<string, string[]> {
  const lists = Object.entries(signers).flatMap(([pattern, list]): [string, string[]][] => {
    const addresses = (Array.isArray(list) ? list : [list]).filter((address) => typeof address === "string");
    return addresses.length > 0 ? [[pattern, addresses]] : [];
  });
  return Object.fromEntries(lists);
}

/** Names for a reason in other services, the likelier ones first. */
const REASONS = ["error", "reason", "error_reason", "invalid_reason", "errorCode", "error_code", "code"];

/** The reason of a refusal, also under the name that the other endpoint or another service has for it, or as a member of that. */
function reasonOf(answer: JsonObject, ...names: readonly string[]): unknown {
  const found = [...names, ...REASONS].map((name) => answer[name]);
  return found
    .map((value) => onlyText(isJsonObject(value) ? (value.code ?? value.reason) : value))
    .find((reason) => reason !== undefined);
}

function tidy(answer: JsonObject, members: Readonly<Record<string, Member>>): JsonObject {
  const read = Object.entries(members).map(([name, member]) => [name, member(answer[name])]);
  return { ...answer, ...Object.fromEntries(read.filter(([name, value]) => value !== answer[name as string])) };
}
