import type { StoredAnswer } from "@turnpike/core";

export { nextRecord, sampleRecord } from "@turnpike/testing/stores";

export const LONG = 600_000;
export const HOUR = 3_600_000;

export function sampleAnswer(members: Partial<StoredAnswer> = {}): StoredAnswer {
  return {
    status: 200,
    headers: [["content-type", "text/plain"]],
    body: new TextEncoder().encode("sunny"),
    expiresAt: Date.now() + HOUR,
    ...members,
  };
}

/** Waits until something is so; fails only if it never is. */
export async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`It never came about that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** What an operation rejects with. */
export async function failureOf(operation: unknown): Promise<unknown> {
  try {
    await operation;
  } catch (error) {
    return error;
  }
  throw new Error("It did not fail.");
}
