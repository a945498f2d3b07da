import type { FacilitatorHealth } from "../facilitator/member.js";
import type { PaymentState } from "../ledger/record.js";
import type { Engine } from "./engine.js";
import { countedAs, mayBeTwice, readerOf } from "./one-record.js";

/** Open payments of one kind. */
export interface OpenPayments {
  /** How many, at most 1000. */
  readonly count: number;
  /** Age of the oldest in seconds; 0 if there is none. */
  readonly oldestSeconds: number;
}

/** The current health of an engine. */
export interface Health {
  /** Payments can be taken: the store responds, and a facilitator is ready. */
  readonly ready: boolean;
  readonly store: { readonly name: string; readonly ready: boolean };
  readonly facilitators: readonly FacilitatorHealth[];
  /** `owed` includes payments being refunded, until that is done. */
  readonly open: { readonly unknown: OpenPayments; readonly owed: OpenPayments };
}

const MOST = 1_000;

export async function readHealth(engine: Engine): Promise<Health> {
  const { ledger, pool } = engine;
  const read = readerOf(ledger);
  let ready = true;
  const count = async (...states: PaymentState[]): Promise<OpenPayments> => {
    try {
      const listed = await ledger.list({ states, order: "oldest", limit: MOST });
      const counted = await Promise.all(
        listed.map(async ({ record }) => !mayBeTwice(record) || (await countedAs(read, record)) === undefined),
      );
      const found = listed.filter((_, at) => counted[at]);
      const [oldest] = found;
      const since = oldest ? (oldest.record.times[oldest.record.state] ?? oldest.record.updatedAt) : Date.now();
      return { count: found.length, oldestSeconds: Math.max(0, Math.round((Date.now() - since) / 1000)) };
    } catch (error) {
      engine.reporter.failed("The store failed a health check", {}, { code: "store_unavailable", error });
      ready = false;
      return { count: 0, oldestSeconds: 0 };
    }
  };
  const [unknown, owed, facilitators] = await Promise.all([count("unknown"), count("owed", "refunding"), pool.check()]);
  const serves = facilitators.some((facilitator) => facilitator.ready);
  return { ready: ready && serves, store: { name: ledger.store.name, ready }, facilitators, open: { unknown, owed } };
}
