import type { StoredAnswer } from "@turnpike/core";

export { nextRecord, sampleRecord } from "@turnpike/testing/stores";

export const HOUR = 3_600_000;
/** A lease that outlives every test. */
export const LEASE = 600_000;

/** With every byte in its body, in an order that is no text. */
export function sampleAnswer(members: Partial<StoredAnswer> = {}): StoredAnswer {
  return {
    status: 200,
    headers: [["content-type", "application/octet-stream"]],
    body: Uint8Array.from({ length: 1024 }, (_, i) => (i * 7) % 256),
    expiresAt: Date.now() + HOUR,
    ...members,
  };
}

/** Waits until something is so; fails if it never is. */
export async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 15_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`It never came about that ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The code of the error that an operation rejects with. */
export async function codeOf(operation: PromiseLike<unknown>): Promise<unknown> {
  return operation.then(
    () => "none",
    (error: unknown) => (error as { code?: unknown }).code,
  );
}
