import type { StoredAnswer } from "@turnpike/core";

export { sampleRecord } from "@turnpike/testing/stores";

const HOUR = 3_600_000;

/** An answer whose body has so many bytes. */
export function sampleAnswer(bytes: number, members: Partial<StoredAnswer> = {}): StoredAnswer {
  return {
    status: 200,
    headers: [["content-type", "application/octet-stream"]],
    body: new Uint8Array(bytes).fill(bytes % 256),
    expiresAt: Date.now() + HOUR,
    ...members,
  };
}
