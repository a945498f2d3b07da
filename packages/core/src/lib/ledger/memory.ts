import type { PaymentRecord } from "./record.js";
import type { Store } from "./store.js";

/** Milliseconds that a closed record is kept: longer than any payment of it can still be presented. */
const KEEP = 24 * 3_600_000;
/** Records beyond which closed ones are dropped early, oldest first. */
const MAX_RECORDS = 100_000;

/** Records in this process's memory: for one process, and gone with it. */
export function memoryStore(): Store {
  const records = new Map<string, PaymentRecord>();

  /** The map keeps the order of insertion, so the oldest come first. */
  const sweep = (now: number) => {
    for (const [id, record] of records) {
      if (records.size <= MAX_RECORDS && now - record.updatedAt < KEEP) return;
      if (isClosed(record)) records.delete(id);
      else if (records.size <= MAX_RECORDS) return;
    }
  };

  return {
    name: "memory",
    read: (id) => records.get(id),
    insert: (record) => {
      if (records.has(record.id)) return false;
      records.set(record.id, record);
      sweep(record.createdAt);
      return true;
    },
    replace: (record, version) => {
      if (records.get(record.id)?.version !== version) return false;
      records.set(record.id, record);
      return true;
    },
    list: (limit) => [...records.values()].slice(-limit).reverse(),
  };
}

function isClosed({ state, offer, updatedAt }: PaymentRecord): boolean {
  // A delivered payment's nonce is spent on the chain; until its window has passed the record answers faster.
  const presentable = updatedAt + offer.maxTimeoutSeconds * 1000;
  return (state === "delivered" || state === "released" || state === "failed") && presentable < Date.now();
}
