/** What surrounds operations that share a transaction. */
export interface Transaction {
  /** Before operations of which one writes. */
  begin(): void;
  /** After all operations went well, also when nothing was begun. */
  commit(): void;
  /** Takes everything back, in memory too; also when nothing was begun. */
  rollback(): void;
}

/**
 * Runs operations that come within one turn of the event loop together: they share one transaction, and so one flush to
 * the disk. No result is returned before it is written.
 */
export interface Batches {
  run<T>(operation: () => T, writes: boolean): Promise<T>;
  /** Runs what still waits. */
  flush(): void;
}

interface Waiting {
  readonly operation: () => unknown;
  readonly writes: boolean;
  readonly resolve: (value: never) => void;
  readonly reject: (error: unknown) => void;
}

/** Operations in one transaction at most: others have their turn in between. */
const MOST = 256;

export function createBatches({ begin, commit, rollback }: Transaction): Batches {
  let waiting: Waiting[] = [];

  const attempt = (batch: readonly Waiting[]): boolean => {
    const results: unknown[] = [];
    try {
      if (batch.some(({ writes }) => writes)) begin();
      for (const { operation } of batch) results.push(operation());
      commit();
    } catch (error) {
      rollback();
      if (batch.length > 1) return false;
      batch[0]?.reject(error);
      return true;
    }
    for (const [i, { resolve }] of batch.entries()) resolve(results[i] as never);
    return true;
  };

  const next = (): void => {
    const batch = waiting.slice(0, MOST);
    if (batch.length === 0) return;
    waiting = waiting.slice(MOST);
    if (waiting.length > 0) setImmediate(next);
    // One that fails is not to spoil the others: then each has a transaction of its own.
    if (!attempt(batch)) for (const one of batch) attempt([one]);
  };

  return {
    run: (operation, writes) =>
      new Promise((resolve, reject) => {
        waiting.push({ operation, writes, resolve, reject });
        if (waiting.length === 1) setImmediate(next);
      }),
    flush: () => {
      while (waiting.length > 0) next();
    },
  };
}
