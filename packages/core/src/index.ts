export type {
  ChainInput,
  ChainNodes,
  ConfigByRoute,
  FacilitatorInput,
  Json,
  Logger,
  PayTo,
  PaywallConfig,
  RouteOptions,
  RoutePrice,
  RouteTable,
  SharedOptions,
} from "./lib/config.js";
export {
  ConfigError,
  type ConfigProblem,
  FacilitatorError,
  type FacilitatorErrorCode,
  StoreError,
  TurnpikeError,
} from "./lib/errors.js";
export { type CdpKeys, cdp } from "./lib/facilitator/cdp.js";
export {
  type FacilitatorCall,
  type FacilitatorOperation,
  type HttpFacilitatorOptions,
  httpFacilitator,
} from "./lib/facilitator/http.js";
export type { FacilitatorHealth, FacilitatorState } from "./lib/facilitator/member.js";
export { SETTLE_TOKEN, SETTLED_ELSEWHERE } from "./lib/facilitator/settle-token.js";
export type { CallOptions, Facilitator } from "./lib/facilitator/types.js";
export { inListOrder, isListed, positionOf } from "./lib/ledger/listing.js";
export { type MemoryStoreOptions, memoryStore } from "./lib/ledger/memory.js";
export {
  PAYMENT_STATES,
  type PaymentRecord,
  type PaymentState,
  type Refund,
  type Retain,
  type StoredAnswer,
  type StoredPayment,
} from "./lib/ledger/record.js";
export type { ListOrder, ListPosition, Reading, Store, StoreQuery } from "./lib/ledger/store.js";
export type { PaymentPage, PaymentQuery } from "./lib/paywall/books.js";
export { refuse } from "./lib/paywall/dynamic-price.js";
export type { AlertCode, Observer, Operation, PaywallEvent } from "./lib/paywall/events.js";
export type { Extension } from "./lib/paywall/extension.js";
export type { Health, OpenPayments } from "./lib/paywall/health.js";
export type { HookPayment, HookResult, Hooks } from "./lib/paywall/hooks.js";
export type { FailureLimits } from "./lib/paywall/limits.js";
export { type PaymentIdentifierOptions, paymentIdentifier } from "./lib/paywall/payment-identifier.js";
export { type CreatePaywall, createPaywall, type Paywall, type PaywallSource } from "./lib/paywall/paywall.js";
export type { Reconciliation } from "./lib/paywall/reconcile.js";
export type {
  PendingReason,
  PlannedRefund,
  RefundByHand,
  RefundOptions,
  RefundOutcome,
  RefundPlan,
  RefundResult,
  RefundSender,
} from "./lib/paywall/refund.js";
export { requirePaid } from "./lib/paywall/require-paid.js";
export type { SalesTotal, TotalsKey, TotalsQuery } from "./lib/paywall/totals.js";
export type {
  ComputedPrice,
  Network,
  NetworkChoice,
  NetworkName,
  Price,
  PricedMethod,
  PriceFunction,
  Refusal,
  RouteKey,
  TableKeys,
} from "./lib/prices.js";
export type { NetworkDefinition, TokenDefinition } from "./lib/pricing/definitions.js";
export { network, price } from "./lib/pricing/from-text.js";
export type { ChainFinding, ChainPayment, ChainReader, Finality, OwnTransfer } from "./lib/schemes/chain.js";
export type { PaymentFault, PaymentFlow, PaymentIdentity, Scheme, SignatureCheck } from "./lib/schemes/scheme.js";
export type { Payment } from "./lib/seam.js";
export { unknownOptions } from "./lib/unknown-options.js";
