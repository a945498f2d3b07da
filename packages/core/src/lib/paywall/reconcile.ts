import { UPKEEP } from "../facilitator/caller.js";
import type { FacilitatorPool } from "../facilitator/pool.js";
import type { Standing } from "../ledger/ledger.js";
import { FORGED, isAttempt, isFree, MOVED, type StoredPayment, UNRESOLVED } from "../ledger/record.js";
import { findScheme } from "../schemes/schemes.js";
import type { Engine, Presented } from "./engine.js";
import { countedAs, readerOf, withdraw } from "./one-record.js";
import { oweLater } from "./record-settled.js";
import { resolvePayment } from "./resolve.js";

/** The result of one pass over the open payments. */
export interface Reconciliation {
  /** Records that were checked: those left by a dead process, and those with an unknown outcome. */
  readonly examined: number;
  /** Found to be charged; their deliveries are owed. */
  readonly settled: number;
  /** Definitely not charged. */
  readonly failed: number;
  /** Left before anything was charged. */
  readonly released: number;
  /** Left after they were charged: owed from now on. */
  readonly owed: number;
  /** Still unknown. */
  readonly open: number;
}

type Result = Exclude<keyof Reconciliation, "examined">;

/** Records that one pass looks at, and how many of them at once. */
const BATCH = 200;
const AT_ONCE = 8;
/** Milliseconds after which a pass starts no further unproven attempt; they go one at a time. */
const ATTEMPTS = 5_000;
/** Milliseconds until an unknown payment is looked at again: at first, and at most; and at most if it is unproven. */
const FIRST_WAIT = 4_000;
const LONGEST_WAIT = 60_000;
const LONGEST_UNPROVEN = 3_600_000;
/**
 * Milliseconds after the end of its time for which a facilitator is still asked about an attempt: it cannot settle it any
 * more, but may tell a settlement that went unheard.
 */
const TELLS = 3_600_000;
/** The same of one whose signature is called invalid: only the chain ends it, after the end of its time. */
const FORGED_WAIT = 3_600_000;

/** Looks at every open payment that no process is working on, and finds out its outcome. */
export async function reconcile(engine: Engine): Promise<Reconciliation> {
  const found = await engine.ledger.list({ states: UNRESOLVED, lapsed: true, order: "oldest", limit: BATCH });
  const counts: Record<Result, number> = { settled: 0, failed: 0, released: 0, owed: 0, open: 0 };
  const quiet = quietly(engine);
  let examined = 0;
  const work = async (queue: Standing[], until: number) => {
    for (let next = queue.shift(); next && performance.now() < until; next = queue.shift()) {
      examined++;
      const result = await examine(quiet, next).catch(() => "open" as const);
      if (result) counts[result]++;
    }
  };
  const idle = found.filter(({ busy }) => !busy);
  const unproven = idle.filter(({ record }) => record.state === "unknown" && isAttempt(record));
  const others = idle.filter((standing) => !unproven.includes(standing));
  await Promise.all([
    work(unproven, performance.now() + ATTEMPTS),
    ...Array.from({ length: AT_ONCE }, () => work(others, Number.POSITIVE_INFINITY)),
  ]);
  return { examined, ...counts };
}

/** The engine, asking facilitators in such a way that no buyer is stopped by what comes of it. */
function quietly(engine: Engine): Engine {
  const { pool } = engine;
  const asking: Partial<FacilitatorPool> = {
    verify: (request) => pool.verify(request, UPKEEP),
    select: (request) => pool.select(request, UPKEEP),
    instead: (than, request) => pool.instead(than, request, UPKEEP),
    settle: (facilitator, request, options) => pool.settle(facilitator, request, { ...options, caller: UPKEEP }),
  };
  return { ...engine, pool: { ...pool, ...asking } };
}

/** `undefined` if another process was faster. */
async function examine(engine: Engine, standing: Standing): Promise<Result | undefined> {
  const { record } = standing;
  if ((await countedAs(readerOf(engine.ledger), record)) !== undefined) return tidy(engine, record);
  if (record.state === "unknown") return resolveUnknown(engine, record);
  if (!(await engine.ledger.bury(standing))) return undefined;
  return isFree(record) ? "released" : "owed";
}

/** Closes a record that another one counts for. */
async function tidy({ ledger }: Engine, record: StoredPayment): Promise<undefined> {
  if (record.moving) {
    await withdraw(ledger, record);
    return;
  }
  let open = record;
  if (open.state === "unknown") open = await ledger.advance(open, "settling", { reason: MOVED });
  if (open.state === "settling") open = await ledger.advance(open, "settled", { reason: MOVED });
  await ledger.advance(open, "delivered", { reason: MOVED });
}

async function resolveUnknown(engine: Engine, record: StoredPayment): Promise<Result> {
  const presented = await present(engine, record);
  const longest = isAttempt(record) ? LONGEST_UNPROVEN : LONGEST_WAIT;
  if (!presented || !canBeAsked(engine, record)) {
    await engine.ledger.defer(record, longest);
    return "open";
  }
  const settlement = await resolvePayment(engine, presented, record);
  if (settlement.type === "settled") {
    await oweLater(engine, settlement.record, settlement.receipt);
    return "settled";
  }
  if (settlement.type === "failed") return "failed";
  const age = Date.now() - record.createdAt;
  const wait = Math.min(Math.max(age / 4, FIRST_WAIT), longest);
  const now = await engine.ledger.read(record.id);
  if (now && !now.busy) await engine.ledger.defer(now.record, now.record.reason === FORGED ? FORGED_WAIT : wait);
  return "open";
}

/** Whether this engine can ask about it: engines may share a store, and each has its own facilitators. */
function canBeAsked({ pool, chains }: Engine, record: StoredPayment): boolean {
  const { facilitator, offer, validBefore } = record;
  if (chains.some(({ networks }) => networks.includes(offer.network))) return true;
  const over = isAttempt(record) && validBefore !== undefined && validBefore * 1_000 + TELLS < Date.now();
  return !over && pool.named(facilitator) !== undefined;
}

/** The payment as it was, while its record holds it. */
export async function present({ schemes }: Engine, { payload, offer }: StoredPayment): Promise<Presented | undefined> {
  const scheme = findScheme(schemes, offer.scheme, offer.network);
  const identity = payload && (await scheme?.identify(payload));
  if (!scheme || !payload || !identity || "fault" in identity) return undefined;
  return { scheme, identity, requirements: offer, payload: { ...payload, accepted: offer }, extensions: [] };
}
