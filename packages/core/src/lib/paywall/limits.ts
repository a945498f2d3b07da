import type { Caller } from "../facilitator/caller.js";
import type { Asker } from "../facilitator/turns.js";
import type { Reply } from "../seam.js";
import { createBuyers } from "./buyers.js";
import { type Problem, problemReply } from "./problem.js";

/** How many payments may fail within `seconds` before more are refused without verification. */
export interface FailureLimits {
  /** Failures caused by the payer, such as a balance that is too low. @default 10 */
  readonly perPayer?: number;
  /** Failures of any kind from one client address (of IPv6, the first 64 bits). @default 100 */
  readonly perAddress?: number;
  /** @default 60 */
  readonly seconds?: number;
  /**
   * How often a handler may run for one payment without a charge: the client left, or the handler failed. After that
   * the payment is refused for good. @default 5
   */
  readonly runsPerPayment?: number;
  /** The same for all payments of one payer, within `seconds`. @default 20 */
  readonly runsPerPayer?: number;
}

/** Who sends a payment, as far as is known before it is checked. */
export interface Bringer {
  /** Its address, as `Clients` tells it; `undefined` if unknown. */
  readonly client: string | undefined;
  /** The payer that the payment names, which proves nothing. */
  readonly payer: string | undefined;
  /**
   * Whether the payer's signature is proven; absent where this process does not check any. What is not proven there counts
   * for nothing of the payer's: a stranger may have named it.
   */
  readonly signed?: boolean;
}

/** Keeps junk from becoming a facilitator's load. Knows this process's requests only. */
export interface Guard {
  /**
   * The refusal of a payment that was refused a moment ago, or whose sender has failed too often. A buyer whose signature
   * may still prove it is let pass, for `blockedSender` to decide once that was looked at.
   */
  blocked(key: string, bringer: Bringer): Blocked | undefined;
  /** The refusal of a payment whose sender has failed too often. */
  blockedSender(bringer: Bringer): Reply | undefined;
  /** The refusal of a payer who has failed, or left handlers unpaid, too often; asked once the payer is proven. */
  blockedPayer(payer: string | undefined): Reply | undefined;
  /** The refusal of a payment for which the handler has run too often without a charge. */
  blockedRuns(uncharged: number | undefined): Reply | undefined;
  /** How a payment waits for its place at a facilitator. What it asks counts as a failure until it has succeeded. */
  asker(bringer: Bringer): Asker;
  /** The client for which a facilitator is asked about a payment. */
  caller(bringer: Bringer): Caller;
  /** Remembers who sends a payment, by the name of the attempt: a client whose payment has settled goes first later. */
  brings(attempt: string, client: string | undefined): void;
  /** Who sent an attempt, while that is remembered. */
  clientOf(attempt: string): string | undefined;
  /** The attempt has settled, so that its payer is proven. */
  bought(attempt: string, payer: string | undefined): void;
  /** Remembers that a payment was refused, for thirty seconds. */
  refused(key: string, reason: string): void;
  /** Counts a payment that was refused, or that is unproven and whose settlement is unknown. */
  addressFailed(bringer: Bringer): void;
  /** Counts a payment without a response from a facilitator: by address, but not against a buyer that has bought before. */
  callFailed(bringer: Bringer): void;
  /** A facilitator has turned out to be down for all: what was counted by `callFailed` was its own fault. */
  forgiveCalls(): void;
  /** Counts a failure that is certainly the payer's own. */
  payerFailed(payer: string | undefined): void;
  /** Counts a run of a handler without a charge; its payer was proven. */
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
/**
 * Payments of an address that are looked at beyond its limit, to see whether a buyer of earlier has signed them: what that
 * takes at most is two seconds of a minute.
 */
const MAX_CHECKS = 1_000;

export function createGuard(limits: FailureLimits | false): Guard {
  const { perPayer = 10, perAddress = 100, seconds = 60, runsPerPayment = 5, runsPerPayer = 20 } = limits || {};
  const off = limits === false;
  const refusals = new Map<string, { reason: string; until: number }>();
  const addresses = countFailures(perAddress, seconds);
  const payers = countFailures(perPayer, seconds);
  const runs = countFailures(runsPerPayer, seconds);
  /** Of buyers: what strangers do does not count against them. */
  const owns = countFailures(perPayer, seconds);
  const buyers = createBuyers();
  /** By address, those without a response from a facilitator. */
  const calls = new Map<string, number>();

  /** The count of a buyer: by its signature or, where none is checked, by its address. */
  const nameOf = ({ client, payer = "", signed }: Bringer): string | undefined => {
    const buyer = payer.toLowerCase();
    if (signed) return buyers.has(buyer) ? buyer : undefined;
    return signed === undefined && client !== undefined && buyers.at(client, buyer) ? `${client} ${buyer}` : undefined;
  };
  const ownOf = (bringer: Bringer): string | undefined => {
    const own = nameOf(bringer);
    return own !== undefined && (off || owns.wait(own) === 0) ? own : undefined;
  };
  const waitOf = (bringer: Bringer): number => {
    if (off || bringer.client === undefined || ownOf(bringer) !== undefined) return 0;
    return addresses.wait(bringer.client);
  };
  const blockedSender: Guard["blockedSender"] = (bringer) => {
    const wait = waitOf(bringer);
    return wait > 0 ? limitedReply(FAILED, wait) : undefined;
  };
  const mayProve = ({ client, payer, signed }: Bringer): boolean =>
    signed === false && payer !== undefined && buyers.has(payer) && addresses.beyond(client ?? "") < MAX_CHECKS;

  return {
    blocked: (key, bringer) => {
      const known = refusals.get(key);
      if (known && known.until > performance.now()) return { reason: known.reason };
      if (known) refusals.delete(key);
      const reply = mayProve(bringer) ? undefined : blockedSender(bringer);
      return reply && { reply };
    },
    blockedSender,
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
      const own = ownOf(bringer);
      const limited = !off && bringer.client !== undefined && own === undefined;
      return {
        rank: own ? "known" : signed ? "signed" : "unproven",
        source: own ?? client,
        payer: payer.toLowerCase(),
        room: () => (limited ? addresses.left(client) : Number.POSITIVE_INFINITY),
        refusal: () => new LimitReached(limitedReply(FAILED, Math.max(1, addresses.wait(client)))),
      };
    },
    caller: ({ client, payer = "", signed }) => {
      const buyer = payer.toLowerCase();
      if (signed) return { client: client === undefined ? buyer : siteOf(client), buyer };
      return client === undefined ? { client: "", buyer } : { client: siteOf(client), buyer: `${client} ${buyer}` };
    },
    brings: buyers.brings,
    clientOf: buyers.clientOf,
    bought: buyers.bought,
    refused: (key, reason) => {
      makeRoom(refusals);
      refusals.set(key, { reason, until: performance.now() + REMEMBERED });
    },
    addressFailed: (bringer) => {
      const own = ownOf(bringer);
      if (own !== undefined) owns.count(own);
      else if (bringer.client !== undefined) addresses.count(bringer.client);
    },
    callFailed: (bringer) => {
      const { client } = bringer;
      if (client === undefined || nameOf(bringer) !== undefined) return;
      addresses.count(client);
      makeRoom(calls);
      calls.set(client, (calls.get(client) ?? 0) + 1);
    },
    forgiveCalls: () => {
      for (const [client, count] of calls) addresses.forget(client, count);
      calls.clear();
    },
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
    forget: (key: string, count: number): void => {
      const failures = open(key);
      if (failures) failures.count = Math.max(0, failures.count - count);
    },
    /** Failures that are still borne. */
    left: (key: string): number => Math.max(0, limit - (open(key)?.count ?? 0)),
    /** Failures that were more than are borne. */
    beyond: (key: string): number => Math.max(0, (open(key)?.count ?? 0) - limit),
    /** Seconds until the next payment is looked at; 0: now. */
    wait: (key: string): number => {
      const failures = open(key);
      if (!failures || failures.count < limit) return 0;
      return Math.max(1, Math.ceil((failures.until - performance.now()) / 1000));
    },
  };
}

/** Of IPv6 the first 48 bits: one subscriber has the 2^16 networks in it. */
function siteOf(client: string): string {
  return client.split(":", 3).join(":");
}

function makeRoom(map: Map<string, unknown>): void {
  if (map.size < MAX_KEYS) return;
  const [oldest] = map.keys();
  if (oldest !== undefined) map.delete(oldest);
}

type Limit = Pick<Problem, "code" | "detail" | "help">;

const FAILED: Limit = {
  code: "too_many_failed_payments",
  detail: "Too many payments from this client have failed.",
  help: "Wait, then send a valid payment.",
};
const UNCHARGED: Limit = {
  code: "too_many_uncharged_runs",
  detail: "The handler has run for this payment several times without a charge.",
  help: "Sign a new payment and wait for the response.",
};
const UNCHARGED_BY_PAYER: Limit = {
  code: "too_many_uncharged_runs",
  detail: "The handler has run for too many payments of this payer without a charge.",
  help: "Wait, then send the request again and keep the connection open until the response arrives.",
};

function limitedReply(limit: Limit, seconds: number): Reply {
  return problemReply({ status: 429, ...limit }, [["Retry-After", String(seconds)]]);
}
