import { EXACT_PROXY } from "./charge.js";
import { CALLS, judgeEvents } from "./eip3009-trace.js";
import { type Call, type Movement, movedMoney, type Receipt, readCall } from "./node.js";
import { ALLOWANCE_DIGITS, SETTLE, SETTLE_WITH_PERMIT } from "./permit2-trace.js";
import type { Rpc } from "./rpc.js";
import { readTokenEvents } from "./token-events.js";
import { type Hex, isWord, lower, wordOf } from "./words.js";

/** A payment of `exact` as its record tells of it: what it moved, and the name that its nonce gave it. */
export interface NamedCharge extends Movement {
  /** The record's id. */
  readonly id: string;
  /** CAIP-2 id. */
  readonly network: string;
}

const PERMIT2_NONCE = /^(?:0|[1-9][0-9]{0,77})$/;
/** Hexadecimal digits of a word, and of a selector with its `0x`. */
const WORD = 64;
const SELECTOR = 10;
/** The times within which it may be used are not on record. */
const ANY = undefined;

/**
 * Whether a transaction shows this very payment: the movement, and the nonce that its payer signed. So one transfer never
 * counts for two records, whatever a facilitator has said. A call by way of another contract that no event of the token
 * explains shows nothing.
 */
export async function showsCharge(rpc: Rpc, transaction: Hex, receipt: Receipt, charge: NamedCharge): Promise<boolean> {
  if (!receipt.succeeded || !movedMoney(receipt, charge)) return false;
  const { token, from, to, value } = charge;
  const [name = ""] = charge.id.split("#", 1);
  const eip3009 = after(name, `${charge.network}:${token}:${from}:`);
  if (isWord(eip3009)) {
    const nonce = lower(eip3009);
    const type = judgeEvents(readTokenEvents(receipt.logs, token), { from, to, value, nonce });
    if (type !== "silent") return type === "paid";
    const signed = [from, to, value, ANY, ANY, nonce];
    const call = await readCall(rpc, transaction);
    return call?.to === token && CALLS.some((selector) => holds(call, selector, 0, signed));
  }
  const permit2 = after(name, `${charge.network}:permit2:${from}:`);
  if (permit2 === undefined || !PERMIT2_NONCE.test(permit2)) return false;
  const call = await readCall(rpc, transaction);
  const signed = [token, value, BigInt(permit2), ANY, from, to];
  return (
    call?.to === EXACT_PROXY &&
    (holds(call, SETTLE, 0, signed) || holds(call, SETTLE_WITH_PERMIT, ALLOWANCE_DIGITS, signed))
  );
}

function after(text: string, prefix: string): string | undefined {
  return text.startsWith(prefix) ? text.slice(prefix.length) : undefined;
}

/** Whether a call has these words in their places; a gap may hold anything. */
function holds(
  { input }: Call,
  selector: string,
  skipped: number,
  words: readonly (Hex | bigint | undefined)[],
): boolean {
  const start = SELECTOR + skipped;
  const has = (word: Hex | bigint, at: number) => input.startsWith(wordOf(word).slice(2), start + at * WORD);
  return input.startsWith(selector) && words.every((word, at) => word === undefined || has(word, at));
}
