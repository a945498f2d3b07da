import { StoreError } from "../errors.js";
import type { Awaitable } from "../seam.js";
import { createLeases } from "./leases.js";
import {
  isFree,
  keptUntil,
  lapsedState,
  mayBecome,
  type PaymentState,
  type StoredAnswer,
  type StoredPayment,
  WORKING,
} from "./record.js";
import type { Reading, Store, StoreQuery } from "./store.js";

/** What a claim starts from. */
export type NewPayment = Pick<
  StoredPayment,
  "id" | "route" | "request" | "offer" | "facilitator" | "payer" | "proof" | "identifier" | "finality" | "validBefore"
> &
  Partial<Pick<StoredPayment, "createdAt">>;

export type RecordChange = Partial<
  Pick<
    StoredPayment,
    | "receipt"
    | "transaction"
    | "payer"
    | "facilitator"
    | "runs"
    | "reverted"
    | "answered"
    | "arrived"
    | "kept"
    | "reason"
    | "payload"
  >
>;

/** A record as it stands now. */
export interface Standing {
  /** In the state that it means: what a dead process left behind is not `running` or `settling` any more. */
  readonly record: StoredPayment;
  /** Somebody is at work on it. */
  readonly busy: boolean;
  /** The store still has the state that somebody dead left behind. */
  readonly stale: boolean;
}

/** The one place that writes payment records; every change is a compare-and-set from a state that allows it. */
export interface Ledger {
  readonly store: Store;
  read(id: string): Promise<Standing | undefined>;
  /** Claims a payment that is new, or free again. `undefined` if somebody else has it. */
  claim(payment: NewPayment, state: "running" | "settling", change?: RecordChange): Promise<StoredPayment | undefined>;
  /**
   * Moves a record on. Whoever moves one into a state of work holds it from then on, and its lease is renewed until it
   * leaves such states. Rejects with a StoreError if somebody else changed it, or the store cannot be asked.
   */
  advance(
    record: StoredPayment,
    state: PaymentState,
    change?: RecordChange,
    answer?: StoredAnswer,
  ): Promise<StoredPayment>;
  /** Adds to what is known of a record, without moving it. Rejects as `advance` does. */
  amend(record: StoredPayment, change: RecordChange): Promise<StoredPayment>;
  /** Writes down what a record means that a dead process left behind; false if somebody else was quicker. */
  bury(standing: Standing): Promise<boolean>;
  /** Stops renewing the lease of a record whose next step could not be written: somebody else resolves it. */
  abandon(record: StoredPayment): void;
  /** Puts off the next look at a record that could not be resolved, by milliseconds. */
  defer(record: StoredPayment, milliseconds: number): Promise<void>;
  answer(id: string): Promise<StoredAnswer | undefined>;
  link(key: string, id: string, instead?: string): Promise<string>;
  linked(key: string): Promise<string | undefined>;
  list(query: StoreQuery): Promise<readonly Standing[]>;
}

/** Told of every change that was written. */
export type Observe = (record: StoredPayment, before: PaymentState | undefined) => void;

/** Milliseconds of a lease, and after which it is renewed. */
const LEASE = 10_000;
const RENEW = 3_000;
/** Milliseconds that a key is bound. */
const LINK = 48 * 3_600_000;

const isWorking = (state: PaymentState) => WORKING.includes(state);

export function createLedger(store: Store, observe: Observe = () => {}): Ledger {
  let node: string | undefined;
  let claims = 0;
  const guarded = async <T>(operation: () => Awaitable<T>): Promise<T> => {
    try {
      return await operation();
    } catch (cause) {
      if (cause instanceof StoreError) throw cause;
      throw new StoreError("store_unavailable", `The ${store.name} store failed`, { cause });
    }
  };
  const leases = createLeases((id, holder) => guarded(() => store.renew(id, holder, LEASE)), RENEW, LEASE);
  // Edge runtimes have neither a clock nor chance before there is a request.
  const newHolder = () => {
    node ??= crypto.randomUUID();
    return `${node}-${++claims}`;
  };

  /** Writes the next version; false if somebody else wrote in between. */
  const write = async (next: StoredPayment, version: number, answer?: StoredAnswer): Promise<boolean> => {
    const working = isWorking(next.state);
    try {
      if (!(await guarded(() => store.replace(next, version, working ? LEASE : 0, answer)))) {
        leases.end(next);
        return false;
      }
    } catch (error) {
      leases.end(next);
      throw error;
    }
    if (working) leases.keep(next);
    else leases.end(next);
    return true;
  };

  const ledger: Ledger = {
    store,
    read: async (id) => {
      const reading = await guarded(() => store.read(id));
      return reading && standing(reading);
    },
    claim: async (payment, state, change) => {
      const now = Date.now();
      const runs = state === "running" ? 1 : 0;
      const fresh: StoredPayment = {
        ...payment,
        ...change,
        version: 1,
        state,
        runs,
        holder: newHolder(),
        settleToken: crypto.randomUUID(),
        createdAt: payment.createdAt ?? now,
        updatedAt: now,
        times: { [state]: now },
      };
      if (await guarded(() => store.insert(fresh, LEASE))) {
        leases.keep(fresh);
        observe(fresh, undefined);
        return fresh;
      }
      const found = await ledger.read(payment.id);
      if (!found || found.busy || !isFree(found.record)) return undefined;
      const { version, createdAt, times, state: before } = found.record;
      const again: StoredPayment = {
        ...fresh,
        version: version + 1,
        createdAt,
        times: { ...times, [state]: now },
      };
      if (!(await write(again, version))) return undefined;
      observe(again, before);
      return again;
    },
    advance: async (record, state, change, answer) => {
      if (!mayBecome(record.state, state)) {
        leases.end(record);
        throw new StoreError("invalid_transition", `A payment that is ${record.state} cannot become ${state}`);
      }
      const taken = isWorking(state) && !leases.holds(record);
      const next = moved(record, state, {
        ...change,
        ...(taken ? { holder: newHolder() } : {}),
        ...(answer ? { kept: true } : {}),
      });
      if (!(await write(next, record.version, answer))) {
        throw new StoreError(
          "record_conflict",
          `The payment was changed by another process while it was ${record.state}`,
        );
      }
      observe(next, record.state);
      return next;
    },
    amend: async (record, change) => {
      const next = { ...moved(record, record.state, change), times: record.times };
      if (await write(next, record.version)) return next;
      throw new StoreError("record_conflict", "The payment was changed by another process");
    },
    bury: async ({ record, stale }) => {
      if (!stale) return false;
      const next = moved(record, record.state, { reason: "process_ended" });
      if (!(await write(next, record.version))) return false;
      observe(next, undefined);
      return true;
    },
    abandon: (record) => leases.end(record),
    defer: async (record, milliseconds) => {
      await guarded(() => store.renew(record.id, record.holder, milliseconds));
    },
    answer: (id) => guarded(() => store.answer(id)),
    link: (key, id, instead) => guarded(() => store.link(key, id, Date.now() + LINK, instead)),
    linked: (key) => guarded(() => store.linked(key)),
    list: async (query) => (await guarded(() => store.list(query))).map(standing),
  };
  return ledger;
}

/** The next version of a record. */
function moved(record: StoredPayment, state: PaymentState, change: Partial<StoredPayment>): StoredPayment {
  const now = Date.now();
  const { payload, expiresAt: _, ...rest } = record;
  const next: StoredPayment = {
    ...rest,
    ...(payload && keepsPayload(state) ? { payload } : {}),
    ...change,
    state,
    version: record.version + 1,
    updatedAt: now,
    times: { ...record.times, [state]: now },
  };
  const until = keptUntil(next, now);
  return until === undefined ? next : { ...next, expiresAt: until };
}

/** A settlement may have to be repeated in these states only; elsewhere the signature has no place. */
function keepsPayload(state: PaymentState): boolean {
  return state === "settling" || state === "unknown";
}

function standing({ record, leased }: Reading): Standing {
  if (leased && isWorking(record.state)) return { record, busy: true, stale: false };
  const state = lapsedState(record);
  return state === record.state
    ? { record, busy: false, stale: false }
    : { record: { ...record, state }, busy: false, stale: true };
}
