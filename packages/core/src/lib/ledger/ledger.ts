import { StoreError } from "../errors.js";
import { isFree, mayBecome, type PaymentRecord, type PaymentState } from "./record.js";
import type { Store } from "./store.js";

/** What a claim starts from. */
export type NewPayment = Pick<
  PaymentRecord,
  "id" | "route" | "request" | "offer" | "facilitator" | "payer" | "validBefore"
>;

/** The one place that writes payment records; every change is a compare-and-set from a state that allows it. */
export interface Ledger {
  read(id: string): Promise<PaymentRecord | undefined>;
  /**
   * Claims a payment that is new, or free again. `undefined` if somebody else has it.
   */
  claim(payment: NewPayment, state: "running" | "settling", change?: RecordChange): Promise<PaymentRecord | undefined>;
  /** Moves a record on. Rejects with a StoreError if somebody else changed it, or the store cannot be asked. */
  advance(record: PaymentRecord, state: PaymentState, change?: RecordChange): Promise<PaymentRecord>;
}

export type RecordChange = Partial<
  Pick<PaymentRecord, "receipt" | "transaction" | "proof" | "payer" | "runs" | "reverted">
>;

export function createLedger(store: Store): Ledger {
  const guarded = async <T>(operation: () => T | Promise<T>): Promise<T> => {
    try {
      return await operation();
    } catch (cause) {
      throw new StoreError("store_unavailable", `The ${store.name} store failed`, { cause });
    }
  };
  const read = (id: string) => guarded(() => store.read(id));

  return {
    read,
    claim: async (payment, state, change) => {
      const now = Date.now();
      const runs = state === "running" ? 1 : 0;
      const fresh: PaymentRecord = { ...payment, ...change, version: 1, state, runs, createdAt: now, updatedAt: now };
      if (await guarded(() => store.insert(fresh))) return fresh;
      const earlier = await read(payment.id);
      if (!earlier || !isFree(earlier)) return undefined;
      const { version, createdAt } = earlier;
      const again = { ...fresh, version: version + 1, runs: earlier.runs + runs, createdAt };
      return (await guarded(() => store.replace(again, version))) ? again : undefined;
    },
    advance: async (record, state, change) => {
      if (!mayBecome(record.state, state)) {
        throw new StoreError("invalid_transition", `A payment that is ${record.state} cannot become ${state}`);
      }
      const next: PaymentRecord = { ...record, ...change, state, version: record.version + 1, updatedAt: Date.now() };
      if (await guarded(() => store.replace(next, record.version))) return next;
      throw new StoreError(
        "record_conflict",
        `The payment was changed by another process while it was ${record.state}`,
      );
    },
  };
}
