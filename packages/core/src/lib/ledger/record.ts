import type { PaymentRequirements, SettlementResponse } from "../protocol/types.js";

/**
 * Where a payment stands.
 * - `running`: claimed; the handler may be at work
 * - `settling`: written before the settle call leaves
 * - `settled`: charged; the answer is not delivered yet
 * - `delivered`: charged and delivered
 * - `owed`: charged, and the delivery failed: the same payment collects it
 * - `unknown`: nobody knows whether it was charged
 * - `released`: not charged; the same payment may be used again
 * - `failed`: the settlement was refused for certain; nothing was charged
 */
export type PaymentState =
  | "running"
  | "settling"
  | "settled"
  | "delivered"
  | "owed"
  | "unknown"
  | "released"
  | "failed";

/** One payment, named by what makes it single-use on its network. Holds no signature. */
export interface PaymentRecord {
  readonly id: string;
  /** Grows by one with every change; a change names the version that it was made from. */
  readonly version: number;
  readonly state: PaymentState;
  /** The route's label, for example `GET /weather`. */
  readonly route: string;
  /** Method and URL of the request that it was claimed for. */
  readonly request: string;
  /** What was offered and accepted. */
  readonly offer: PaymentRequirements;
  readonly payer?: string;
  /** Id of the facilitator that it is pinned to. */
  readonly facilitator: string;
  /** Digest of the payment's proof, for recognising the same payment in `unknown` and `owed`. */
  readonly proof?: string;
  /** Transaction id once one is known. */
  readonly transaction?: string;
  readonly receipt?: SettlementResponse;
  /** A transaction of it failed on the chain: then only the chain can tell who spent it. */
  readonly reverted?: boolean;
  /** Unix seconds until which it can be settled; absent where only the chain knows. */
  readonly validBefore?: number;
  /** How often it was admitted to the handler. */
  readonly runs: number;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Every change of state that may happen; nothing else ever does. */
const TRANSITIONS: Readonly<Record<PaymentState, readonly PaymentState[]>> = {
  running: ["settling", "released", "owed", "delivered"],
  settling: ["settled", "failed", "unknown", "released"],
  settled: ["delivered", "owed", "running"],
  owed: ["running"],
  unknown: ["settling"],
  released: ["running", "settling"],
  failed: ["running", "settling"],
  delivered: [],
};

/** Not charged, and nobody is at work: the same payment may be claimed anew. */
export function isFree({ state }: PaymentRecord): boolean {
  return state === "released" || state === "failed";
}

export function mayBecome(from: PaymentState, to: PaymentState): boolean {
  return TRANSITIONS[from].includes(to);
}
