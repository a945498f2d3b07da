import { createPaywall, type Store, type StoredPayment } from "@turnpike/core";
import type { PaywallRequest } from "@turnpike/core/adapter";
import type { PaymentRequired } from "@turnpike/core/protocol";
import { expect } from "vitest";
import { decodeHeader, encodeHeader } from "../../client/header.js";
import { payer } from "../../client/payer.js";
import { startFacilitator } from "../../facilitator/facilitator.js";
import type { StoreBook } from "../casebook.js";
import { expectRecord } from "../expectations.js";
import { HOUR, LONG, nextRecord, sampleId, sampleRecord } from "../samples.js";

const seller = "0x209693Bc6afc0C5328bA36FaF03C514EF312287C";
/** Writes of a flood, and how many of them at once. */
const FLOOD = 240;
const AT_ONCE = 20;
/** Bytes of JSON that an unproven payment may leave. */
const MARK = 1_200;

/** What keeps a payment from buying twice stays, whatever else is written (G07); unproven payments stay small (G35). */
export function testGuardRecords({ check }: StoreBook): void {
  const soon = () => Math.floor(Date.now() / 1000) + 120;

  /** Records of every kind that a payment could buy again without. */
  async function writeGuards(store: Store): Promise<StoredPayment[]> {
    const written: StoredPayment[] = [];
    const open = ["running", "settling", "settled", "owed", "unknown"] as const;
    for (const state of open) written.push(await write(store, { state, validBefore: soon() }));
    const closed = { validBefore: soon(), expiresAt: Date.now() + HOUR };
    written.push(await write(store, { ...closed, state: "delivered" }));
    written.push(await write(store, { ...closed, state: "failed", answered: true }));
    return written;
  }

  check("G07 keeps every record that guards a payment while junk comes in floods", async ({ store }) => {
    const guards = await writeGuards(store);
    await flood(async (i) => {
      const state = i % 2 === 0 ? "released" : "failed";
      await write(store, { state, validBefore: soon(), expiresAt: Date.now() + HOUR });
    });
    for (const guard of guards) await expectRecord(store, guard);
  });

  check("G07b keeps every record that guards a payment while sales come in floods", async ({ store }) => {
    const guards = await writeGuards(store);
    await flood(async () => {
      await write(store, { state: "delivered", validBefore: soon(), expiresAt: Date.now() + HOUR });
    });
    for (const guard of guards) await expectRecord(store, guard);
  });

  check("G07c takes no delivered payment for a new one while its record has not expired", async ({ clients }) => {
    const [first, second = first] = await clients();
    if (!first || !second) throw new Error("There is no store.");
    const sold = await write(first, { state: "delivered", validBefore: soon(), expiresAt: Date.now() + HOUR });
    expect(await second.insert(sampleRecord({ id: sold.id }), LONG)).toBe(false);
    await expectRecord(second, sold);
  });

  check("G35 keeps a small mark of a forgery, and only for a minute", async ({ store }) => {
    const facilitator = await startFacilitator();
    try {
      const config = { payTo: seller, facilitator: facilitator.url, reconcileSeconds: 0 };
      const tolls = createPaywall({ ...config, network: "base-sepolia", store, limits: false });
      const price = tolls.price({ price: "$0.01", settle: "before" }, "GET /paid");
      const ask = async (header?: string) => {
        const decision = await price.admit(requestOf(header));
        if (decision.type !== "reply") throw new Error("Nobody has paid, and the handler may run.");
        return decision.reply;
      };
      const offered = (await ask()).headers.find(([name]) => name === "PAYMENT-REQUIRED")?.[1] ?? "";
      const challenge = decodeHeader(offered) as PaymentRequired;
      const forgeries = 30;
      for (let i = 0; i < forgeries; i++) {
        const payload = await payer().sign(challenge);
        const forged = { ...payload, payload: { ...payload.payload, signature: `0x${"ab".repeat(65)}` } };
        expect((await ask(encodeHeader(forged))).status).toBe(402);
      }
      const found = (await store.list({ order: "newest", limit: 10 * forgeries })).map(({ record }) => record);
      expect(found).toHaveLength(forgeries);
      for (const record of found) {
        const { expiresAt = Number.POSITIVE_INFINITY } = record;
        expect(JSON.stringify(record).length).toBeLessThan(MARK);
        expect(JSON.stringify(record)).not.toContain("qqqq");
        expect(record.payload).toBeUndefined();
        expect(expiresAt).toBeLessThanOrEqual(Date.now() + 60_000);
      }
      await tolls.close();
    } finally {
      await facilitator.close();
    }
  });
}

/** Writes a record as the engine does: in progress first. */
async function write(store: Store, members: Partial<StoredPayment>): Promise<StoredPayment> {
  const record = sampleRecord({ id: sampleId() });
  await store.insert(record, LONG);
  const next = nextRecord(record, members);
  await store.replace(next, record.version, 0);
  return next;
}

async function flood(one: (i: number) => Promise<void>): Promise<void> {
  for (let i = 0; i < FLOOD; i += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, k) => one(i + k)));
  }
}

/** A request as an adapter shows it to the engine, with a query of several kilobytes. */
function requestOf(signature: string | undefined): PaywallRequest<object> {
  return {
    method: "GET",
    raw: {},
    header: (name) => (name === "payment-signature" ? signature : undefined),
    url: () => `http://shop.example/paid?${"q".repeat(6_000)}`,
    params: () => ({}),
    address: () => undefined,
  };
}
