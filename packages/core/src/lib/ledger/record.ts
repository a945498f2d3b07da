import type { PaymentPayload, PaymentRequirements, SettlementResponse } from "../protocol/types.js";
import type { Finality } from "../schemes/chain.js";

/**
 * The state of a payment.
 * - `running`: claimed; the handler may be running
 * - `settling`: written before the settle call is sent
 * - `settled`: charged; the response is not delivered yet
 * - `delivered`: charged and delivered
 * - `owed`: charged, and the delivery failed: the same payment collects it
 * - `refunding`: charged, not delivered, and being refunded: it can no longer be collected
 * - `refunded`: charged and refunded; final
 * - `unknown`: it is not known whether it was charged
 * - `released`: not charged; the same payment may be used again
 * - `failed`: the settlement was definitely refused; nothing was charged
 */
export type PaymentState =
  | "running"
  | "settling"
  | "settled"
  | "delivered"
  | "owed"
  | "refunding"
  | "refunded"
  | "unknown"
  | "released"
  | "failed";

const EVERY_STATE: Readonly<Record<PaymentState, true>> = {
  running: true,
  settling: true,
  settled: true,
  delivered: true,
  owed: true,
  refunding: true,
  refunded: true,
  unknown: true,
  released: true,
  failed: true,
};

/** Every state that a payment can be in. */
export const PAYMENT_STATES = Object.keys(EVERY_STATE) as readonly PaymentState[];

/** How a buyer was refunded: by a transaction, or as described in `note`. */
export interface Refund {
  /** Id of the refund transaction. */
  readonly transaction?: string;
  /** The seller's note, at most 500 characters. */
  readonly note?: string;
  /** While in progress: the data its sender resumes from. Contains no key. */
  readonly plan?: string;
}

/** One payment, identified by what makes it single-use on its network. Contains no signature. */
export interface PaymentRecord {
  readonly id: string;
  /** Incremented with every change; a change must give the version it is based on. */
  readonly version: number;
  readonly state: PaymentState;
  /** The route's name: its label, else method and pattern (`GET /v1/items/:id`), else method and price (`GET (0.01 USDC)`). */
  readonly route: string;
  /** Method and path of the request that it was claimed for, and a digest of its query and body if it had any. */
  readonly request: string;
  /** The accepted offer. */
  readonly offer: PaymentRequirements;
  readonly payer?: string;
  /** Id of the facilitator that it is pinned to. */
  readonly facilitator: string;
  /** Digest of the payment's proof: distinguishes it from a forgery with the same id. */
  readonly proof?: string;
  /** Digest of the client's `payment-identifier`, if it sent one. */
  readonly identifier?: string;
  /** Keyed digest of its request's credentials: only requests with the same ones get its response again. */
  readonly audience?: string;
  /** Required depth of its settlement on the chain, if the facilitator's response is not enough. */
  readonly finality?: Finality;
  /** Transaction id once one is known. */
  readonly transaction?: string;
  readonly receipt?: SettlementResponse;
  /** Unix milliseconds when the charge became known; absent until then. */
  readonly chargedAt?: number;
  /** The refund, if there is one or one is planned. */
  readonly refund?: Refund;
  /** Unix milliseconds when sending the kept response of an owed delivery last began. */
  readonly handedAt?: number;
  /** The response was sent before the settlement was known (`settle: "background"`): it is never free again. */
  readonly answered?: boolean;
  /** Such a response was delivered completely: once its settlement is found, nothing is owed. */
  readonly arrived?: boolean;
  /** The `afterSettle` hook has run. */
  readonly told?: boolean;
  /** The store has the whole response, to be sent again. */
  readonly kept?: boolean;
  /** Why it is in its state, as a stable code: a protocol reason, or one of ours. */
  readonly reason?: string;
  /** Unix seconds until which it can be settled; absent if only the chain has it. */
  readonly validBefore?: number;
  /** How often it reached the handler since it was last claimed. */
  readonly runs: number;
  /** How often the handler has run for it without a charge: the client left, or the response was an error. */
  readonly uncharged?: number;
  /** Unix milliseconds; `times` says when it last came to each state. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly times: Readonly<Partial<Record<PaymentState, number>>>;
}

/** A record as stores keep it. */
export interface StoredPayment extends PaymentRecord {
  /** The claim that is processing it: a unique id, never reused. */
  readonly holder: string;
  /** Unix milliseconds after which a store may drop it; absent while the payment is open. */
  readonly expiresAt?: number;
  /**
   * The payment with its signature, while a settlement may have to be repeated: in `settling` and `unknown` only. A bearer
   * authorisation until it is used or expired, so it is never listed, logged or exported.
   */
  readonly payload?: PaymentPayload;
  /**
   * The claim's secret: a facilitator reports the outcome of its settlement only with it (`CallOptions.token`). New for every claim.
   */
  readonly settleToken?: string;
  /** The label that the payment is bound to; empty for a route without one. */
  readonly label?: string;
  /** Unix milliseconds of this claim; `createdAt` is that of the first. */
  readonly claimedAt?: number;
  /** Claimed for an attempt that has settled: it counts only once that attempt's record says `moved`. */
  readonly moving?: true;
}

/** A response as sent, to be sent again. */
export interface StoredAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  /** Unix milliseconds until which it is available; a store may drop it from then on. */
  readonly expiresAt: number;
}

/** The reason of an attempt's record whose payment continues under its own name. */
export const MOVED = "moved";
/** The reason of a record in doubt whose transfer the chain shows, and not as this purchase's own. */
export const PAID_BEFORE = "paid_before";
/** The reason of an attempt's record in doubt whose signature a facilitator has called invalid since. */
export const FORGED = "invalid_signature";

/** Whether the record is of an attempt: a payment whose signature is not proven yet. */
export function isAttempt({ id }: Pick<PaymentRecord, "id">): boolean {
  return id.includes("#");
}

/** States in which a process is, or was, working on a payment: once the lease has expired, it waits to be resolved. */
export const WORKING: readonly PaymentState[] = ["running", "settling", "settled"];

/** States that a restart, or a pass of `reconcile`, must look at once their lease has run out. */
export const UNRESOLVED: readonly PaymentState[] = [...WORKING, "unknown"];

/**
 * Every change of state that may happen; nothing else ever does. Whatever a record has come to meanwhile becomes `settled`
 * when its charge becomes known late.
 */
const TRANSITIONS: Readonly<Record<PaymentState, readonly PaymentState[]>> = {
  running: ["settling", "settled", "released", "owed", "delivered"],
  settling: ["settling", "settled", "failed", "unknown", "released"],
  settled: ["delivered", "owed", "running"],
  owed: ["running", "delivered", "refunding", "refunded"],
  // A refund that can never happen any more leaves what it found.
  refunding: ["refunded", "owed"],
  refunded: [],
  unknown: ["settling", "settled"],
  released: ["running", "settling", "settled"],
  failed: ["running", "settling", "settled"],
  // The connection broke right after the last byte had left.
  delivered: ["owed"],
};

export function mayBecome(from: PaymentState, to: PaymentState): boolean {
  return TRANSITIONS[from].includes(to);
}

/** Not charged, and no process is working on it: the same payment may be claimed again. */
export function isFree({ state, answered }: PaymentRecord): boolean {
  return (state === "released" || state === "failed") && !answered;
}

/**
 * What a record means once no process is working on it any more: its process died, or lost its lease. What was about to be
 * charged is doubtful, what was charged is owed, and nothing else had any effect.
 */
export function lapsedState({ state, receipt }: PaymentRecord): PaymentState {
  if (state === "running") return receipt ? "owed" : "released";
  if (state === "settling") return "unknown";
  return state === "settled" ? "owed" : state;
}

const DAY = 24 * 3_600_000;
/** Unix milliseconds of the last date that there is: what is kept for ever. */
const FOREVER = 8_640_000_000_000_000;

/** How long records of charged payments are kept: days, or `"forever"`. */
export type Retain = number | "forever";

/** Days. */
export const RETAIN: Retain = 400;

/** Milliseconds that a record without a charge is kept: at least, beyond the end of its payment's window, and at most. */
const KEEP = DAY;
const KEEP_BEYOND = 3_600_000;
const KEEP_AT_MOST = 30 * KEEP;
/** Milliseconds that an attempt is kept which came to nothing: strangers make those at will. */
const KEEP_ATTEMPT = 60_000;
/** Seconds from now beyond which no payment may be valid, so that its record outlives it. */
export const LONGEST_WINDOW = 28 * 24 * 3_600;
/** Characters of a route's label that a mark has. */
const LABEL = 200;

/** Until when a record must be kept, in Unix milliseconds; `undefined`: as long as money is at stake. */
export function keptUntil(record: PaymentRecord, now: number, retain: Retain): number | undefined {
  if (isFree(record)) return now + (isAttempt(record) ? KEEP_ATTEMPT : KEEP);
  const { state, validBefore = 0, chargedAt } = record;
  if (!ENDS.includes(state)) return undefined;
  const usable = validBefore * 1000 + KEEP_BEYOND;
  if (chargedAt === undefined) return Math.min(Math.max(now + KEEP, usable), now + KEEP_AT_MOST);
  return retain === "forever" ? FOREVER : Math.max(now + retain * DAY, usable);
}

/** States that nothing but a further charge, or a broken connection, leaves. */
const ENDS: readonly PaymentState[] = ["delivered", "refunded", "failed", "released"];

/** What a store that is full may drop first: nothing was charged for it, and it is free. */
export function isJunk(record: StoredPayment): boolean {
  return record.expiresAt !== undefined && isFree(record);
}

/** Whether the payment could buy again if its record were forgotten, as far as its window tells. `now` in Unix milliseconds. */
export function isGuard(record: StoredPayment, now: number): boolean {
  if (record.expiresAt === undefined) return true;
  return !isFree(record) && (record.validBefore ?? 0) * 1000 + KEEP_BEYOND > now;
}

/**
 * What is left of an attempt that came to nothing: that it was there, and how it ended. Strangers make those at will, so
 * it has nothing that they could make large.
 */
export function markOf(record: StoredPayment): StoredPayment {
  const { id, version, state, route, offer, facilitator, proof, reason, runs, holder } = record;
  const { createdAt, updatedAt, times, expiresAt } = record;
  const { scheme, network, amount, asset, payTo, maxTimeoutSeconds } = offer;
  return {
    ...{ id, version, state, route: route.slice(0, LABEL), request: "", facilitator, runs, holder },
    offer: { scheme, network, amount, asset, payTo, maxTimeoutSeconds },
    ...(proof === undefined ? {} : { proof }),
    ...(reason === undefined ? {} : { reason }),
    ...{ createdAt, updatedAt, times },
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

/** A record without what only the engine may see. */
export function publicRecord({
  holder: _1,
  expiresAt: _2,
  payload: _3,
  settleToken: _4,
  claimedAt: _5,
  label: _6,
  moving: _7,
  ...record
}: StoredPayment): PaymentRecord {
  return record;
}
