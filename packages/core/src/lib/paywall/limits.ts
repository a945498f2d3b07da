import type { Reply } from "../seam.js";
import { problemReply } from "./problem.js";

/** How many payments may fail within so many seconds before more are refused unasked. */
export interface FailureLimits {
  /** Failures that are the payer's own, such as a balance that is too low. @default 10 */
  readonly perPayer?: number;
  /** Failures of any kind from one client address (of IPv6, the first 64 bits). @default 100 */
  readonly perAddress?: number;
  /** @default 60 */
  readonly seconds?: number;
}

/** Keeps junk from becoming a facilitator's load. Knows this process's requests only. */
export interface Guard {
  /** The refusal of a payment that was refused a moment ago, or whose sender has failed too often. */
  blocked(key: string, address: string | undefined): Blocked | undefined;
  /** The refusal of a payer who has failed too often; asked once the payer is proven. */
  blockedPayer(payer: string | undefined): Reply | undefined;
  /** Remembers that a payment was refused, for thirty seconds. */
  refused(key: string, reason: string, address: string | undefined): void;
  /** Counts a payment that nobody has proven, and whose settlement nobody knows about. */
  addressFailed(address: string | undefined): void;
  /** Counts a failure that is certainly the payer's own. */
  payerFailed(payer: string | undefined): void;
}

export type Blocked = { readonly reason: string } | { readonly reply: Reply };

/** Milliseconds for which a refused payment is refused again unasked. */
const REMEMBERED = 30_000;
/** Keys that each memory holds at most; strangers choose them. */
const MAX_KEYS = 20_000;

export function createGuard(limits: FailureLimits | false): Guard {
  const { perPayer = 10, perAddress = 100, seconds = 60 } = limits || {};
  const off = limits === false;
  const refusals = new Map<string, { reason: string; until: number }>();
  const addresses = countFailures(perAddress, seconds);
  const payers = countFailures(perPayer, seconds);

  return {
    blocked: (key, address) => {
      const known = refusals.get(key);
      if (known && known.until > performance.now()) return { reason: known.reason };
      if (known) refusals.delete(key);
      const wait = off || address === undefined ? 0 : addresses.wait(network(address));
      return wait > 0 ? { reply: limitedReply(wait) } : undefined;
    },
    blockedPayer: (payer) => {
      const wait = off || payer === undefined ? 0 : payers.wait(payer.toLowerCase());
      return wait > 0 ? limitedReply(wait) : undefined;
    },
    refused: (key, reason, address) => {
      makeRoom(refusals);
      refusals.set(key, { reason, until: performance.now() + REMEMBERED });
      if (address !== undefined) addresses.count(network(address));
    },
    addressFailed: (address) => {
      if (address !== undefined) addresses.count(network(address));
    },
    payerFailed: (payer) => {
      if (payer !== undefined) payers.count(payer.toLowerCase());
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

/** Somebody with one IPv6 address has 2^64 of them. */
function network(address: string): string {
  if (!address.includes(":") || /^::ffff:\d/i.test(address)) return address;
  const [head = "", tail] = address.toLowerCase().split("%", 1)[0]?.split("::") ?? [];
  const start = head === "" ? [] : head.split(":");
  const end = tail === undefined || tail === "" ? [] : tail.split(":");
  const gap = tail === undefined ? 0 : Math.max(0, 8 - start.length - end.length);
  return [...start, ...Array<string>(gap).fill("0"), ...end].slice(0, 4).join(":");
}

function limitedReply(seconds: number): Reply {
  const problem = {
    status: 429,
    code: "too_many_failed_payments",
    detail: "Too many payments from here have failed.",
    help: "Wait, then send a payment that is good.",
  };
  return problemReply(problem, [["Retry-After", String(seconds)]]);
}
