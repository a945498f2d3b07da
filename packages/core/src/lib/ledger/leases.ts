import type { StoredPayment } from "./record.js";

/** The leases that this process holds, each renewed by a timer of its own: edge runtimes bind timers to a request. */
export interface Leases {
  /** Renews the record's lease from now on, until it ends. */
  keep(record: StoredPayment): void;
  end(record: StoredPayment): void;
  holds(record: StoredPayment): boolean;
  /** Whether the lease cannot have run out yet, by this process's own clock. */
  surely(record: StoredPayment): boolean;
}

type Held = Pick<StoredPayment, "id" | "holder">;

/**
 * @param renew extends a lease; false if another holds the record by now
 * @param every milliseconds between two renewals
 * @param lease milliseconds of one; what could not be renewed for that long is lost
 */
export function createLeases(
  renew: (id: string, holder: string) => Promise<boolean>,
  every: number,
  lease: number,
): Leases {
  const timers = new Map<string, ReturnType<typeof setTimeout>>();
  /** When each lease was last known to be held, by the monotonic clock. */
  const known = new Map<string, number>();

  const end = ({ holder }: Held): void => {
    clearTimeout(timers.get(holder));
    timers.delete(holder);
    known.delete(holder);
  };

  /** @param since when it was last known to be held, by the monotonic clock */
  const schedule = ({ id, holder }: Held, since = performance.now()): void => {
    const timer = setTimeout(async () => {
      const asked = performance.now();
      // A store that fails now may be back before the lease runs out.
      const held = await renew(id, holder).catch(() => undefined);
      if (!timers.has(holder)) return;
      const last = held ? asked : since;
      if (held === false || performance.now() - last > lease) end({ id, holder });
      else schedule({ id, holder }, last);
    }, every);
    (timer as { unref?: () => void }).unref?.();
    timers.set(holder, timer);
    known.set(holder, since);
  };

  return {
    keep: (record) => {
      if (!timers.has(record.holder)) schedule({ id: record.id, holder: record.holder });
    },
    end,
    holds: ({ holder }) => timers.has(holder),
    surely: ({ holder }) => {
      const since = known.get(holder);
      return since !== undefined && performance.now() - since < lease;
    },
  };
}
