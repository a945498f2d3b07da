import { memoryStore, type Reading, type Store } from "@turnpike/core";

type Operation = "read" | "insert" | "replace" | "renew" | "answer" | "link" | "linked" | "list";

/** How an operation fails. */
export interface StoreFault {
  /** What it rejects with. @default an error that is no store's */
  readonly error?: Error;
  /** It was done all the same. @default false */
  readonly done?: boolean;
}

/** A store in memory that is sound until told otherwise. */
export interface HostileStore extends Store {
  /** Makes the operations of this kind fail for which `when` says so; nothing makes them sound again. */
  fail(operation: Operation, when?: (...args: readonly unknown[]) => boolean, fault?: StoreFault): void;
  /** Every lease has run out: its owner was away for too long. */
  lapse(): void;
  /** Forgets a record, as a failover of a replicated store may. */
  forget(): void;
}

export function hostileStore(): HostileStore {
  let store = memoryStore();
  let lapsed = false;
  const faults = new Map<Operation, StoreFault & { readonly when: (...args: readonly unknown[]) => boolean }>();
  const guarded = <K extends Operation>(operation: K): Store[K] =>
    ((...args: readonly unknown[]) => {
      const run = () => (store[operation] as (...args: readonly unknown[]) => unknown)(...args);
      const fault = faults.get(operation);
      if (!fault?.when(...args)) return run();
      if (fault.done) run();
      throw fault.error ?? new Error("s3cr3t-disk is full");
    }) as Store[K];
  const judge = <T extends Reading | undefined>(reading: T): T =>
    reading && lapsed ? { ...reading, leased: false } : reading;
  const read: Store["read"] = async (id) => judge(await guarded("read")(id));
  const list: Store["list"] = async ({ lapsed: only, ...query }) =>
    (await guarded("list")({ ...query, ...(only && !lapsed ? { lapsed: only } : {}) })).map(judge);
  return {
    name: "hostile",
    atomic: true,
    scope: "process",
    read,
    insert: guarded("insert"),
    replace: guarded("replace"),
    renew: guarded("renew"),
    answer: guarded("answer"),
    link: guarded("link"),
    linked: guarded("linked"),
    list,
    fail: (operation, when, fault) => {
      if (when) faults.set(operation, { ...fault, when });
      else faults.delete(operation);
    },
    lapse: () => {
      lapsed = true;
    },
    forget: () => {
      store = memoryStore();
    },
  };
}
