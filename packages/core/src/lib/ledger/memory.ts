import type { PaymentRecord } from "./record.js";
import type { Store } from "./store.js";

/** Milliseconds that a closed record is kept at least, and seconds beyond the end of its payment's window. */
const KEEP = 24 * 3_600_000;
const KEEP_BEYOND = 3_600;
/** Records beyond which closed ones are dropped early, oldest first. */
const MAX_RECORDS = 100_000;
/** Records that one insertion looks at: what is dropped keeps pace with what comes. */
const SWEPT = 4;

/** Records in this process's memory: for one process, and gone with it. */
export function memoryStore(): Store {
  const records = new Map<string, PaymentRecord>();

  /** The map keeps the order of insertion, so the oldest come first; open ones go to the end of the queue. */
  const sweep = (now: number) => {
    for (let i = 0; i < SWEPT; i++) {
      const [oldest] = records.values();
      if (!oldest || (records.size <= MAX_RECORDS && now - oldest.updatedAt < KEEP)) return;
      records.delete(oldest.id);
      if (!isClosed(oldest) || (records.size < MAX_RECORDS && isPresentable(oldest, now)))
        records.set(oldest.id, oldest);
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
    list: (limit) => [...records.values()].sort((a, b) => b.createdAt - a.createdAt).slice(0, limit),
  };
}

function isClosed({ state }: PaymentRecord): boolean {
  return state === "delivered" || state === "released" || state === "failed";
}

/** Whether the payment may still come again: its record answers faster than a facilitator. */
function isPresentable({ validBefore = 0 }: PaymentRecord, now: number): boolean {
  return (validBefore + KEEP_BEYOND) * 1000 > now && validBefore * 1000 - now < KEEP;
}
