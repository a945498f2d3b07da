export type { LedgerNamespace } from "./lib/cloudflare.js";
export { durableObjectStore } from "./lib/durable-object-store.js";
export type { DurableObjectStoreOptions } from "./lib/options.js";
export { PaymentLedger } from "./lib/payment-ledger.js";
