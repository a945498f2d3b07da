import type { PaymentRecord } from "../ledger/record.js";
import type { PaymentPage, PaymentQuery } from "./books.js";
import type { Health } from "./health.js";
import type { Reconciliation } from "./reconcile.js";
import type { RefundByHand, RefundOptions, RefundResult, RefundSender } from "./refund.js";
import type { ByHand } from "./resolve-by-hand.js";
import type { SalesTotal, TotalsQuery } from "./totals.js";

/** What an engine does for those who run the shop. */
export interface Operator {
  /**
   * Finds out what became of every payment that is open and that nobody is at work on. Happens by itself every
   * `reconcileSeconds`; to be called where timers do not run, or by an operator.
   */
  reconcile(): Promise<Reconciliation>;
  /**
   * Says what became of a payment whose outcome is `unknown`, where neither facilitator nor chain can. What is settled is
   * owed from then on, and its payment collects it. A chain that is configured is asked about the transaction.
   * @param options.transaction the transaction that settled it
   * @param options.force ask neither the chain nor other records
   * @throws StoreError `not_unknown` if there is no such payment, or somebody is at work on it; `invalid_transaction`;
   * `invalid_state`; `transaction_contradicted` by the chain; `transaction_taken` by another payment on record
   * @example await tolls.resolve(open.id, "settled", { transaction: "0x…" });
   */
  resolve(id: string, state: "settled" | "failed", options?: ByHand): Promise<PaymentRecord>;
  /**
   * Says that the seller has given back what is owed: in `transaction`, or in a way that the `note` tells. The payment is
   * closed for good: it collects nothing, and counts as open no more.
   * @throws StoreError `not_owed`, `payment_busy`, `refund_under_way`, `invalid_refund`, `invalid_transaction`
   * @example await tolls.resolve(debt.id, "refunded", { note: "Bank transfer of 28 November" });
   */
  resolve(id: string, state: "refunded", refund: RefundByHand): Promise<PaymentRecord>;
  /**
   * Gives back what is owed by a transaction of the seller's own key. It is on record before it is sent; a call that was
   * interrupted is repeated, and goes on with the same transaction.
   * @param sender `evmRefunds` of `@turnpike/evm`, for example
   * @throws StoreError `not_owed`, `payment_busy`, `refund_unsupported`, and the sender's own
   * @example await tolls.refund(debt.id, evmRefunds({ network: "base", rpcUrl, account }));
   */
  refund(id: string, sender: RefundSender, options?: RefundOptions): Promise<RefundResult>;
  /**
   * Payments on record, the newest first, page by page.
   * @throws StoreError `invalid_query`
   * @example const { payments, next } = await tolls.payments({ states: ["owed"], limit: 50 });
   */
  payments(query?: PaymentQuery): Promise<PaymentPage>;
  /**
   * What was sold, and what of it was refunded, by the time of the charge: for each network and token, and for each day and
   * route unless `by` says otherwise.
   * @throws StoreError `invalid_query`
   * @example await tolls.totals({ from: new Date("2026-11-01"), by: ["month"] });
   */
  totals(query?: TotalsQuery): Promise<readonly SalesTotal[]>;
  /** Whether payments can be taken now. Asks facilitators that have not been asked yet. */
  health(): Promise<Health>;
  /**
   * Waits for the payments under way, at most `seconds`, and stops looking after open ones. For the end of a process: stop
   * taking requests first. The store is the seller's to close.
   */
  close(options?: { readonly seconds?: number }): Promise<void>;
}
