import { StoreError } from "../errors.js";
import type { Standing } from "../ledger/ledger.js";
import {
  FORGED,
  isFree,
  MOVED,
  type PaymentRecord,
  publicRecord,
  type StoredPayment,
  UNRESOLVED,
} from "../ledger/record.js";
import { findScheme } from "../schemes/schemes.js";
import type { Engine, Presented } from "./engine.js";
import { successReceipt } from "./receipt.js";
import { oweLater } from "./record-settled.js";
import { resolvePayment } from "./resolve.js";

/** What one pass over the open payments has done. */
export interface Reconciliation {
  /** Records that were looked at: those that a dead process left behind, and those whose outcome is unknown. */
  readonly examined: number;
  /** Charged, as it turned out; their deliveries are owed. */
  readonly settled: number;
  /** Not charged, and certainly never. */
  readonly failed: number;
  /** Left behind before anything was charged. */
  readonly released: number;
  /** Left behind after they were charged: owed from now on. */
  readonly owed: number;
  /** Still unknown. */
  readonly open: number;
}

type Result = Exclude<keyof Reconciliation, "examined">;

/** Records that one pass looks at, and how many of them at once. */
const BATCH = 200;
const AT_ONCE = 8;
/** Milliseconds until an unknown payment is looked at again: at first, and at most. */
const FIRST_WAIT = 4_000;
const LONGEST_WAIT = 60_000;
/** The same of one whose signature is called invalid: only the chain ends it, after the end of its time. */
const FORGED_WAIT = 3_600_000;

/** Looks at every payment that is open and that nobody is at work on, and finds out what became of it. */
export async function reconcile(engine: Engine): Promise<Reconciliation> {
  const found = await engine.ledger.list({ states: UNRESOLVED, lapsed: true, order: "oldest", limit: BATCH });
  const counts: Record<Result, number> = { settled: 0, failed: 0, released: 0, owed: 0, open: 0 };
  const queue = found.filter(({ busy }) => !busy);
  const examined = queue.length;
  const work = async () => {
    for (let next = queue.pop(); next; next = queue.pop()) {
      const result = await examine(engine, next).catch(() => "open" as const);
      if (result) counts[result]++;
    }
  };
  queue.reverse();
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, examined) }, work));
  return { examined, ...counts };
}

/** `undefined` if somebody else was quicker. */
async function examine(engine: Engine, standing: Standing): Promise<Result | undefined> {
  const { record } = standing;
  if (await hasMoved(engine, record)) return close(engine, record);
  if (record.state === "unknown") return resolveUnknown(engine, record);
  if (!(await engine.ledger.bury(standing))) return undefined;
  return isFree(record) ? "released" : "owed";
}

/** Whether the record is an attempt's whose payment is on record under its own name. */
async function hasMoved({ ledger }: Engine, { id, proof }: StoredPayment): Promise<boolean> {
  const [name, attempt] = id.split("#", 2);
  if (name === undefined || attempt === undefined) return false;
  const named = (await ledger.read(name))?.record;
  return named?.receipt !== undefined && named.proof === proof;
}

/** Closes an attempt that its process could not close. */
async function close({ ledger }: Engine, record: StoredPayment): Promise<undefined> {
  let open = record;
  if (open.state === "unknown") open = await ledger.advance(open, "settling", { reason: MOVED });
  if (open.state === "settling") open = await ledger.advance(open, "settled", { reason: MOVED });
  await ledger.advance(open, "delivered", { reason: MOVED });
}

async function resolveUnknown(engine: Engine, record: StoredPayment): Promise<Result> {
  const presented = await present(engine, record);
  if (!presented || !canBeAsked(engine, record)) {
    await engine.ledger.defer(record, LONGEST_WAIT);
    return "open";
  }
  const settlement = await resolvePayment(engine, presented, record);
  if (settlement.type === "settled") {
    await oweLater(engine, settlement.record, settlement.receipt);
    return "settled";
  }
  if (settlement.type === "failed") return "failed";
  const age = Date.now() - record.createdAt;
  const wait = Math.min(Math.max(age / 4, FIRST_WAIT), LONGEST_WAIT);
  const now = await engine.ledger.read(record.id);
  if (now && !now.busy) await engine.ledger.defer(now.record, now.record.reason === FORGED ? FORGED_WAIT : wait);
  return "open";
}

/** Whether this engine has anybody to ask: engines may share a store, and each has facilitators of its own. */
function canBeAsked({ pool, chains }: Engine, { facilitator, offer }: StoredPayment): boolean {
  return pool.named(facilitator) !== undefined || chains.some(({ networks }) => networks.includes(offer.network));
}

/** The payment as it was, while its record holds it. */
async function present({ schemes }: Engine, { payload, offer }: StoredPayment): Promise<Presented | undefined> {
  const scheme = findScheme(schemes, offer.scheme, offer.network);
  const identity = payload && (await scheme?.identify(payload));
  if (!scheme || !payload || !identity || "fault" in identity) return undefined;
  return { scheme, identity, requirements: offer, payload: { ...payload, accepted: offer }, extensions: [] };
}

/**
 * What an operator has found out about a payment whose outcome is unknown.
 * @param transaction the transaction that settled it
 * @returns the record, or `undefined` if there is none that is unknown
 */
export async function resolveByHand(
  engine: Engine,
  id: string,
  state: "settled" | "failed",
  transaction?: string,
): Promise<PaymentRecord | undefined> {
  const { ledger } = engine;
  const found = await ledger.read(id);
  if (found?.busy !== false || found.record.state !== "unknown") return undefined;
  const { scheme, network } = found.record.offer;
  const known = transaction ?? found.record.transaction ?? "";
  const rules = findScheme(engine.schemes, scheme, network);
  if (!rules || ((state === "settled" || transaction !== undefined) && !rules.isTransaction(known))) {
    const message = known
      ? `This is not the id of a transaction on ${network}`
      : `A settled payment names the transaction on ${network} that settled it`;
    throw new StoreError("invalid_transaction", message);
  }
  const settling = await ledger.advance(found.record, "settling");
  if (state === "failed") return publicRecord(await ledger.advance(settling, "failed", { reason: "resolved_by_hand" }));
  const { payer, offer } = settling;
  const receipt = successReceipt(rules, { transaction: known, network: offer.network, ...(payer ? { payer } : {}) });
  const change = { receipt, reason: "resolved_by_hand", transaction: known };
  return publicRecord(await oweLater(engine, await ledger.advance(settling, "settled", change), receipt));
}

/** Records as operators see them: no signature, and no attempt that goes on under another name. */
export function listed(found: readonly Standing[]): readonly PaymentRecord[] {
  return found.filter(({ record }) => record.reason !== MOVED).map(({ record }) => publicRecord(record));
}
