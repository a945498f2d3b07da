import type { PaymentPayload } from "../protocol/types.js";
import type { OwnTransfer } from "../schemes/chain.js";
import { canonicalSignature } from "../schemes/evm-signature.js";
import type { Charge } from "./charge.js";
import type { Deed } from "./deed.js";
import { findBlock, readCall } from "./node.js";
import type { Rpc } from "./rpc.js";
import { encodeWords, wordOf } from "./words.js";

/** Whether a transfer was made for the purchase that asks: not before it, and by its own signature. `undefined`: cannot tell. */
export async function isOwnTransfer(
  rpc: Rpc,
  { transaction, receipt }: Deed,
  charge: Charge,
  { payload: { signature } }: PaymentPayload,
  { since, signed }: OwnTransfer,
): Promise<boolean | undefined> {
  const [block, call] = await Promise.all([findBlock(rpc, receipt.block), readCall(rpc, transaction)]);
  // The block may have gone between the questions.
  if (block?.hash !== receipt.blockHash) return undefined;
  if (Number(block.time) < since) return false;
  const input = call?.input ?? "";
  if (signed) return carries(input, charge, signature);
  // A facilitator may have spelled it in another way.
  return !showsSignature(input, charge) || [signature, canonical(signature)].some((one) => carries(input, charge, one));
}

function canonical(signature: unknown): unknown {
  return typeof signature === "string" ? canonicalSignature(signature) : signature;
}

/** Where the signature follows in `transferWithAuthorization` and its like, that takes it as bytes. */
const OFFSET = 0xe0n;

/**
 * Whether a call hands over this very signature, where it belongs: the rest of a call holds bytes that a forger could choose
 * a signature to be equal to. The call may be wrapped into others, but its own words stay side by side.
 */
function carries(input: string, charge: Charge, signature: unknown): boolean {
  if (typeof signature !== "string" || !/^0x(?:[0-9a-f]{2}){65,}$/i.test(signature)) return false;
  const bytes = signature.slice(2).toLowerCase();
  const length = BigInt(bytes.length / 2);
  const packed = `${encodeWords(length)}${bytes}`;
  if (charge.method === "permit2") return charge.value !== length && input.includes(packed);
  const nonce = wordOf(charge.nonce).slice(2);
  if (input.includes(`${nonce}${encodeWords(OFFSET)}${packed}`)) return true;
  const v = BigInt(`0x${bytes.slice(128)}`);
  return (v === 27n || v === 28n) && input.includes(`${nonce}${encodeWords(v)}${bytes.slice(0, 128)}`);
}

/** Whether a call hands over any signature where it belongs. */
function showsSignature(input: string, charge: Charge): boolean {
  if (charge.method === "permit2") return false;
  const nonce = wordOf(charge.nonce).slice(2);
  return [OFFSET, 27n, 28n].some((word) => input.includes(`${nonce}${encodeWords(word)}`));
}
