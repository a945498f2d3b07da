import type { StoredPayment } from "./record.js";
import type { Reading } from "./store.js";

/** Writes of this process that failed, and may have happened: at once, or once the store comes back to them. */
export interface Doubts {
  /** Whether the record stands as it was to be written; if not, the write is remembered as one that may still happen. */
  happened(record: StoredPayment): Promise<boolean>;
  /** The record as a write that was in doubt has left it; nothing if another process has changed it. */
  recall(record: StoredPayment): Promise<StoredPayment | undefined>;
  /** A later write of the same holder has been confirmed. */
  settle(record: StoredPayment): void;
}

/** Holders that are remembered; more are in doubt at once only where the store has been gone for long. */
const MOST = 10_000;

/** @param read asks the store for a record; rejects if it cannot be asked */
export function createDoubts(read: (id: string) => Promise<Reading | undefined>): Doubts {
  /** By holder, a claim's own name: the versions and states of writes in doubt. */
  const open = new Map<string, Pick<StoredPayment, "version" | "state">[]>();

  const isOwn = (found: StoredPayment | undefined, { holder }: StoredPayment, writes: readonly object[]): boolean =>
    found?.holder === holder &&
    writes.some((write) => {
      const { version, state } = write as Pick<StoredPayment, "version" | "state">;
      return version === found.version && state === found.state;
    });

  return {
    happened: async (record) => {
      const found = await read(record.id).catch(() => undefined);
      if (isOwn(found?.record, record, [record])) return true;
      const [oldest] = open.keys();
      if (open.size >= MOST && oldest !== undefined) open.delete(oldest);
      const { holder, version, state } = record;
      open.set(holder, [...(open.get(holder) ?? []), { version, state }]);
      return false;
    },
    recall: async (record) => {
      const writes = open.get(record.holder);
      if (!writes) return undefined;
      const found = (await read(record.id))?.record;
      return isOwn(found, record, writes) ? found : undefined;
    },
    settle: ({ holder }) => {
      open.delete(holder);
    },
  };
}
