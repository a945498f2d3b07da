import type { Store, StoredAnswer, StoredPayment } from "@turnpike/core";
import { expect } from "vitest";

/** Waits until something is seen to be so; fails only if it never is. */
export async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`It never came about that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export async function isLeased(store: Store, id: string): Promise<boolean | undefined> {
  return (await store.read(id))?.leased;
}

/** The store has exactly this record under its id. */
export async function expectRecord(store: Store, record: StoredPayment): Promise<void> {
  expect((await store.read(record.id))?.record).toStrictEqual(record);
}

/** The store returns exactly this response for a record. */
export async function expectAnswer(store: Store, id: string, answer: StoredAnswer): Promise<void> {
  const given = await store.answer(id);
  if (!given) throw new Error("The store gives no answer.");
  const { body, ...head } = given;
  const { body: wanted, ...wantedHead } = answer;
  expect(head).toStrictEqual(wantedHead);
  expect(body).toBeInstanceOf(Uint8Array);
  expect(body.byteLength).toBe(wanted.byteLength);
  expect(body.findIndex((byte, i) => byte !== wanted[i])).toBe(-1);
}

/** The one `true` among the results of calls that race. */
export function onlyWinner(results: readonly boolean[]): number {
  expect(results.filter(Boolean)).toHaveLength(1);
  return results.indexOf(true);
}
