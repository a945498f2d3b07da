export type {
  FacilitatorInput,
  Json,
  PayTo,
  PaywallConfig,
  Price,
  PriceFunction,
  Refusal,
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
export type { CallOptions, Facilitator } from "./lib/facilitator/types.js";
export { memoryStore } from "./lib/ledger/memory.js";
export type { PaymentRecord, PaymentState } from "./lib/ledger/record.js";
export type { Store } from "./lib/ledger/store.js";
export { refuse } from "./lib/paywall/dynamic-price.js";
export type { Extension } from "./lib/paywall/extension.js";
export { createPaywall, type Paywall } from "./lib/paywall/paywall.js";
export type { NetworkDefinition, TokenDefinition } from "./lib/pricing/definitions.js";
export type { PaymentFault, PaymentFlow, PaymentIdentity, Scheme, SignatureCheck } from "./lib/schemes/scheme.js";
export type { Payment } from "./lib/seam.js";
