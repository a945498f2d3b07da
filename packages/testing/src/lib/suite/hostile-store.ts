import { memoryStore, type Store } from "@turnpike/core";

type Operation = "read" | "insert" | "replace" | "renew" | "answer" | "link" | "linked" | "list";

/** A store in memory that is sound until told otherwise. */
export interface HostileStore extends Store {
  /** Makes the operations of this kind fail for which `when` says so; nothing makes them sound again. */
  fail(operation: Operation, when?: (...args: readonly unknown[]) => boolean): void;
  /** Forgets a record, as a failover of a replicated store may. */
  forget(): void;
}

export function hostileStore(): HostileStore {
  let store = memoryStore();
  const faults = new Map<Operation, (...args: readonly unknown[]) => boolean>();
  const guarded = <K extends Operation>(operation: K): Store[K] =>
    ((...args: readonly unknown[]) => {
      if (faults.get(operation)?.(...args)) throw new Error("s3cr3t-disk is full");
      return (store[operation] as (...args: readonly unknown[]) => unknown)(...args);
    }) as Store[K];
  return {
    name: "hostile",
    atomic: true,
    scope: "process",
    read: guarded("read"),
    insert: guarded("insert"),
    replace: guarded("replace"),
    renew: guarded("renew"),
    answer: guarded("answer"),
    link: guarded("link"),
    linked: guarded("linked"),
    list: guarded("list"),
    fail: (operation, when) => {
      if (when) faults.set(operation, when);
      else faults.delete(operation);
    },
    forget: () => {
      store = memoryStore();
    },
  };
}
