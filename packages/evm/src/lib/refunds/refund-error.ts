import { TurnpikeError } from "@turnpike/core";

export type RefundErrorCode =
  /** The record does not name a payer, token and amount that can be given back. */
  | "refund_impossible"
  /** The node does not show that the buyer has paid. */
  | "refund_unpaid"
  /** The account holds too little of the token. */
  | "refund_funds"
  /** The account holds too little of the network's coin to pay for the transaction. */
  | "refund_gas"
  /** The token refuses the transfer. */
  | "refund_refused"
  /** The account cannot send transactions, or does not sign the same one in the same way again. */
  | "refund_account"
  /** The recorded refund was started by another account. */
  | "refund_key"
  /** The recorded plan is not ours, or does not refund this payment. */
  | "refund_plan"
  /** The transaction succeeded, and the chain does not show that the payer got the amount. */
  | "refund_unclear";

/** A refund cannot be made or resumed. Nothing was sent, except with `refund_unclear`. Contains no key. */
export class RefundError extends TurnpikeError {
  declare readonly code: RefundErrorCode;

  constructor(code: RefundErrorCode, message: string) {
    super(code, message);
  }
}
