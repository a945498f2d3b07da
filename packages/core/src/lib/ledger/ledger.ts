import { isConflict, StoreError } from "../errors.js";
import type { Awaitable } from "../seam.js";
import { createDoubts } from "./doubts.js";
import { createLeases } from "./leases.js";
import {
  isAttempt,
  isFree,
  keptUntil,
  lapsedState,
  MOVED,
  markOf,
  mayBecome,
  type PaymentState,
  RETAIN,
  type Retain,
  type StoredAnswer,
  type StoredPayment,
  WORKING,
} from "./record.js";
import type { Reading, Store, StoreQuery } from "./store.js";

/** What a claim starts from. */
export type NewPayment = Pick<
  StoredPayment,
  | "id"
  | "route"
  | "label"
  | "request"
  | "offer"
  | "facilitator"
  | "payer"
  | "proof"
  | "identifier"
  | "audience"
  | "finality"
  | "validBefore"
> &
  Partial<Pick<StoredPayment, "createdAt" | "times">>;

export type RecordChange = Partial<
  Pick<
    StoredPayment,
    | "receipt"
    | "transaction"
    | "payer"
    | "facilitator"
    | "runs"
    | "uncharged"
    | "answered"
    | "arrived"
    | "told"
    | "kept"
    | "reason"
    | "payload"
    | "refund"
    | "handedAt"
    | "moving"
    | "holder"
  >
>;

/** A record as it stands now. */
export interface Standing {
  /** In the state that it means: what a dead process left behind is not `running` or `settling` any more. */
  readonly record: StoredPayment;
  /** A process is working on it. */
  readonly busy: boolean;
  /** The store still has the state that a dead process left behind. */
  readonly stale: boolean;
}

/** The one place that writes payment records; every change is a compare-and-set from a state that allows it. */
export interface Ledger {
  readonly store: Store;
  read(id: string): Promise<Standing | undefined>;
  /** Claims a payment that is new, or free again. `undefined` if another request has it. */
  claim(payment: NewPayment, state: "running" | "settling", change?: RecordChange): Promise<StoredPayment | undefined>;
  /**
   * Moves a record on. Who moves one into a working state holds it from then on, and its lease is renewed until it
   * leaves such states. Rejects with a StoreError if another process changed it, or the store fails.
   * @param failing `hold`: a write that fails will be tried again, so the lease goes on; else it is given up
   */
  advance(
    record: StoredPayment,
    state: PaymentState,
    change?: RecordChange,
    answer?: StoredAnswer,
    failing?: "hold",
  ): Promise<StoredPayment>;
  /** Adds to what is known of a record, without moving it. Rejects as `advance` does. */
  amend(record: StoredPayment, change: RecordChange): Promise<StoredPayment>;
  /** Writes down what a record of a dead process means; false if another process was faster. */
  bury(standing: Standing): Promise<boolean>;
  /** Stops renewing the lease of a record whose next step could not be written: another process resolves it. */
  abandon(record: StoredPayment): void;
  /** Whether this process certainly still holds the record, though the store may not be there to ask. */
  holds(record: StoredPayment): boolean;
  /** Puts off the next look at a record that could not be resolved, by milliseconds. */
  defer(record: StoredPayment, milliseconds: number): Promise<void>;
  answer(id: string): Promise<StoredAnswer | undefined>;
  link(key: string, id: string, instead?: string): Promise<string>;
  linked(key: string): Promise<string | undefined>;
  /** Gives free the client's name for a payment that came to nothing. */
  unlink(record: StoredPayment): Promise<void>;
  list(query: StoreQuery): Promise<readonly Standing[]>;
}

/** Called with every change that was written. */
export type Observe = (record: StoredPayment, before: PaymentState | undefined) => void;

/** Milliseconds of a lease, and after which it is renewed. */
const LEASE = 10_000;
const RENEW = 3_000;
/** Milliseconds that a key is bound. */
const LINK = 48 * 3_600_000;

const isWorking = (state: PaymentState) => WORKING.includes(state);

/** @param retain for how long records of charged payments are kept */
export function createLedger(store: Store, observe: Observe = () => {}, retain: Retain = RETAIN): Ledger {
  let node: string | undefined;
  let claims = 0;
  const guarded = async <T>(operation: () => Awaitable<T>): Promise<T> => {
    try {
      return await operation();
    } catch (cause) {
      if (cause instanceof StoreError && !isConflict(cause)) throw cause;
      throw new StoreError("store_unavailable", `The ${store.name} store failed`, { cause });
    }
  };
  const leases = createLeases((id, holder) => guarded(() => store.renew(id, holder, LEASE)), RENEW, LEASE);
  // Edge runtimes have neither a clock nor chance before there is a request.
  const newHolder = () => {
    node ??= crypto.randomUUID();
    return `${node}-${++claims}`;
  };

  const doubts = createDoubts((id) => guarded(() => store.read(id)));

  /**
   * Writes the next version; nothing if another process wrote in between. A write that failed may still have happened, at once or
   * later: what is found under this holder's own name is its own work, and continued from.
   */
  const write = async (
    next: StoredPayment,
    version: number,
    answer?: StoredAnswer,
    failing?: "hold",
  ): Promise<StoredPayment | undefined> => {
    const working = isWorking(next.state);
    const replace = (record: StoredPayment, from: number) =>
      guarded(() => store.replace(record, from, working ? LEASE : 0, answer));
    let written: StoredPayment | undefined = next;
    try {
      if (!(await replace(next, version))) {
        const own = await doubts.recall(next);
        written = own && { ...next, version: own.version + 1 };
        if (!own || !written || !(await replace(written, own.version))) written = undefined;
      }
    } catch (error) {
      if (!(await doubts.happened(next))) {
        if (!failing) leases.end(next);
        throw error;
      }
    }
    if (written && working) leases.keep(written);
    else leases.end(next);
    if (written) doubts.settle(next);
    return written;
  };

  /** Whether the record is there, as ours: an insertion that failed may still have happened. */
  const inserted = async (fresh: StoredPayment): Promise<boolean> => {
    try {
      return await guarded(() => store.insert(fresh, LEASE));
    } catch (error) {
      if (await doubts.happened(fresh)) return true;
      throw error;
    }
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
      const claimed: StoredPayment = {
        ...payment,
        ...change,
        version: 1,
        state,
        runs,
        holder: newHolder(),
        settleToken: crypto.randomUUID(),
        claimedAt: now,
        createdAt: payment.createdAt ?? now,
        updatedAt: now,
        times: { ...payment.times, [state]: now },
      };
      const fresh = withCharge(claimed, now);
      if (await inserted(fresh)) {
        leases.keep(fresh);
        observe(fresh, undefined);
        return fresh;
      }
      const found = await ledger.read(payment.id);
      if (!found || found.busy || !isFree(found.record)) return undefined;
      const { version, createdAt, times, state: before } = found.record;
      // A run that its process did not survive was not charged either, nor was one whose settlement was refused.
      const ran = found.stale || (before === "failed" && times.running !== undefined);
      const uncharged = (found.record.uncharged ?? 0) + (ran ? 1 : 0);
      const again: StoredPayment = {
        ...fresh,
        version: version + 1,
        createdAt,
        times: { ...payment.times, ...withoutSettled(times), [state]: now },
        ...(uncharged > 0 ? { uncharged } : {}),
      };
      const written = await write(again, version);
      if (written) observe(written, before);
      return written;
    },
    advance: async (record, state, change, answer, failing) => {
      if (!mayBecome(record.state, state)) {
        leases.end(record);
        throw new StoreError("invalid_transition", `A payment that is ${record.state} cannot become ${state}`);
      }
      // Two operators may refund the same payment: a write in doubt must not take the other's for its own.
      const taken = (isWorking(state) || isRefund(state)) && !leases.holds(record);
      const next = moved(retain, record, state, {
        ...change,
        ...(taken ? { holder: newHolder() } : {}),
        ...(answer ? { kept: true } : {}),
      });
      const written = await write(next, record.version, answer, failing);
      if (!written) {
        throw new StoreError(
          "record_conflict",
          `The payment was changed by another process while it was ${record.state}`,
        );
      }
      observe(written, record.state);
      // What came to nothing gives the client's name for it free.
      if (record.identifier !== undefined && isAttempt(written) && isFree(written))
        await ledger.unlink(record).catch(() => {});
      return written;
    },
    unlink: async ({ id, identifier }) => {
      if (identifier !== undefined) await guarded(() => store.link(identifier, id, Date.now(), id));
    },
    amend: async (record, change) => {
      const next = { ...moved(retain, record, record.state, change), times: record.times };
      const written = await write(next, record.version);
      if (written) return written;
      throw new StoreError("record_conflict", "The payment was changed by another process");
    },
    bury: async ({ record, stale }) => {
      if (!stale) return false;
      const uncharged = (record.uncharged ?? 0) + 1;
      const ran = isFree(record) ? { uncharged } : {};
      const next = moved(retain, record, record.state, { reason: "process_ended", ...ran });
      if (!(await write(next, record.version))) return false;
      observe(next, undefined);
      return true;
    },
    abandon: (record) => leases.end(record),
    holds: (record) => leases.surely(record),
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
function moved(
  retain: Retain,
  record: StoredPayment,
  state: PaymentState,
  change: Partial<StoredPayment>,
): StoredPayment {
  const now = Date.now();
  const { payload, refund, expiresAt: _1, moving: _2, ...rest } = record;
  const next: StoredPayment = {
    ...rest,
    ...(payload && keepsPayload(state) ? { payload } : {}),
    ...(refund && isRefund(state) ? { refund } : {}),
    ...change,
    state,
    version: record.version + 1,
    updatedAt: now,
    times: { ...record.times, [state]: now, ...settledAt(record) },
  };
  const known = withCharge(next, now);
  const until = keptUntil(known, now, retain);
  if (until === undefined) return known;
  const ended = { ...known, expiresAt: until };
  return isAttempt(ended) && isFree(ended) ? markOf(ended) : ended;
}

/**
 * The record with the time of its charge. An attempt that continues under its payment's own name is no sale of its own.
 * @param now Unix milliseconds
 */
function withCharge(record: StoredPayment, now: number): StoredPayment {
  const { chargedAt, ...rest } = record;
  if (record.receipt?.success !== true || record.reason === MOVED) return rest;
  return { ...rest, chargedAt: chargedAt ?? record.times.settled ?? now };
}

/** What is owed is collected within a time that begins with the settlement, however often it runs: that is written once. */
function settledAt({ times: { settled } }: StoredPayment): StoredPayment["times"] {
  return settled === undefined ? {} : { settled };
}

/** The times of a payment that was not charged and is claimed again. */
function withoutSettled({ settled: _, ...times }: StoredPayment["times"]): StoredPayment["times"] {
  return times;
}

/** A settlement may have to be repeated in these states only; elsewhere the signature has no place. */
function keepsPayload(state: PaymentState): boolean {
  return state === "settling" || state === "unknown";
}

/** Elsewhere nothing was given back, or it turned out that nothing can be. */
function isRefund(state: PaymentState): boolean {
  return state === "refunding" || state === "refunded";
}

function standing({ record, leased }: Reading): Standing {
  if (leased && isWorking(record.state)) return { record, busy: true, stale: false };
  const state = lapsedState(record);
  return state === record.state
    ? { record, busy: false, stale: false }
    : { record: { ...record, state }, busy: false, stale: true };
}
