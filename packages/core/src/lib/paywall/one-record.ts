import type { Ledger } from "../ledger/ledger.js";
import { isAttempt, isFree, MOVED, type StoredPayment } from "../ledger/record.js";

/**
 * A payment that was settled before its signature was proven is on record twice: as an attempt, and under its own name, by
 * which its handler runs. Exactly one of the two counts. That is the attempt, until its record says `moved`: a single
 * compare-and-set, so that a refund, another process or a kill finds the payment on one side of it or on the other.
 *
 * @param read looks at a record; the store's, or a page's that was read together
 * @returns the id of the record that counts in place of this one; nothing if this one counts
 */
export async function countedAs(
  read: (id: string) => Promise<StoredPayment | undefined>,
  record: StoredPayment,
): Promise<string | undefined> {
  const name = nameOf(record);
  if (record.reason === MOVED) return isAttempt(record) ? name : attemptName(record);
  if (isAttempt(record)) return isTaken(await read(name), record) ? name : undefined;
  if (!record.moving) return undefined;
  const attempt = await read(attemptName(record));
  return attempt && attempt.reason !== MOVED ? attempt.id : undefined;
}

/** Whether a listed record may be one of two. An attempt without a receipt is no sale, and strangers make those at will. */
export function mayBeTwice(record: StoredPayment): boolean {
  return record.moving === true || record.reason === MOVED || (isAttempt(record) && record.receipt !== undefined);
}

/** Whether the payment is on record by its own name, charged by the attempt's own signature. */
function isTaken(named: StoredPayment | undefined, { proof }: StoredPayment): boolean {
  return named?.receipt !== undefined && named.proof === proof && !named.moving && !isFree(named);
}

/** Reads records as they stand now. */
export function readerOf(ledger: Ledger): (id: string) => Promise<StoredPayment | undefined> {
  return async (id) => (await ledger.read(id))?.record;
}

/**
 * Frees the payment's own name, claimed for an attempt which has not moved and never will: the process that was moving it
 * is gone, or finds that the attempt has changed.
 * @returns false where the payment has moved after all, or a process is working on it
 */
export async function withdraw(ledger: Ledger, named: StoredPayment): Promise<boolean> {
  const attempt = await ledger.read(attemptName(named));
  if (!attempt || attempt.busy || attempt.record.reason === MOVED) return false;
  // A process that comes back late still has the version that it wanted to move.
  if (attempt.stale) {
    if (!(await ledger.bury(attempt))) return false;
  } else if (attempt.record.state === "owed") await ledger.amend(attempt.record, {});
  await ledger.advance({ ...named, state: "running" }, "released", { reason: MOVED });
  return true;
}

/** The payment's own name, also of an attempt. */
export function nameOf({ id }: Pick<StoredPayment, "id">): string {
  return id.split("#", 1)[0] as string;
}

/** The name of the attempt that a record is, or would be. */
export function attemptName({ id, proof = "" }: Pick<StoredPayment, "id" | "proof">): string {
  return isAttempt({ id }) ? id : `${id}#${proof}`;
}
