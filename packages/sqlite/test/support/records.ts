import type { StoredAnswer, StoredPayment } from "@turnpike/core";

export const HOUR = 3_600_000;
export const LEASE = 600_000;

/** A running record. */
export function record(id: string, members: Partial<StoredPayment> = {}): StoredPayment {
  const now = Date.now();
  return {
    id,
    version: 1,
    state: "running",
    route: "GET /weather",
    request: "GET /weather",
    offer: { scheme: "exact", network: "eip155:84532", amount: "1", asset: "0x", payTo: "0x", maxTimeoutSeconds: 60 },
    facilitator: "https://facilitator.test",
    runs: 1,
    createdAt: now,
    updatedAt: now,
    times: {},
    holder: id,
    ...members,
  };
}

/** An answer with a body of so many bytes. */
export function answer(bytes: number, members: Partial<StoredAnswer> = {}): StoredAnswer {
  return { status: 200, headers: [], body: new Uint8Array(bytes), expiresAt: Date.now() + HOUR, ...members };
}
