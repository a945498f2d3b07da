import type { PaymentRecord } from "../ledger/record.js";
import type { PaymentPage, PaymentQuery } from "./books.js";
import type { Health } from "./health.js";
import type { Reconciliation } from "./reconcile.js";
import type { RefundByHand, RefundOptions, RefundResult, RefundSender } from "./refund.js";
import type { ByHand } from "./resolve-by-hand.js";
import type { SalesTotal, TotalsQuery } from "./totals.js";

/** The operator's methods of an engine. */
export interface Operator {
  /**
   * Looks up the outcome of every open payment that is not being processed. Runs automatically every
   * `reconcileSeconds`; call it where timers do not run, or as an operator.
   */
  reconcile(): Promise<Reconciliation>;
  /**
   * Sets the outcome of an `unknown` payment if neither facilitator nor chain can tell. A settled payment is owed from
   * then on, and the same payment collects it. The transaction is checked on the configured chain, if any.
   * @param options.transaction the transaction that settled it
   * @param options.force skip the checks against the chain and other records
   * @throws StoreError `not_unknown` if there is no such payment, or it is being processed; `invalid_transaction`;
   * `invalid_state`; `transaction_contradicted` by the chain; `transaction_taken` by another payment on record
   * @example await tolls.resolve(open.id, "settled", { transaction: "0x…" });
   */
  resolve(id: string, state: "settled" | "failed", options?: ByHand): Promise<PaymentRecord>;
  /**
   * Records that the seller refunded an owed payment: by `transaction`, or as described in `note`. The payment is
   * closed permanently: it collects nothing, and no longer counts as open.
   * @throws StoreError `not_owed`, `payment_busy`, `refund_under_way`, `invalid_refund`, `invalid_transaction`,
   * `transaction_taken`
   * @example await tolls.resolve(debt.id, "refunded", { note: "Bank transfer of 28 November" });
   */
  resolve(id: string, state: "refunded", refund: RefundByHand): Promise<PaymentRecord>;
  /**
   * Refunds an owed payment with a transaction from the seller's own key. It is recorded before it is sent; after an
   * interruption, call again to resume the same transaction.
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
   * Sales and refunds by the time of the charge: for each network and token, and for each day and route unless `by`
   * says otherwise.
   * @throws StoreError `invalid_query`
   * @example await tolls.totals({ from: new Date("2026-11-01"), by: ["month"] });
   */
  totals(query?: TotalsQuery): Promise<readonly SalesTotal[]>;
  /** Whether payments can be taken now. Calls facilitators that were not called yet. */
  health(): Promise<Health>;
  /**
   * Waits for payments in progress, at most `seconds`, and stops reconciling open ones. Call it at the end of a
   * process, after it stops taking requests. Close the store yourself.
   */
  close(options?: { readonly seconds?: number }): Promise<void>;
}
