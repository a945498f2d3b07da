import { createHash } from "node:crypto";
import type { PaymentRecord, Paywall, Store } from "@turnpike/core";
import { CommandError } from "./errors.js";

/** Milliseconds in base 36, and as much of a digest as was written. */
const SHORT = /^([0-9a-z]{8,9})(?:-([0-9a-f]{0,16}))?$/;
/** Hexadecimal digits of a digest: they tell apart what came in the same millisecond. */
const DIGITS = 4;
/** Payments of one millisecond that are looked at. */
const MOST = 1_000;
const CANDIDATES = 5;

/**
 * An id to type by hand: the time of the first request, and part of the id's digest. The time never changes and stores
 * can query by it, so no list has to be searched. A payment keeps it when it gets its own id in place of its attempt's.
 */
export function shortId({ id, createdAt }: Pick<PaymentRecord, "id" | "createdAt">): string {
  return `${createdAt.toString(36).padStart(8, "0")}-${digestOf(id).slice(0, DIGITS)}`;
}

/**
 * The full id for a full or short one from the operator. Full ids are returned as they are.
 * @throws CommandError `payment_not_found`, `ambiguous_id`
 */
export async function fullId(paywall: Paywall, given: string): Promise<string> {
  return isFull(given) ? given : (await findShort(paywall, given)).id;
}

/**
 * The payment with the full or short id from the operator.
 * @throws CommandError `payment_not_found`, `ambiguous_id`
 */
export async function findPayment(paywall: Paywall, store: Store, given: string): Promise<PaymentRecord> {
  if (!isFull(given)) return findShort(paywall, given);
  const at = (await store.read(given))?.record.createdAt;
  const found =
    at === undefined ? undefined : (await cameAt(paywall, at)).find(({ id }) => id === given || id === nameOf(given));
  if (found) return found;
  throw notFound();
}

function isFull(given: string): boolean {
  return given.includes(":");
}

async function findShort(paywall: Paywall, given: string): Promise<PaymentRecord> {
  const [, time = "", digits = ""] = SHORT.exec(given.trim().toLowerCase()) ?? [];
  const all = time === "" ? [] : await cameAt(paywall, Number.parseInt(time, 36));
  const found = all.filter(({ id }) => digestOf(id).startsWith(digits));
  const [first] = found;
  if (!first) throw notFound();
  if (found.length === 1) return first;
  const names = found.slice(0, CANDIDATES).map(({ id }) => id);
  const more = found.length > names.length ? ` and ${found.length - names.length} more` : "";
  throw new CommandError(
    "ambiguous_id",
    `${found.length} payments have this short id: ${names.join(", ")}${more}. Give one of these ids in full`,
  );
}

/** Payments whose first request came in this millisecond. */
async function cameAt(paywall: Paywall, time: number): Promise<readonly PaymentRecord[]> {
  const { payments } = await paywall.payments({ from: time, to: time + 1, limit: MOST });
  // Checked here as well, whatever the store returns.
  return payments.filter(({ createdAt }) => createdAt === time);
}

function digestOf(id: string): string {
  return createHash("sha256").update(nameOf(id)).digest("hex");
}

/** The payment's own id, also of an attempt. */
function nameOf(id: string): string {
  return id.split("#", 1)[0] as string;
}

function notFound(): CommandError {
  return new CommandError("payment_not_found", "No payment has this id. List payments with `turnpike payments`");
}
