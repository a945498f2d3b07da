import type { StoredPayment } from "@turnpike/core";
import { sampleRecord } from "../src/stores.js";

const DAY = 24 * 3_600_000;
export const PAYER = "0x2B5AD5c4795c026514f8317c7a215E218DcCD6cF";
export const ROUTE = "GET /zürich/:id";

/** What a store of the first version may have: records that know no time of a charge, and that sales are kept for a day. */
export interface FirstVersion {
  /** As the first version wrote them. */
  readonly records: readonly StoredPayment[];
  /** What they must be afterwards, by id. */
  readonly expected: ReadonlyMap<string, StoredPayment>;
  /** Those that were charged, by the time of the charge. */
  readonly charged: readonly string[];
  /** Those of `PAYER`, and of `ROUTE`, the newest first. */
  readonly ofPayer: readonly string[];
  readonly ofRoute: readonly string[];
}

export function firstVersion(): FirstVersion {
  const now = Date.now();
  const at = now - 3 * 3_600_000;
  const receipt = { success: true, payer: PAYER, transaction: `0x${"c".repeat(64)}`, network: "eip155:84532" } as const;
  const odd = "\u0000 \ud83d \\u0000 \"quoted\" 'quoted' 🌍";
  const made = (i: number, members: Partial<StoredPayment>) =>
    sampleRecord({ payer: PAYER, createdAt: at + i * 1_000, updatedAt: at + i * 1_000 + 500, ...members });
  const delivered = made(1, {
    state: "delivered",
    route: ROUTE,
    receipt: { ...receipt, extra: { odd } },
    times: { settled: at + 1_400, delivered: at + 1_500 },
    expiresAt: now + DAY,
  });
  const untimed = made(2, { state: "delivered", receipt, times: {}, expiresAt: now + DAY });
  const owed = made(3, { state: "owed", route: ROUTE, receipt, times: { settled: at + 3_400 } });
  const released = made(4, { state: "released", expiresAt: now + DAY });
  const unknown = made(5, {
    state: "unknown",
    payload: {
      x402Version: 2,
      accepted: sampleRecord().offer,
      payload: { signature: `0x${"d".repeat(130)}`, odd },
    } as unknown as NonNullable<StoredPayment["payload"]>,
  });
  const { payer: _, ...anonymous } = made(6, {
    state: "failed",
    receipt: { ...receipt, success: false },
    expiresAt: now + DAY,
  });
  const moved = made(7, { state: "settled", receipt, reason: "moved", expiresAt: now + DAY });
  const attempt = { ...moved, id: `${moved.id}#${"f".repeat(64)}` };
  const records = [delivered, untimed, owed, released, unknown, anonymous, attempt];

  const kept = (record: StoredPayment, chargedAt: number) => {
    const { expiresAt } = record;
    return { ...record, chargedAt, ...(expiresAt === undefined ? {} : { expiresAt: chargedAt + 400 * DAY }) };
  };
  const changed = [kept(delivered, at + 1_400), kept(untimed, at + 2_500), kept(owed, at + 3_400)];
  return {
    records,
    expected: new Map([...records, ...changed].map((record) => [record.id, record])),
    charged: [delivered.id, untimed.id, owed.id],
    ofPayer: [attempt, unknown, released, owed, untimed, delivered].map(({ id }) => id),
    ofRoute: [owed.id, delivered.id],
  };
}
