import type { Asker } from "../facilitator/turns.js";
import type { Reply } from "../seam.js";
import { createBuyers } from "./buyers.js";
import { type Problem, problemReply } from "./problem.js";

/** How many payments may fail within so many seconds before more are refused unasked. */
export interface FailureLimits {
  /** Failures that are the payer's own, such as a balance that is too low. @default 10 */
  readonly perPayer?: number;
  /** Failures of any kind from one client address (of IPv6, the first 64 bits). @default 100 */
  readonly perAddress?: number;
  /** @default 60 */
  readonly seconds?: number;
  /**
   * Runs of a handler that one payment may have without a charge: the client left, or the handler gave an error. The
   * payment is refused for good then. @default 5
   */
  readonly runsPerPayment?: number;
  /** The same of all payments of one payer, within `seconds`. @default 20 */
  readonly runsPerPayer?: number;
}

/** Who brings a payment, as far as anybody can tell before it is checked. */
export interface Bringer {
  /** Its address, as `Clients` tells it; `undefined` if unknown. */
  readonly client: string | undefined;
  /** Whom the payment names; anybody can write anything there. */
  readonly payer: string | undefined;
  /** The payer's signature was proven in this process. */
  readonly signed?: boolean;
}

/** Keeps junk from becoming a facilitator's load. Knows this process's requests only. */
export interface Guard {
  /** The refusal of a payment that was refused a moment ago, or whose sender has failed too often. */
  blocked(key: string, bringer: Bringer): Blocked | undefined;
  /** The refusal of a payer who has failed, or left handlers unpaid, too often; asked once the payer is proven. */
  blockedPayer(payer: string | undefined): Reply | undefined;
  /** The refusal of a payment for which the handler has run too often without a charge. */
  blockedRuns(uncharged: number | undefined): Reply | undefined;
  /** How a payment waits for its place at a facilitator. What it asks counts as a failure until it has succeeded. */
  asker(bringer: Bringer): Asker;
  /** Remembers who brings a payment, by the name of the attempt: whoever brought one that has settled goes first later. */
  brings(attempt: string, client: string | undefined): void;
  /** Who brought an attempt, while that is remembered. */
  clientOf(attempt: string): string | undefined;
  /** The attempt has settled, so that its payer is proven. */
  bought(attempt: string, payer: string | undefined): void;
  /** Remembers that a payment was refused, for thirty seconds. */
  refused(key: string, reason: string): void;
  /** Counts a payment that was refused, or that nobody has proven and whose settlement nobody knows about. */
  addressFailed(bringer: Bringer): void;
  /** Counts a failure that is certainly the payer's own. */
  payerFailed(payer: string | undefined): void;
  /** Counts a run of a handler that nobody was charged for; its payer was proven. */
  ranUncharged(payer: string | undefined): void;
}

export type Blocked = { readonly reason: string } | { readonly reply: Reply };

/** A payment's sender has failed too often while the payment waited for its turn. */
export class LimitReached extends Error {
  readonly reply: Reply;

  constructor(reply: Reply) {
    super("Too many payments from here have failed");
    this.reply = reply;
  }
}

/** Milliseconds for which a refused payment is refused again unasked. */
const REMEMBERED = 30_000;
/** Keys that each memory holds at most; strangers choose them. */
const MAX_KEYS = 20_000;

export function createGuard(limits: FailureLimits | false): Guard {
  const { perPayer = 10, perAddress = 100, seconds = 60, runsPerPayment = 5, runsPerPayer = 20 } = limits || {};
  const off = limits === false;
  const refusals = new Map<string, { reason: string; until: number }>();
  const addresses = countFailures(perAddress, seconds);
  const payers = countFailures(perPayer, seconds);
  const runs = countFailures(runsPerPayer, seconds);
  /** Of buyers at their own address: what strangers do there does not count against them. */
  const pairs = countFailures(perPayer, seconds);
  const buyers = createBuyers();

  const pairOf = ({ client, payer }: Bringer): string | undefined => {
    if (client === undefined || payer === undefined || !buyers.at(client, payer)) return undefined;
    const pair = `${client} ${payer.toLowerCase()}`;
    return off || pairs.wait(pair) === 0 ? pair : undefined;
  };
  const waitOf = (bringer: Bringer): number => {
    if (off || bringer.client === undefined || pairOf(bringer) !== undefined) return 0;
    return addresses.wait(bringer.client);
  };
  const count = (bringer: Bringer): void => {
    const pair = pairOf(bringer);
    if (pair !== undefined) pairs.count(pair);
    else if (bringer.client !== undefined) addresses.count(bringer.client);
  };

  return {
    blocked: (key, bringer) => {
      const known = refusals.get(key);
      if (known && known.until > performance.now()) return { reason: known.reason };
      if (known) refusals.delete(key);
      const wait = waitOf(bringer);
      return wait > 0 ? { reply: limitedReply(FAILED, wait) } : undefined;
    },
    blockedPayer: (payer) => {
      if (off || payer === undefined) return undefined;
      const name = payer.toLowerCase();
      const wait = payers.wait(name);
      if (wait > 0) return limitedReply(FAILED, wait);
      const unpaid = runs.wait(name);
      return unpaid > 0 ? limitedReply(UNCHARGED_BY_PAYER, unpaid) : undefined;
    },
    blockedRuns: (uncharged = 0) =>
      !off && uncharged >= runsPerPayment ? problemReply({ status: 429, ...UNCHARGED }) : undefined,
    asker: (bringer) => {
      const { client = "", payer = "", signed = false } = bringer;
      const named = payer.toLowerCase();
      const pair = pairOf(bringer);
      // Anybody can name a buyer: it takes the buyer's address as well, or the signature.
      const known = pair !== undefined || (signed && buyers.has(named));
      const limited = !off && bringer.client !== undefined && pair === undefined;
      return {
        rank: known ? "known" : signed ? "signed" : "unproven",
        source: pair ?? client,
        payer: named,
        room: () => (limited ? addresses.left(client) : Number.POSITIVE_INFINITY),
        refusal: () => new LimitReached(limitedReply(FAILED, Math.max(1, addresses.wait(client)))),
      };
    },
    brings: buyers.brings,
    clientOf: buyers.clientOf,
    bought: buyers.bought,
    refused: (key, reason) => {
      makeRoom(refusals);
      refusals.set(key, { reason, until: performance.now() + REMEMBERED });
    },
    addressFailed: count,
    payerFailed: (payer) => {
      if (payer !== undefined) payers.count(payer.toLowerCase());
    },
    ranUncharged: (payer) => {
      if (payer !== undefined) runs.count(payer.toLowerCase());
    },
  };
}

function countFailures(limit: number, seconds: number) {
  const windows = new Map<string, { count: number; until: number }>();
  const open = (key: string) => {
    const found = windows.get(key);
    if (found && found.until > performance.now()) return found;
    windows.delete(key);
    return undefined;
  };
  return {
    count: (key: string) => {
      const failures = open(key);
      if (failures) {
        failures.count++;
        return;
      }
      makeRoom(windows);
      windows.set(key, { count: 1, until: performance.now() + seconds * 1000 });
    },
    /** Failures that are still borne. */
    left: (key: string): number => Math.max(0, limit - (open(key)?.count ?? 0)),
    /** Seconds until the next payment is looked at; 0: now. */
    wait: (key: string): number => {
      const failures = open(key);
      if (!failures || failures.count < limit) return 0;
      return Math.max(1, Math.ceil((failures.until - performance.now()) / 1000));
    },
  };
}

function makeRoom(map: Map<string, unknown>): void {
  if (map.size < MAX_KEYS) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

type Limit = Pick<Problem, "code" | "detail" | "help">;

const FAILED: Limit = {
  code: "too_many_failed_payments",
  detail: "Too many payments from here have failed.",
  help: "Wait, then send a payment that is good.",
};
const UNCHARGED: Limit = {
  code: "too_many_uncharged_runs",
  detail: "This payment has been worked for several times, and was never charged.",
  help: "Sign a new payment, and stay until the response is there.",
};
const UNCHARGED_BY_PAYER: Limit = {
  code: "too_many_uncharged_runs",
  detail: "Too many payments of this payer have been worked for, and were never charged.",
  help: "Wait, then send the request again, and stay until the response is there.",
};

function limitedReply(limit: Limit, seconds: number): Reply {
  return problemReply({ status: 429, ...limit }, [["Retry-After", String(seconds)]]);
}
