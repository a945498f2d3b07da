import type { PaymentRecord } from "@turnpike/core";
import { isAddress, isWord, lower, type Rpc, readReceipt, showsCharge } from "@turnpike/core/chain";
import type { Hex } from "viem";
import { encodeFunctionData, keccak256, parseAbi, stringToBytes } from "viem/utils";
import { RefundError } from "./refund-error.js";

/** What has to be given back. Addresses are in lower case. */
export interface Debt {
  readonly token: Hex;
  /** The payer. */
  readonly to: Hex;
  readonly value: bigint;
}

const AMOUNT = /^[1-9][0-9]{0,77}$/;
const transferAbi = parseAbi(["function transfer(address to, uint256 value) returns (bool)"]);

/**
 * What was charged, to the payer on record. A receipt is the facilitator's claim: it may say less than the offer, never more.
 * @throws RefundError `refund_impossible`
 */
export function readDebt({ offer, receipt, payer = receipt?.payer }: PaymentRecord, network: string): Debt {
  const { asset } = offer;
  if (offer.network !== network) throw impossible(`The payment is on ${offer.network}, not on ${network}`);
  if (receipt?.success !== true) throw impossible("The record has no receipt of a charge");
  if (!isAddress(asset)) throw impossible("The record has no token");
  if (!isAddress(payer)) throw impossible("The record has no payer. Refund by hand");
  const [token, to] = [lower(asset), lower(payer)];
  if (/^0x0{40}$/.test(to) || to === token) {
    throw impossible("The payer on record is the zero address or the token itself, where the money would be lost");
  }
  const { amount = offer.amount } = receipt;
  if (!AMOUNT.test(amount) || !AMOUNT.test(offer.amount) || BigInt(amount) > BigInt(offer.amount)) {
    throw impossible("The amount on record is zero, or more than was offered");
  }
  return { token, to, value: BigInt(amount) };
}

/**
 * Only a facilitator says that it was charged. Before money leaves the account, the chain has to show the payer's transfer, by
 * the nonce that names the payment: a transfer that two records name is given back once.
 * @throws RefundError `refund_unpaid`
 */
export async function checkCharge(rpc: Rpc, payment: PaymentRecord, { token, to: from, value }: Debt): Promise<void> {
  const { id } = payment;
  const { network, payTo } = payment.offer;
  const transaction = payment.receipt?.transaction || payment.transaction;
  if (isWord(transaction) && isAddress(payTo)) {
    const receipt = await readReceipt(rpc, transaction);
    const charge = { id, network, token, from, to: lower(payTo), value };
    if (receipt && (await showsCharge(rpc, transaction, receipt, charge))) return;
  }
  throw new RefundError(
    "refund_unpaid",
    `The node does not show that the buyer has made this payment, in the transaction ${transaction ?? "that the record lacks"}. If you verified it elsewhere, set trustRecord`,
  );
}

/**
 * The call that gives it back: a plain transfer, with a digest of the payment's id behind its arguments, where tokens do not
 * look. Without it, refunds of two equal payments that are planned at once would be one transaction, and count as two.
 */
export function encodeRefund({ id }: PaymentRecord, { to, value }: Debt): Hex {
  const call = encodeFunctionData({ abi: transferAbi, functionName: "transfer", args: [to, value] });
  return `${call}${keccak256(stringToBytes(id)).slice(2)}`;
}

function impossible(message: string): RefundError {
  return new RefundError("refund_impossible", message);
}
