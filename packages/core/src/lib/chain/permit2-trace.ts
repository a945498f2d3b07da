import { EXACT_PROXY, type Permit2Charge } from "./charge.js";
import type { Deed, Trace } from "./deed.js";
import { type LogFilter, searchLogs } from "./logs.js";
import { movedMoney, type Receipt, readCall, readNonceBitmap, readReceipt } from "./node.js";
import type { Rpc } from "./rpc.js";
import { INVALIDATED, MOVED, readInvalidations, readTokenEvents } from "./token-events.js";
import { encodeWords, type Hex, wordOf } from "./words.js";

/** At this address on every chain. */
const PERMIT2: Hex = "0x000000000022d473030f116ddee9f6b43ac78ba3";
/** Transfers of the same amount between the same two that one search looks into. */
const MAX_CANDIDATES = 100;

/** The proxy's calls `settle` and `settleWithPermit`. */
export const SETTLE = "0x13cd3b53";
export const SETTLE_WITH_PERMIT = "0xfa340378";
/** Hexadecimal digits of the five words that come before the permit there. */
export const ALLOWANCE_DIGITS = 5 * 64;

/**
 * How a Permit2 transfer shows. No event names its nonce, so the settling call itself must: a movement of the amount
 * alone may belong to another payment.
 */
export function permit2Trace(charge: Permit2Charge): Trace {
  const judgeDirect = async (rpc: Rpc, transaction: Hex, receipt: Receipt): Promise<Deed | undefined> => {
    const call = await readCall(rpc, transaction);
    if (call?.to !== EXACT_PROXY || !isSettlement(call.input, charge)) return undefined;
    return { type: movedMoney(receipt, charge) ? "paid" : "spent", transaction, receipt };
  };
  return {
    isUsed: async (rpc, block) => {
      const bitmap = await readNonceBitmap(rpc, PERMIT2, charge.from, charge.nonce >> 8n, block);
      return bitmap === undefined ? undefined : hasBit(bitmap, charge);
    },
    judge: async (rpc, transaction, receipt) => {
      const deed = await judgeDirect(rpc, transaction, receipt);
      return deed ?? (await judgeEmbedded(rpc, transaction, receipt, charge));
    },
    search: async (rpc, blocks, pace) => {
      let looked = 0;
      let invalidation: Hex | undefined;
      const { found, whole } = await searchLogs(rpc, filterOf(charge), blocks, pace, async (logs) => {
        for (const transaction of findMovements(logs, charge)) {
          looked++;
          if (looked > MAX_CANDIDATES) return "too many";
          const receipt = await readReceipt(rpc, transaction);
          const deed = receipt?.succeeded ? await judgeDirect(rpc, transaction, receipt) : undefined;
          if (deed) return deed;
        }
        invalidation ??= findInvalidation(logs, charge);
        return undefined;
      });
      if (found) return found === "too many" ? undefined : found;
      // The payer made the nonce invalid, and in all the time nothing moved that could have been this payment.
      if (!whole || looked > 0 || !invalidation) return undefined;
      const receipt = await readReceipt(rpc, invalidation);
      return receipt?.succeeded ? { type: "spent", transaction: invalidation, receipt } : undefined;
    },
  };
}

/** Everything that the payer moves or makes invalid; both events have the payer in the same place. */
function filterOf({ token, from }: Permit2Charge): LogFilter {
  return { address: [token, PERMIT2], topics: [[MOVED, INVALIDATED], wordOf(from)] };
}

function findMovements(logs: readonly unknown[], { token, from, to, value }: Permit2Charge): ReadonlySet<Hex> {
  const alike = readTokenEvents(logs, token).filter(
    (event) => event.type === "moved" && event.from === from && event.to === to && event.value === value,
  );
  return new Set(alike.map(({ transaction }) => transaction));
}

function findInvalidation(logs: readonly unknown[], charge: Permit2Charge): Hex | undefined {
  return readInvalidations(logs, PERMIT2).find(
    ({ owner, word, mask }) => owner === charge.from && word === charge.nonce >> 8n && hasBit(mask, charge),
  )?.transaction;
}

function hasBit(bits: bigint, { nonce }: Permit2Charge): boolean {
  return ((bits >> (nonce & 255n)) & 1n) === 1n;
}

/** Whether the input of a call to the proxy settles this permit: in both calls its members are consecutive. */
function isSettlement(input: Hex, charge: Permit2Charge): boolean {
  const digits = input.slice(SETTLE.length);
  if (input.startsWith(SETTLE)) return digits.startsWith(encodeSigned(charge));
  return input.startsWith(SETTLE_WITH_PERMIT) && digits.startsWith(encodeSigned(charge), ALLOWANCE_DIGITS);
}

function encodeSigned({ token, value, nonce, validBefore, from, to, validAfter }: Permit2Charge): string {
  return encodeWords(token, value, nonce, validBefore, from, to, validAfter);
}

/**
 * A transaction that is known to be of this payment may reach the proxy through another contract. Then the permit must
 * stand in it, and the one movement of the payer's be this one and owed to no EIP-3009 authorisation.
 */
async function judgeEmbedded(
  rpc: Rpc,
  transaction: Hex,
  receipt: Receipt,
  charge: Permit2Charge,
): Promise<Deed | undefined> {
  const own = readTokenEvents(receipt.logs, charge.token).filter(({ from }) => from === charge.from);
  if (own.length !== 1 || !movedMoney(receipt, charge)) return undefined;
  const call = await readCall(rpc, transaction);
  return call?.input.includes(encodeSigned(charge)) ? { type: "paid", transaction, receipt } : undefined;
}
